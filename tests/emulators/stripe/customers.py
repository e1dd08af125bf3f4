"""Customers, their saved cards, the intents that save one, and the portal where they look after them."""

from tests.emulators.stripe.cards import BY_NAME, BY_NUMBER, Card
from tests.emulators.stripe.refusals import Json, Refusal, require
from tests.emulators.stripe.store import Store, merge, shown

_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def create(store: Store, params: Json, _: str) -> Json:
    kept = ("name", "email", "phone", "description", "business_name", "individual_name", "preferred_locales")
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    made = store.add(
        "customer",
        "cus",
        **{name: params[name] for name in kept if name in params},
        address={**_ADDRESS, **params["address"]} if params.get("address") else None,
        balance=0,
        delinquent=False,
        invoice_prefix=store.new_id("x")[2:10].upper(),
        next_invoice_sequence=1,
        invoice_settings={**settings, **params.get("invoice_settings", {})},
        preferred_locales=params.get("preferred_locales", []),
        tax_exempt=params.get("tax_exempt", "none"),
        metadata=merge({}, params.get("metadata")),
    )
    store.emit("customer.created", made)
    return made


def update(store: Store, params: Json, customer_id: str) -> Json:
    found = find(store, customer_id)
    kept = ("name", "email", "phone", "description", "preferred_locales", "tax_exempt", "address", "invoice_settings")
    before = {name: found[name] for name in kept if name in params}
    for name in before:
        is_whole = not isinstance(params[name], dict)
        found[name] = (params[name] or None) if is_whole else {**(found[name] or _ADDRESS), **params[name]}
    if "metadata" in params:
        found["metadata"] = merge(found["metadata"], params["metadata"])
    store.emit("customer.updated", found, **before)
    return found


def find(store: Store, customer_id: str, param: str = "id") -> Json:
    found = store.get("customer", customer_id, param)
    if found.get("deleted"):
        raise Refusal.missing("customer", customer_id, param)
    return found


def retrieve(store: Store, params: Json, customer_id: str) -> Json:
    return shown(store.get("customer", customer_id))


def delete(store: Store, params: Json, customer_id: str) -> Json:
    found = find(store, customer_id)
    for method in store.all_of("payment_method", customer=customer_id):
        detach(store, {}, method["id"])
    store.emit("customer.deleted", found)
    found["deleted"] = True
    return retrieve(store, params, customer_id)


