"""Payment intents and the charges that their attempts make."""

import re
from typing import Final

from tests.emulators.stripe.cards import Card
from tests.emulators.stripe.customers import find as find_customer
from tests.emulators.stripe.customers import find_method, save
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.store import Store, merge

_OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_CLAUSE: Final = re.compile(r"""^(?P<field>\w+)(\[["'](?P<key>[^"']+)["']\])?:["'](?P<value>[^"']*)["']$""")


def create(store: Store, params: Json, _: str) -> Json:
    for name in ("off_session", "error_on_requires_action"):
        if params.get(name) and not params.get("confirm"):
            raise Refusal.of_param(f"You can only set `{name}` when `confirm` is true.", name)
    if params.get("confirm") and not params.get("payment_method"):
        text = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise Refusal.of_param(text, "payment_method", "payment_intent_unexpected_state")
    if params["amount"] < 50:
        raise Refusal.of_param("Amount must be at least 50 of the currency's minor unit.", "amount", "amount_too_small")
    if params.get("customer"):
        find_customer(store, params["customer"], "customer")
    method = find_method(store, params["payment_method"]) if params.get("payment_method") else None
    if method and method["customer"] not in (None, params.get("customer")):
        text = (
            "The provided PaymentMethod belongs to a Customer. Please include the Customer in the `customer` parameter"
        )
        raise Refusal.of_param(f"{text} on the PaymentIntent.", "payment_method")
    intent = make(store, params)
    if method:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    return confirm(store, params, intent["id"]) if params.get("confirm") else intent


def make(store: Store, params: Json) -> Json:
    """Make an intent that nobody has tried to pay."""
    intent = store.add(
        "payment_intent",
        "pi",
        **{
            name: params.get(name)
            for name in ("customer", "description", "receipt_email", "setup_future_usage", "statement_descriptor")
        },
        amount=params["amount"],
        currency=params["currency"].lower(),
        amount_capturable=0,
        amount_received=0,
        automatic_payment_methods={"allow_redirects": "always", "enabled": True}
        | params.get("automatic_payment_methods", {}),
        capture_method="automatic_async",
        confirmation_method="automatic",
        payment_method_types=["card"],
        payment_method_options={},
        status="requires_payment_method",
        metadata=merge({}, params.get("metadata")),
    )
    intent["client_secret"] = f"{intent['id']}_secret_fake"
    intent["amount_details"] = {"tip": {}}
    store.emit("payment_intent.created", intent)
    return intent


def update(store: Store, params: Json, intent_id: str) -> Json:
    intent = store.get("payment_intent", intent_id)
    kept = ("description", "receipt_email", "setup_future_usage", *(("amount",) if intent["status"] in _OPEN else ()))
    intent.update({name: params[name] for name in kept if name in params})
    intent["metadata"] = merge(intent["metadata"], params.get("metadata"))
    return intent


def confirm(store: Store, params: Json, intent_id: str) -> Json:
    """Try to pay: afterwards it succeeded or asks for authentication; a card that says no is a card error."""
    intent = store.get("payment_intent", intent_id)
    _refuse_unless_open(intent, "confirm")
    method_id = params.get("payment_method") or intent["payment_method"]
    if method_id is None:
        text = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise Refusal.of_param(text, "payment_method", "payment_intent_unexpected_state")
    is_strict = bool(params.get("off_session") or params.get("error_on_requires_action"))
    redirects = intent["automatic_payment_methods"]["allow_redirects"]
    if not is_strict and redirects != "never" and not params.get("return_url"):
        text = "Some payment methods of your Dashboard redirect your customer, so you must provide a `return_url`."
        raise Refusal.of_param(text, "return_url")
    return attempt(
        store, intent, find_method(store, method_id), is_strict=is_strict, return_url=params.get("return_url")
    )


def attempt(
    store: Store,
    intent: Json,
    method: Json,
    *,
    is_strict: bool = False,
    is_authenticated: bool = False,
    is_late: bool = False,
    return_url: str | None = None,
) -> Json:
    """Charge a card once. A strict attempt fails where authentication is asked; a late one stays ``processing``."""
    card = store.cards[method["id"]]
    intent.update(payment_method=method["id"], next_action=None)
    if card.decline_code:
        raise fail(store, intent, card, card.code, card.decline_code)
    if card.needs_authentication and not is_authenticated:
        if is_strict:
            raise fail(store, intent, card, "authentication_required", "authentication_required")
        link = {"return_url": return_url, "url": f"{store.base_url}/c/auth/{intent['id']}"}
        intent.update(status="requires_action", next_action={"type": "redirect_to_url", "redirect_to_url": link})
        store.emit("payment_intent.requires_action", intent)
        return intent
    if is_late:
        intent.update(status="processing", last_payment_error=None)
        intent["latest_charge"] = _charge(store, intent, "pending")["id"]
        store.emit("payment_intent.processing", intent)
        return intent
    return succeed(store, intent)


