"""Events on their way to the application: signed, and as unreliable as a test wants."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import stripe

from tests.emulators.stripe.refusals import Json

Receiver = Callable[[bytes, Mapping[str, str]], int]
"""Takes the body and headers of a delivery, returns the status."""

TRIES: Final = 3  # a sandbox gives up after so many
_STORM: Final = 5  # copies of each event
_TIMEOUT_SECONDS: Final = 20
_POLL_SECONDS: Final = 0.2
_RETRY_ROUNDS: Final = 10  # of the background: two seconds more with each try


class Mode(StrEnum):
    NORMAL = "normal"
    DUPLICATE = "duplicate"  # every event twice
    REORDER = "reorder"  # newest first
    DELAY = "delay"  # not in the next round, but in the one after (two seconds in the background)
    DROP = "drop"  # never; the list of events still has them
    STORM = "storm"  # five copies of each, shuffled, many at once


@dataclass(slots=True)
class Delivery:
    """One event to be sent, or sent; ``statuses`` are the answers, 0 for none."""

    event: Json
    rounds_to_wait: int = 0
    statuses: list[int] = field(default_factory=list)

    @property
    def body(self) -> str:
        return json.dumps(self.event, indent=2)

    @property
    def is_done(self) -> bool:
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300


class Webhooks:
    """The sender. Nothing leaves before ``deliver_all``, unless ``start`` lets it happen in the background.

    ``held`` waits to be sent, ``sent`` is every try that was made, ``given_up`` failed too often.
    """

    def __init__(self, receiver: str | Receiver | None, secret: str) -> None:
        self.receiver = receiver
        self.secret = secret
        self.mode = Mode.NORMAL
        self.held: list[Delivery] = []
        self.sent: list[Delivery] = []
        self.given_up: list[Delivery] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def announce(self, event: Json) -> None:
        """Take an event up, as the mode has it."""
        if self.mode is Mode.DROP:
            return
        copies = {Mode.DUPLICATE: 2, Mode.STORM: _STORM}.get(self.mode, 1)
        is_late = self.mode is Mode.DELAY
        rounds = 0 if not is_late else _RETRY_ROUNDS if self._thread else 1
        with self._lock:
            self.held += [Delivery(event, rounds) for _ in range(copies)]

    def sign(self, body: str, *, at: int | None = None) -> str:
        """Write the ``Stripe-Signature`` of a body; now, unless told when."""
        header: str = stripe.WebhookSignature.generate_signature_header(body, self.secret, at or int(time.time()))
        return header

    def deliver_all(self, *, signed_at: int | None = None) -> list[Delivery]:
        """Send all that is due, once; return it with its answers. What failed waits for the next call."""
        with self._lock:
            due = [one for one in self.held if one.rounds_to_wait == 0]
            self.held = [one for one in self.held if one.rounds_to_wait]
            for one in self.held:
                one.rounds_to_wait -= 1
        if self.mode is Mode.REORDER:
            due.reverse()
        if self.mode is Mode.STORM:
            random.Random(len(due)).shuffle(due)  # the same order each time
        if self.mode is Mode.STORM and isinstance(self.receiver, str):
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda one: self._send(one, signed_at), due))
        else:
            for one in due:
                self._send(one, signed_at)
        self._sort(due)
        return due

    def start(self) -> None:
        """Deliver in the background until ``stop``."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(_TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            self.deliver_all()

    def _send(self, one: Delivery, signed_at: int | None) -> None:
        body = one.body
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": self.sign(body, at=signed_at)}
        if self.receiver is None:
            one.statuses.append(0)
        elif isinstance(self.receiver, str):
            one.statuses.append(_post(self.receiver, body.encode(), headers))
        else:
            one.statuses.append(self.receiver(body.encode(), headers))

    def _sort(self, due: list[Delivery]) -> None:
        with self._lock:
            self.sent += due
            for one in due:
                if one.is_done:
                    one.event["pending_webhooks"] = 0
                elif len(one.statuses) >= TRIES:
                    self.given_up.append(one)
                else:
                    one.rounds_to_wait = _RETRY_ROUNDS * len(one.statuses) if self._thread else 0
                    self.held.append(one)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """To Stripe a redirect is a failure."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    request = urllib.request.Request(url, body, {**headers, "User-Agent": "Stripe/1.0 (fake)"}, method="POST")
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    except OSError:
        return 0  # nobody is there; it is tried again
