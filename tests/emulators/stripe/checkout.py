"""Checkout sessions: what a call makes of one, and what the person on its page does."""

from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.stripe import customers, disputes, invoices, payments, prices
from tests.emulators.stripe.cards import OK, Card
from tests.emulators.stripe.refusals import Json, Refusal, require
from tests.emulators.stripe.store import DAY, Store, merge

_SHOWN: Final = ("billing_address_collection", "cancel_url", "client_reference_id", "customer_email", "locale")
_INVOICE: Final = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")


def create(store: Store, params: Json, _: str) -> Json:
    require(params, "mode", "success_url")
    _check(store, params)
    now, mode = store.now(), params["mode"]
    expires_at = params.get("expires_at", now + DAY)
    if not now + 1800 <= expires_at <= now + DAY:
        which = "at least 30 minutes" if expires_at < now + 1800 else "less than 24 hours"
        raise Refusal.of_param(
            f"The `expires_at` timestamp must be {which} from Checkout Session creation.", "expires_at"
        )
    lines = [
        _line(store, one, params.get("currency"), number) for number, one in enumerate(params.get("line_items", []))
    ]
    subtotal = sum(line["amount_subtotal"] for line in lines)
    is_taxed = params.get("automatic_tax", {}).get("enabled", False)
    tax = _tax(store, lines) if is_taxed else 0
    is_sale = mode == "payment"
    session = store.add(
        "checkout.session",
        "cs_test",
        **{name: params[name] for name in _SHOWN if name in params},
        amount_subtotal=subtotal if is_sale else None,
        amount_total=subtotal + tax if is_sale else None,
        automatic_tax={
            "enabled": is_taxed,
            "liability": {"type": "self"} if is_taxed else None,
            "provider": "stripe" if is_taxed else None,
            "status": "requires_location_inputs" if is_taxed else None,
        },
        adaptive_pricing={"enabled": False},
        currency=lines[0]["currency"] if lines else params.get("currency"),
        custom_fields=[],
        custom_text=dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        customer=params.get("customer"),
        customer_creation=None if params.get("customer") else params.get("customer_creation", "if_required"),
        discounts=[],
        expires_at=expires_at,
        invoice_creation=_invoice_creation(params.get("invoice_creation", {})) if is_sale else None,
        metadata=merge({}, params.get("metadata")),
        mode=mode,
        payment_method_collection="if_required",
        payment_method_options={},
        payment_method_types=["card"],
        payment_status="unpaid" if is_sale else "no_payment_required",
        phone_number_collection={"enabled": False},
        shipping_options=[],
        status="open",
        success_url=params["success_url"],
        tax_id_collection={"enabled": params.get("tax_id_collection", {}).get("enabled", False), "required": "never"},
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": tax} if is_sale else None,
        ui_mode=params.get("ui_mode", "hosted_page"),
    )
    session["url"] = f"{store.base_url}/c/pay/{session['id']}"
    store.line_items[session["id"]] = lines
    data: Json = params.get("payment_intent_data" if is_sale else "setup_intent_data", {})
    store.intent_data[session["id"]] = data
    if mode == "setup":
        session["setup_intent"] = customers.create_setup(store, {**data, "customer": session["customer"]}, "")["id"]
    return session


def expire(store: Store, params: Json, session_id: str) -> Json:
    session = store.get("checkout.session", session_id)
    if session["status"] != "open":
        raise Refusal.of_state('Only Checkout Sessions with a status in ["open"] can be expired.', param="session")
    session.update(status="expired", url=None)
    store.emit("checkout.session.expired", session)
    return session


def expire_due(store: Store) -> None:
    """Let sessions end whose time is over."""
    for session in store.all_of("checkout.session", status="open"):
        if session["expires_at"] <= store.now():
            expire(store, {}, session["id"])


def list_lines(store: Store, params: Json, session_id: str) -> Json:
    return store.expand(store.get("checkout.session", session_id), ["line_items"])["line_items"]  # type: ignore[no-any-return]  # JSON


def pay(store: Store, session: Json, *, card: Card = OK, is_authenticated: bool = False, is_late: bool = False) -> Json:
    """Let the person on the page pay. Afterwards the session is complete, or waits for authentication.

    :raises Refusal: the card says no; the session stays open.
    """
    _refuse_unless_open(session)
    if session["mode"] == "setup":
        return _complete_setup(store, session, card, is_authenticated=is_authenticated)
    customer = _meet(store, session)
    intent = store.objects.get(session["payment_intent"] or "")
    if intent is None:
        sums = {"amount": session["amount_total"], "currency": session["currency"], "customer": session["customer"]}
        intent = payments.make(store, {**store.intent_data[session["id"]], **sums})
        session["payment_intent"] = intent["id"]
    method = customers.make_method(store, card, email=customer["email"], name=customer["name"])
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    payments.attempt(store, intent, method, is_authenticated=is_authenticated, is_late=is_late, return_url=url)
    if intent["status"] == "requires_action":
        return session
    session.update(status="complete", url=None, payment_status="unpaid" if is_late else "paid")
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
    if session["invoice_creation"]["enabled"] and not is_late:
        session["invoice"] = invoices.make_paid(store, session, intent)["id"]
    store.emit("checkout.session.completed", session)
    if card.is_disputed:
        disputes.open_one(store, store.objects[intent["latest_charge"]])
    return session