def make_method(store: Store, card: Card, *, email: str | None = None, name: str | None = None) -> Json:
    """Make a payment method of a test card, attached to nobody."""
    checks = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
    details = {"available": [card.brand], "preferred": None}
    made = store.add(
        "payment_method",
        "pm",
        type="card",
        allow_redisplay="unspecified",
        billing_details={"address": dict(_ADDRESS), "email": email, "name": name, "phone": None, "tax_id": None},
        card={
            "brand": card.brand,
            "checks": checks,
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": f"fake{card.number[-4:]}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": details,
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
    )
    store.cards[made["id"]] = card
    return made


def create_method(store: Store, params: Json, _: str) -> Json:
    require(params, "type")
    given = params.get("card") or {}
    token = given.get("token", "").removeprefix("tok_")
    card = BY_NAME.get(token) or BY_NUMBER.get(given.get("number", ""))
    if card is None:
        raise Refusal.of_param("Only Stripe's own test cards are known here.", "card[number]", "incorrect_number")
    details = params.get("billing_details") or {}
    made = make_method(store, card, email=details.get("email"), name=details.get("name"))
    made["metadata"] = merge({}, params.get("metadata"))
    return made


def find_method(store: Store, method_id: str, param: str = "payment_method") -> Json:
    """Find a payment method; one of the ids kept for tests gives a fresh one, as at Stripe."""
    if method_id not in store.objects and (card := BY_NAME.get(method_id.removeprefix("pm_card_"))):
        return make_method(store, card)
    if method_id in store.detached:
        text = "The provided PaymentMethod was detached from a Customer. It may not be used again."
        raise Refusal.of_param(text, param)
    return store.get("payment_method", method_id, param)


def attach(store: Store, params: Json, method_id: str) -> Json:
    require(params, "customer")
    method = find_method(store, method_id, "id")
    find(store, params["customer"], "customer")
    card = store.cards[method["id"]]
    if card.is_declined_at_once:
        raise Refusal.of_card("Your card was declined.", card.code, card.decline_code)
    return save(store, method, params["customer"])


def save(store: Store, method: Json, customer_id: str) -> Json:
    """Attach a card to a customer; a second time changes nothing."""
    if method["customer"] == customer_id:
        return method
    if method["customer"] is not None:
        raise Refusal.of_state("This PaymentMethod belongs to another customer.", param="payment_method")
    method["customer"] = customer_id
    store.emit("payment_method.attached", method)
    return method


def detach(store: Store, params: Json, method_id: str) -> Json:
    method = store.get("payment_method", method_id)
    customer_id = method["customer"]
    if customer_id is None:
        raise Refusal.of_state("The payment method you provided is not attached to a customer so detachment fails.")
    method["customer"] = None
    settings = store.objects[customer_id]["invoice_settings"]
    if settings["default_payment_method"] == method_id:
        settings["default_payment_method"] = None
    store.detached.add(method_id)
    store.emit("payment_method.detached", method, customer=customer_id)
    return method


def add_in_portal(store: Store, customer_id: str, card: Card) -> Json:
    """Save a card as its owner does in the portal, where the new one becomes their default.

    :raises Refusal: the card says no.
    """
    if card.is_declined_at_once:
        raise Refusal.of_card("Your card was declined.", card.code, card.decline_code)
    method = save(store, make_method(store, card), customer_id)
    update(store, {"invoice_settings": {"default_payment_method": method["id"]}}, customer_id)
    return method


def list_methods_of(store: Store, params: Json, customer_id: str) -> Json:
    find(store, customer_id)
    return store.page(
        "payment_method", {**params, "customer": customer_id}, f"/v1/customers/{customer_id}/payment_methods"
    )


def create_setup(store: Store, params: Json, _: str) -> Json:
    if customer_id := params.get("customer"):
        find(store, customer_id, "customer")
    made = store.add("setup_intent", "seti", status="requires_payment_method", payment_method_types=["card"])
    made.update(
        customer=customer_id,
        usage=params.get("usage", "off_session"),
        description=params.get("description"),
        client_secret=f"{made['id']}_secret_fake",
        automatic_payment_methods={"allow_redirects": "always", "enabled": True},
        metadata=merge({}, params.get("metadata")),
    )
    store.emit("setup_intent.created", made)
    if method_id := params.get("payment_method"):
        made.update(payment_method=find_method(store, method_id)["id"], status="requires_confirmation")
    return confirm_setup(store, {}, made["id"]) if params.get("confirm") else made


def confirm_setup(store: Store, params: Json, setup_id: str, *, is_authenticated: bool = False) -> Json:
    setup = store.get("setup_intent", setup_id)
    if setup["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        text = f"You cannot confirm this SetupIntent because it has a status of {setup['status']}."
        raise Refusal.of_state(text, code="setup_intent_unexpected_state", setup_intent=setup)
    method_id = params.get("payment_method") or setup["payment_method"]
    if method_id is None:
        raise Refusal.of_param(
            "You cannot confirm this SetupIntent because it's missing a payment method.", "payment_method"
        )
    method = find_method(store, method_id)
    card = store.cards[method["id"]]
    setup["payment_method"] = method["id"]
    if card.is_declined_at_once:
        text = "Your card was declined."
        error = {"type": "card_error", "code": card.code, "decline_code": card.decline_code, "message": text}
        setup.update(status="requires_payment_method", payment_method=None, last_setup_error=error)
        store.emit("setup_intent.setup_failed", setup)
        raise Refusal.of_card(text, card.code, card.decline_code, setup_intent=dict(setup))
    if card.needs_authentication and not is_authenticated:
        setup.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
        store.emit("setup_intent.requires_action", setup)
        return setup
    setup.update(status="succeeded", next_action=None, last_setup_error=None)
    if setup["customer"]:
        save(store, method, setup["customer"])
    store.emit("setup_intent.succeeded", setup)
    return setup


def open_portal(store: Store, params: Json, _: str) -> Json:
    require(params, "customer")
    find(store, params["customer"], "customer")
    made = store.add(
        "billing_portal.session",
        "bps",
        configuration="bpc_fake",
        customer=params["customer"],
        locale=params.get("locale"),
        return_url=params.get("return_url"),
    )
    made["url"] = f"{store.base_url}/p/session/{made['id']}"
    return made
