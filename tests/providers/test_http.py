"""send(): every kind of bad answer, for every purpose, becomes the one right error."""

import logging
from collections.abc import Callable

import httpx
import pytest

from apps.outbound import Client, Response
from apps.providers.contract import OutcomeUnknown, ProviderRejected, ProviderUnavailable, Refusal
from apps.providers.http import Purpose, Reason, read_object, send

pytestmark = pytest.mark.once

UNAVAILABLE, REJECTED, UNKNOWN = ProviderUnavailable, ProviderRejected, OutcomeUnknown
TYPED = httpx.Headers({"x-reason": "typed"})
PLAIN = httpx.Headers({"x-reason": "plain"})
FOREIGN = httpx.Headers()


def read_reason(response: Response) -> Reason | None:
    """A provider that says in a header how its body is to be taken."""
    kind = response.headers.get("x-reason")
    return Reason("why", Refusal.CONTENT_REJECTED, kind == "typed", {"status": response.status}) if kind else None


def ask(purpose: Purpose, handler: Callable[[httpx.Request], httpx.Response]) -> Response:
    with Client(transport=httpx.MockTransport(handler)) as client:
        return send(
            client,
            purpose,
            "POST",
            "https://queue.example/a",
            provider="Example",
            read_reason=read_reason,
            headers={"Authorization": "Key secret"},
            json={},
        )


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_good_status_is_an_answer(purpose: Purpose, status: int) -> None:
    assert ask(purpose, lambda _: httpx.Response(status, content=b"{}")).status == status


@pytest.mark.parametrize(
    ("statuses", "headers", "on_start", "on_ask", "on_collect"),
    [
        ((401, 402, 403), FOREIGN, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
        ((401, 402, 403), TYPED, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
        ((409, 425, 429), FOREIGN, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
        ((409, 425, 429), TYPED, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
        ((400, 404, 413, 422, 499), TYPED, REJECTED, REJECTED, REJECTED),
        ((400, 404, 413, 422, 499), PLAIN, REJECTED, REJECTED, REJECTED),
        ((400, 404, 413, 422, 499), FOREIGN, REJECTED, UNAVAILABLE, UNAVAILABLE),
        ((503,), TYPED, UNAVAILABLE, UNAVAILABLE, REJECTED),
        ((503,), PLAIN, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
        ((503,), FOREIGN, UNKNOWN, UNAVAILABLE, UNAVAILABLE),
        ((500, 502, 504), TYPED, UNKNOWN, UNAVAILABLE, REJECTED),
        ((500, 502, 504), PLAIN, UNKNOWN, UNAVAILABLE, UNAVAILABLE),
        ((500, 502, 504, 520), FOREIGN, UNKNOWN, UNAVAILABLE, UNAVAILABLE),
        ((301, 302, 308), FOREIGN, UNKNOWN, UNAVAILABLE, UNAVAILABLE),
    ],
)
def test_statuses(
    statuses: tuple[int, ...],
    headers: httpx.Headers,
    on_start: type[Exception],
    on_ask: type[Exception],
    on_collect: type[Exception],
) -> None:
    for status in statuses:
        for purpose, expected in ((Purpose.START, on_start), (Purpose.ASK, on_ask), (Purpose.COLLECT, on_collect)):
            with pytest.raises(expected):
                ask(purpose, lambda _, status=status: httpx.Response(status, headers=headers))  # type: ignore[misc]  # mypy cannot see through the default


@pytest.mark.parametrize(
    ("fault", "on_start"),
    [
        (httpx.ConnectError("refused"), UNAVAILABLE),
        (httpx.ConnectTimeout("slow"), UNAVAILABLE),
        (httpx.PoolTimeout("full"), UNAVAILABLE),
        (httpx.ReadTimeout("slow"), UNKNOWN),
        (httpx.WriteTimeout("slow"), UNKNOWN),
        (httpx.ReadError("reset"), UNKNOWN),
        (httpx.WriteError("reset"), UNKNOWN),
        (httpx.RemoteProtocolError("closed"), UNKNOWN),
    ],
)
def test_faults(fault: httpx.TransportError, on_start: type[Exception]) -> None:
    def break_off(_: httpx.Request) -> httpx.Response:
        raise fault

    for purpose, expected in ((Purpose.START, on_start), (Purpose.ASK, UNAVAILABLE), (Purpose.COLLECT, UNAVAILABLE)):
        with pytest.raises(expected) as raised:
            ask(purpose, break_off)
        assert "secret" not in str(raised.value)


def test_a_rejection_carries_what_the_provider_said() -> None:
    with pytest.raises(ProviderRejected) as rejected:
        ask(Purpose.START, lambda _: httpx.Response(422, headers=TYPED))
    assert (str(rejected.value), rejected.value.refusal) == ("why", Refusal.CONTENT_REJECTED)
    assert rejected.value.facts == {"status": 422}


def test_an_account_that_is_refused_is_logged_for_the_operator_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(ProviderUnavailable) as raised:
        ask(Purpose.START, lambda _: httpx.Response(403, headers=PLAIN))
    assert [record.getMessage() for record in caplog.records] == ["Example refuses our account with 403: why"]
    assert "why" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("999999", 3600.0), ("soon", None), ("-1", None), ("", None)]
)
def test_retry_after(text: str, seconds: float | None) -> None:
    with pytest.raises(ProviderUnavailable) as raised:
        ask(Purpose.START, lambda _: httpx.Response(429, headers={"Retry-After": text}))
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff", b'"text"'])
def test_an_answer_that_is_no_object(body: bytes) -> None:
    with pytest.raises(ProviderUnavailable):
        read_object(Response(200, {}, body), provider="Example")