def finish_late(store: Store, session: Json, *, is_paid: bool) -> Json:
    """Let the money of a session that was completed unpaid arrive after days, or not."""
    intent = store.objects.get(session["payment_intent"] or "", {})
    if intent.get("status") != "processing":
        raise Refusal.of_state(f"The session {session['id']} waits for no payment.")
    if not is_paid:
        card = store.cards[intent["payment_method"]]
        payments.fail(store, intent, card, "payment_intent_payment_attempt_failed", "generic_decline")
        store.emit("checkout.session.async_payment_failed", session)
        return session
    payments.succeed(store, intent)
    session["payment_status"] = "paid"
    if session["invoice_creation"]["enabled"]:
        session["invoice"] = invoices.make_paid(store, session, intent)["id"]
    store.emit("checkout.session.async_payment_succeeded", session)
    return session


def _check(store: Store, params: Mapping[str, Any]) -> None:
    if params["mode"] == "subscription":
        raise Refusal.of_param("This fake sells no subscriptions.", "mode")
    require(params, *(("line_items",) if params["mode"] == "payment" else ("currency",)))
    if params["mode"] == "setup" and params.get("line_items"):
        raise Refusal.of_param("`line_items` can not be used in `setup` mode.", "line_items")
    customer_id, updates = params.get("customer"), params.get("customer_update", {})
    if customer_id:
        customer = customers.find(store, customer_id, "customer")
        if params.get("customer_email"):
            raise Refusal.of_param(
                "You may only specify one of these parameters: customer, customer_email.", "customer"
            )
        if params.get("automatic_tax", {}).get("enabled") and not customer["address"] and "address" not in updates:
            text = "Automatic tax calculation in Checkout requires a valid address on the Customer, or `customer_update"
            raise Refusal.of_param(f"{text}[address]` set to `auto`.", "customer_update[address]")
        if params.get("tax_id_collection", {}).get("enabled") and updates.get("name") != "auto":
            text = "Tax ID collection requires updating business name on the customer: set `customer_update[name]`"
            raise Refusal.of_param(f"{text} to `auto`.", "customer_update[name]")
    elif updates:
        raise Refusal.of_param("`customer_update` can only be used with `customer`.", "customer_update")


def _line(store: Store, params: Json, currency: str | None, number: int) -> Json:
    where = f"line_items[{number}]"
    require(params, "quantity")
    if ("price" in params) is ("price_data" in params):
        raise Refusal.of_param(f"Give one of `price` and `price_data` in {where}.", where)
    if "price" in params:
        price = store.get("price", params["price"], f"{where}[price]")
        if not price["active"]:
            raise Refusal.of_param("The price specified is inactive.", f"{where}[price]")
    else:
        data = params["price_data"]
        if "product_data" in data:
            product = prices.create_product(store, data["product_data"], "")["id"]
        else:
            require(data, "product")
            product = store.get("product", data["product"], f"{where}[price_data][product]")["id"]
        price = prices.make(store, {**data, "product": product, "active": False})
    unit, chosen = prices.amount_in(price, currency)
    amount = unit * params["quantity"]
    product = store.objects[price["product"]]
    made = store.add("item", "li", currency=chosen, description=product["name"], quantity=params["quantity"])
    del made["created"]
    sums = {"amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0, "amount_total": amount}
    made.update(**sums, price={name: it for name, it in price.items() if name != "currency_options"})
    return made


def _tax(store: Store, lines: list[Json]) -> int:
    for line in lines:
        line["amount_tax"] = line["amount_subtotal"] * store.tax_percent // 100
        line["amount_total"] += line["amount_tax"]
    return sum(line["amount_tax"] for line in lines)


def _invoice_creation(params: Json) -> Json:
    data = {**dict.fromkeys(_INVOICE), "metadata": {}, **params.get("invoice_data", {})}
    return {"enabled": params.get("enabled", False), "invoice_data": data}


def _meet(store: Store, session: Json) -> Json:
    """Take down who pays, as the page's form would."""
    customer = store.objects.get(session["customer"] or "")
    if customer is None and session["customer_creation"] == "always":
        customer = customers.create(store, {"email": session["customer_email"] or "payer@example.com"}, "")
        session["customer"] = customer["id"]
    known = customer or {}
    session["customer_details"] = {
        "address": {"city": None, "country": "US", "line1": None, "line2": None, "postal_code": "94103", "state": "CA"},
        "business_name": None,
        "email": known.get("email") or session["customer_email"] or "payer@example.com",
        "individual_name": None,
        "name": known.get("name") or "Test Payer",
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    details: Json = session["customer_details"]
    return details


def _complete_setup(store: Store, session: Json, card: Card, *, is_authenticated: bool) -> Json:
    setup = store.objects[session["setup_intent"]]
    details = _meet(store, session)
    method = customers.make_method(store, card, email=details["email"], name=details["name"])
    customers.confirm_setup(store, {"payment_method": method["id"]}, setup["id"], is_authenticated=is_authenticated)
    if setup["status"] == "succeeded":
        session.update(status="complete", url=None)
        store.emit("checkout.session.completed", session)
    return session


def _refuse_unless_open(session: Json) -> None:
    if session["status"] != "open":
        raise Refusal.of_state(f"The session {session['id']} is {session['status']}.")
