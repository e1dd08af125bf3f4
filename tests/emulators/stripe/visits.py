"""Requests of browsers and of tests' own tools: the hosted pages, and ``/_fake/``."""

import inspect
import json
from collections.abc import Callable
from html import escape
from typing import Any, Final

from tests.emulators.http import Answer, Incoming
from tests.emulators.stripe import customers, pages
from tests.emulators.stripe.cards import BY_NUMBER, OK
from tests.emulators.stripe.faults import Faults
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.scenarios import VERBS, Scenarios
from tests.emulators.stripe.store import Store
from tests.emulators.stripe.validation import read_form
from tests.emulators.stripe.webhooks import Mode, Webhooks

_ON_PAGE: Final = {"pay": "pay", "later": "pay_later", "decline": "decline", "secure": "challenge"} | {
    "authenticate": "authenticate",
    "fail": "fail_authentication",
}


class Visits:
    """Answers what is not the API itself."""

    def __init__(self, store: Store, scenarios: Scenarios, webhooks: Webhooks, faults: Faults) -> None:
        self._store = store
        self._scenarios = scenarios
        self._webhooks = webhooks
        self._faults = faults
        self.advance: Callable[[float], None] = lambda seconds: None

    def answer(self, incoming: Incoming, path: str) -> Answer:
        """Answer a request; a refusal becomes its JSON."""
        is_form = "json" not in incoming.headers.get("content-type", "")
        sent: Json = read_form(incoming.body.decode()) if is_form else incoming.json()
        try:
            if path.startswith("/_fake/"):
                return self._control(incoming.method, path.removeprefix("/_fake/"), sent)
            with self._store.lock:
                return self._visit(path.strip("/").split("/"), sent if incoming.method == "POST" else {})
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body)

    def _visit(self, parts: list[str], sent: Json) -> Answer:
        store = self._store
        match parts:
            case ["c", "pay", session_id]:
                return self._checkout(store.get("checkout.session", session_id), sent.get("action"))
            case ["c", "auth", intent_id]:
                return self._challenge(store.get("payment_intent", intent_id), sent.get("action"))
            case ["receipts", charge_id]:
                return _html(pages.receipt_page(store.get("charge", charge_id)))
            case ["i", invoice_id]:
                return _html(pages.invoice_page(store.get("invoice", invoice_id)))
            case ["i", invoice_id, "pdf"]:
                content = pages.invoice_pdf(store.get("invoice", invoice_id))
                return Answer(200, content, {"Content-Type": "application/pdf"})
            case ["p", "session", portal_id]:
                return self._portal(store.get("billing_portal.session", portal_id), sent)
        return _html(pages.page("Not found", "<p>There is nothing here.</p>"), 404)

    def _checkout(self, session: Json, action: str | None) -> Answer:
        if action == "cancel" and session["status"] == "open":
            return _away(session["cancel_url"] or session["url"])
        error = None
        if action in _ON_PAGE and session["status"] == "open":
            try:
                getattr(self._scenarios, _ON_PAGE[action])(session["id"])
            except Refusal as refusal:
                if refusal.status != 402:
                    raise
            if session["status"] == "complete":
                return _away(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
            error = "Your card was declined." if action in {"decline", "fail"} else None
        return _html(pages.checkout_page(self._store, session, error))

    def _challenge(self, intent: Json, action: str | None) -> Answer:
        if action is None or intent["status"] != "requires_action":
            return _html(pages.challenge_page(intent))
        back = intent["next_action"]["redirect_to_url"]["return_url"]
        getattr(self._scenarios, _ON_PAGE[action])(intent["id"])
        return _away(back) if back else _html(pages.page("3D Secure", f"<p>{escape(intent['status'])}</p>"))

    def _portal(self, session: Json, sent: Json) -> Answer:
        if sent.get("action") == "remove":
            customers.detach(self._store, {}, sent["payment_method"])
        elif sent.get("action") == "add":
            card = BY_NUMBER.get(sent.get("number") or OK.number)
            if card is None:
                return _html(pages.portal_page(self._store, session, "Only Stripe’s own test cards are known here."))
            try:
                customers.add_in_portal(self._store, session["customer"], card)
            except Refusal as refusal:
                return _html(pages.portal_page(self._store, session, refusal.error["message"]))
        return _html(pages.portal_page(self._store, session))

    def _control(self, method: str, what: str, sent: Json) -> Answer:
        match method, what:
            case "GET", "dashboard":
                with self._store.lock:
                    return _html(pages.dashboard_page(self._store))
            case "GET", "faults":
                return Answer(200, self._faults.listed())
            case "DELETE", "faults":
                self._faults.clear()
                return Answer(200, [])
            case "POST", "faults":
                kinds = {"times": int, "seconds": float}
                self._faults.add(**{name: kinds.get(name, str)(value) for name, value in sent.items()})
                return Answer(200, self._faults.listed())
            case "POST", "webhooks":
                self._webhooks.mode = Mode(sent["mode"])
                return Answer(200, {"mode": self._webhooks.mode})
            case "POST", "deliver":
                tried = self._webhooks.deliver_all()
                rows = [{"id": one.event["id"], "type": one.event["type"], "status": one.statuses[-1]} for one in tried]
                return Answer(200, rows)
            case "POST", "clock":
                self.advance(float(sent["seconds"]))
                return Answer(200, {"now": self._store.now()})
            case "POST", verb if verb in VERBS:
                return self._play(verb, sent)
        raise Refusal(404, "invalid_request_error", f"There is no {method} /_fake/{what}.")

    def _play(self, verb: str, sent: Json) -> Answer:
        known = [*inspect.signature(getattr(self._scenarios, verb)).parameters][1:]
        more: dict[str, Any] = {name: sent[name] for name in known if name in sent}  # what the verb takes
        unknown = sent.keys() - {"id", "back", "action", *more}
        if unknown or "id" not in sent:
            raise Refusal.of_param(f"{verb} takes id and {known}, not {sorted(unknown)}.", "id")
        if "amount" in more:
            more["amount"] = int(more["amount"])
        with self._store.lock:
            found = getattr(self._scenarios, verb)(sent["id"], **more)
            return _away("/_fake/dashboard") if "back" in sent else _json(found)


def _html(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})


def _json(found: Json) -> Answer:
    return Answer(200, json.dumps(found).encode(), {"Content-Type": "application/json"})


def _away(url: str) -> Answer:
    return Answer(303, b"", {"Location": url})
