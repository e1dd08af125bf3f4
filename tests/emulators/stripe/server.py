"""The fake as one server on loopback: the API by the SDK's own types, pages to click, webhooks, and its control."""

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import requests
import stripe

from tests.emulators.http import Answer, EmulatorServer, Incoming
from tests.emulators.stripe import checkout, routes
from tests.emulators.stripe.annotations import OBJECTS
from tests.emulators.stripe.faults import Fault, Faults, Kind
from tests.emulators.stripe.idempotency import Keys
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.scenarios import Scenarios
from tests.emulators.stripe.store import Store
from tests.emulators.stripe.validation import find_faults, read_form, read_params
from tests.emulators.stripe.visits import Visits
from tests.emulators.stripe.webhooks import Receiver, Webhooks

API_KEY: Final = "sk_test_fake"
WEBHOOK_SECRET: Final = "whsec_fake"
_BROKEN = {"type": "api_error", "message": "An unknown error occurred."}
_HURRIED = {
    "type": "invalid_request_error",
    "code": "rate_limit",
    "message": "Too many requests hit the API too quickly.",
}


class FakeStripe:
    """Stripe for one test. ``with FakeStripe() as fake:`` starts and stops it.

    ``play`` are the verbs of people and banks, ``webhooks`` what is on its way, ``faults`` what goes wrong next,
    ``keys`` the idempotency keys, ``store`` all objects, ``seen`` every call as (method, path, form).
    On leaving it fails if it returned an object that the SDK's annotations do not know like that.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        receiver: str | Receiver | None = None,
        webhook_secret: str = WEBHOOK_SECRET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.api_key = API_KEY
        self.webhook_secret = webhook_secret
        self.seen: list[tuple[str, str, Json]] = []
        self.faults = Faults()
        self.webhooks = Webhooks(receiver, webhook_secret)
        self._ahead = 0.0
        self.store = Store(clock=lambda: clock() + self._ahead, announce=self.webhooks.announce)
        self.play = Scenarios(self.store)
        self.keys = Keys(self.store.now)
        self._visits = Visits(self.store, self.play, self.webhooks, self.faults)
        self._visits.advance = self.advance
        self._server = EmulatorServer(self._answer, port=port, tell=self.store.problems.append)
        self._sessions: list[requests.Session] = []

    def start(self) -> Self:
        self._server.start()
        self.store.base_url = self.url
        return self

    def stop(self) -> None:
        for session in self._sessions:
            session.close()
        self.webhooks.stop()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert error is not None or not self.store.problems, self.store.problems

    @property
    def url(self) -> str:
        """Its address, for the SDK's base address of ``api`` and for browsers."""
        return self._server.url

    def client(
        self, *, timeout: tuple[float, float] = (3.05, 20), max_network_retries: int = 2, api_key: str | None = None
    ) -> stripe.StripeClient:
        """Make a client as the product has one; its connections end with the fake."""
        stripe.enable_telemetry = False  # else the SDK leaves a file in the home directory
        session = requests.Session()
        session.trust_env = False  # no proxy on the way to loopback
        self._sessions.append(session)
        return stripe.StripeClient(
            api_key or self.api_key,
            base_addresses={"api": self.url},
            http_client=stripe.RequestsClient(timeout=timeout, session=session),
            max_network_retries=max_network_retries,
        )

    def advance(self, seconds: float) -> None:
        """Let time pass for Stripe: sessions expire, keys and events are forgotten."""
        self._ahead += seconds

    def events(self, *kinds: str) -> list[Json]:
        """List the events so far, oldest first; of these kinds only, if any are named."""
        with self.store.lock:
            found = self.store.all_of("event")[::-1]
            return [one for one in found if not kinds or one["type"] in kinds]

    def _answer(self, incoming: Incoming) -> Answer | None:
        parts = urlsplit(incoming.path)
        if not parts.path.startswith("/v1/"):
            return self._visits.answer(incoming, unquote(parts.path))
        form = incoming.body.decode() if incoming.method == "POST" else parts.query
        fault = self.faults.take(incoming.method, parts.path)
        match fault:
            case Fault(kind=Kind.RESET):
                return None
            case Fault(kind=Kind.RATE_LIMIT):
                return Answer(429, {"error": _HURRIED})
            case Fault(kind=Kind.TIMEOUT_BEFORE):
                self._server.wait(fault.seconds)
                return None
        answer = self._keyed(incoming, unquote(parts.path), form, fault)
        if fault and fault.kind is Kind.TIMEOUT_AFTER:
            self._server.wait(fault.seconds)
            return None
        return answer

    def _keyed(self, incoming: Incoming, path: str, form: str, fault: Fault | None) -> Answer:
        key = incoming.headers.get("idempotency-key") if incoming.method == "POST" else None
        request_id = self.store.new_id("req")
        headers = {"Request-Id": request_id, "Stripe-Version": stripe.api_version, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            _check_head(incoming)
            if saved := self.keys.begin(key, path, form):
                return saved
        except Refusal as refusal:
            return Answer(refusal.status, json.dumps(refusal.body).encode(), headers)
        if fault and fault.kind is Kind.SLOW:
            self._server.wait(fault.seconds)
        is_saved, status, text = True, 500, json.dumps({"error": _BROKEN})
        if fault and fault.kind is Kind.ERROR_AFTER:
            self._carry_out(incoming.method, path, form, {"id": request_id, "key": key})
        elif not (fault and fault.kind is Kind.ERROR):
            is_saved, status, text = self._carry_out(incoming.method, path, form, {"id": request_id, "key": key})
        answer = Answer(status, text.encode(), headers)
        if is_saved:
            self.keys.save(key, answer)
        else:
            self.keys.forget(key)
        return answer

    def _carry_out(self, method: str, path: str, form: str, request: Json) -> tuple[bool, int, str]:
        """Do what a call asks; return whether its key repeats the answer, the status and the body."""
        with self.store.lock:
            self.store.request = {"id": request["id"], "idempotency_key": request["key"]}
            checkout.expire_due(self.store)
            try:
                route, object_id = routes.find(method, path)
                raw = read_form(form)
                self.seen.append((method, path, raw))
                params = read_params(route.params, raw)
                expand = params.pop("expand", [])
                found = self.store.expand(route.handler(self.store, params, object_id), expand)
            except Refusal as refusal:
                return refusal.is_saved, refusal.status, json.dumps(refusal.body)
            finally:
                self.store.request = {"id": None, "idempotency_key": None}
        faults = list(_find_faults(found))
        self.store.problems += faults
        if faults:
            return False, 500, json.dumps({"error": {"type": "api_error", "message": f"The fake is wrong: {faults}"}})
        return True, 200, json.dumps(found)


def _check_head(incoming: Incoming) -> None:
    key = incoming.headers.get("authorization", "").removeprefix("Bearer ")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise Refusal(401, "invalid_request_error", f"Invalid API Key provided: {key[:8]}****")
    version = incoming.headers.get("stripe-version", stripe.api_version)
    if version != stripe.api_version:
        raise Refusal(400, "invalid_request_error", f"Invalid Stripe API version: {version}")


def _find_faults(found: Json) -> list[str]:
    rows = found["data"] if found["object"] in {"list", "search_result"} else [found]
    return [fault for one in rows for fault in find_faults(one, OBJECTS[one["object"]], one["object"])]