def succeed(store: Store, intent: Json) -> Json:
    """Let an intent be paid: its charge, what it brings to the balance, and the card saved where that was asked."""
    charge = store.objects.get(intent["latest_charge"] or "", {})
    if charge.get("status") == "pending":
        charge.update(paid=True, status="succeeded", captured=True, amount_captured=charge["amount"])
    else:
        charge = _charge(store, intent, "succeeded")
    fee = charge["amount"] * 29 // 1000 + 30
    charge["balance_transaction"] = move(store, charge, "charge", charge["amount"], fee)["id"]
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
    intent.update(last_payment_error=None, next_action=None, processing=None)
    if intent["customer"] and intent["setup_future_usage"]:
        save(store, store.objects[intent["payment_method"]], intent["customer"])
    store.emit("charge.succeeded", charge)
    store.emit("payment_intent.succeeded", intent)
    return intent


def fail(store: Store, intent: Json, card: Card, code: str, decline_code: str) -> Refusal:
    """Record an attempt that failed; return the error that tells of it."""
    needs = code == "authentication_required"
    text = "Your card was declined. This transaction requires authentication." if needs else "Your card was declined."
    method = store.objects[intent["payment_method"]]
    charge = store.objects.get(intent["latest_charge"] or "", {})
    if charge.get("status") != "pending":
        charge = _charge(store, intent, "failed")
    charge.update(status="failed", failure_code=code, failure_message=text)
    error = {"type": "card_error", "code": code, "decline_code": decline_code, "message": text, "charge": charge["id"]}
    intent.update(status="requires_payment_method", latest_charge=charge["id"], next_action=None, payment_method=None)
    intent["last_payment_error"] = {**error, "payment_method": dict(method)}
    store.emit("charge.failed", charge)
    store.emit("payment_intent.payment_failed", intent)
    more = {"payment_intent": store.expand(intent, ()), "payment_method": dict(method), "charge": charge["id"]}
    return Refusal.of_card(text, code, decline_code, **more)


def cancel(store: Store, params: Json, intent_id: str) -> Json:
    intent = store.get("payment_intent", intent_id)
    _refuse_unless_open(intent, "cancel")
    intent.update(status="canceled", canceled_at=store.now(), next_action=None)
    intent["cancellation_reason"] = params.get("cancellation_reason")
    store.emit("payment_intent.canceled", intent)
    return intent


def search(store: Store, params: Json, _: str) -> Json:
    """Answer ``metadata['purchase']:'x' AND status:'succeeded'``; other operators are not known here."""
    clauses = [_CLAUSE.match(text.strip()) for text in re.split(r"\s+AND\s+", params["query"])]
    if not all(clauses):
        raise Refusal.of_param(f"We were unable to parse your search query: {params['query']}", "query")
    rows = [one for one in store.all_of("payment_intent") if store.now() - one["created"] >= store.search_lag_seconds]
    for clause in filter(None, clauses):
        key, field, value = clause["key"], clause["field"], clause["value"]
        rows = [one for one in rows if str(one[field].get(key) if key else one.get(field)) == value]
    limit = params.get("limit", 10)
    found = {"object": "search_result", "data": rows[:limit], "has_more": len(rows) > limit, "next_page": None}
    return {**found, "url": "/v1/payment_intents/search"}


def move(store: Store, source: Json, kind: str, amount: int, fee: int = 0) -> Json:
    """Write what a charge, a refund or a dispute does to the balance."""
    category = {"adjustment": "dispute", "refund_failure": "refund_failure"}.get(kind, kind)
    detail = {"amount": fee, "application": None, "currency": source["currency"], "description": "Fee"}
    return store.add(
        "balance_transaction",
        "txn",
        amount=amount,
        available_on=store.now(),
        balance_type="payments",
        currency=source["currency"],
        fee=fee,
        fee_details=[{**detail, "type": "stripe_fee"}] if fee else [],
        net=amount - fee,
        reporting_category=category,
        source=source["id"],
        status="available",
        type=kind,
    )


def _charge(store: Store, intent: Json, status: str) -> Json:
    method = store.objects[intent["payment_method"]]
    is_paid = status == "succeeded"
    card = {name: method["card"][name] for name in ("brand", "country", "exp_month", "exp_year", "funding", "last4")}
    checks = {**card, "checks": method["card"]["checks"], "fingerprint": method["card"]["fingerprint"]}
    named = ("mandate", "network", "three_d_secure", "wallet", "installments", "network_transaction_id")
    charge = store.add(
        "charge",
        "ch",
        **{name: intent[name] for name in ("amount", "currency", "customer", "description", "receipt_email")},
        amount_captured=intent["amount"] if is_paid else 0,
        amount_refunded=0,
        billing_details=dict(method["billing_details"]),
        captured=is_paid,
        disputed=False,
        fraud_details={},
        paid=is_paid,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"card": {**dict.fromkeys(named), **checks}, "type": "card"},
        refunded=False,
        status=status,
        metadata=dict(intent["metadata"]),
    )
    charge["receipt_url"] = f"{store.base_url}/receipts/{charge['id']}"
    return charge


def _refuse_unless_open(intent: Json, verb: str) -> None:
    if intent["status"] not in _OPEN:
        text = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
        code = "payment_intent_unexpected_state"
        raise Refusal.of_state(text, code=code, param="intent", payment_intent=dict(intent))
