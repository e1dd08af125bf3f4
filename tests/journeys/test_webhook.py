"""Strangers at the door that Stripe's messages come in by, over real HTTP: refused in a line, nothing kept."""

import http.client
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import pytest
import stripe

from tests.journeys.installation import Installed

pytestmark = pytest.mark.once

SECRET: Final = "whsec_of_the_door"
MESSAGE: Final = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "price.created",
        "created": 1_700_000_000,
        "livemode": False,
        "data": {"object": {"id": "price_1", "object": "price"}},
    }
).encode()
JSON: Final = "application/json; charset=utf-8"


def signed(body: bytes, *, ahead: int = 0, secret: str = SECRET) -> dict[str, str]:
    header: str = stripe.WebhookSignature.generate_signature_header(
        body.decode("latin-1"), secret, timestamp=int(time.time()) + ahead
    )
    return {"Content-Type": JSON, "Stripe-Signature": header}


def ask(installed: Installed, method: str, body: bytes | Iterator[bytes], headers: dict[str, str]) -> tuple[int, str]:
    """Make one request; an iterator is sent in chunks, its length untold."""
    connection = http.client.HTTPConnection("127.0.0.1", installed.port, timeout=30)
    try:
        connection.request(method, "/stripe/webhook", body, headers, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def kept(installed: Installed) -> list[str]:
    with closing(sqlite3.connect(f"file:{installed.home}/easel.sqlite3?mode=ro", uri=True)) as database:
        return [str(one) for (one,) in database.execute("SELECT id FROM billing_stripeevent")]


def test_only_what_stripe_has_signed_just_now_comes_in(installed: Installed) -> None:
    installed.environment |= {"STRIPE_SECRET_KEY": "sk_test_nobody", "STRIPE_WEBHOOK_SECRET": SECRET}
    installed.start()
    right = signed(MESSAGE)
    large = b'{"id": "' + b"x" * 10_000_000 + b'"}'
    chunks = {"Transfer-Encoding": "chunked", **signed(b"")}
    strangers: list[tuple[int, str, Any, dict[str, str]]] = [  # Any: bytes, or what makes them
        (400, "POST", MESSAGE, {"Content-Type": JSON}),
        (400, "POST", MESSAGE, {"Content-Type": JSON, "Stripe-Signature": "t=1,v1=00"}),
        (400, "POST", MESSAGE, signed(MESSAGE, secret="whsec_of_another")),
        (400, "POST", MESSAGE, signed(MESSAGE, ahead=-400)),
        (400, "POST", MESSAGE, signed(MESSAGE, ahead=400)),
        (400, "POST", MESSAGE + b" ", right),
        (400, "POST", b"\xff\xfe\x00", signed(b"\xff\xfe\x00")),
        (400, "POST", b"{", signed(b"{")),
        (400, "POST", b"", signed(b"")),
        (413, "POST", large, signed(large)),
        (413, "POST", iter([large]), chunks),
        (405, "GET", b"", right),
        (405, "PUT", MESSAGE, right),
        (405, "DELETE", MESSAGE, right),
    ]
    for expected, method, body, headers in strangers:
        status, answer = ask(installed, method, body, headers)
        assert status == expected, answer[:200]
        assert len(answer) < 1000
        assert not any(word in answer for word in ("Traceback", "Error at", "<html", "whsec"))
    assert kept(installed) == []
    for kind in (JSON, "text/plain", "multipart/form-data; boundary=x"):  # who has signed counts, not what it is called
        assert ask(installed, "POST", MESSAGE, {**right, "Content-Type": kind})[0] == 200
    assert kept(installed) == ["evt_1"]
    assert "Traceback" not in installed.output
    assert "whsec" not in installed.output
