"""Products and prices, and the lines that a sale makes of them."""

from decimal import Decimal
from typing import Any

from tests.emulators.stripe.refusals import Json, Refusal, require
from tests.emulators.stripe.store import Store, merge


def create_product(store: Store, params: Json, _: str) -> Json:
    made = store.add(
        "product",
        "prod",
        name=params["name"],
        active=params.get("active", True),
        description=params.get("description"),
        images=params.get("images", []),
        marketing_features=[],
        tax_code=params.get("tax_code"),
        type="service",
        updated=store.now(),
        metadata=merge({}, params.get("metadata")),
    )
    store.emit("product.created", made)
    return made


def create(store: Store, params: Json, _: str) -> Json:
    if "product" not in params and "product_data" in params:
        params["product"] = create_product(store, {"name": params["product_data"]["name"]}, "")["id"]
    require(params, "product", "currency")
    store.get("product", params["product"], "product")
    made = make(store, params)
    store.emit("price.created", made)
    return made


def make(store: Store, params: Json) -> Json:
    """Make a price; also one of a single sale, which is not for a second."""
    amount = _amount(params)
    made = store.add(
        "price",
        "price",
        active=params.get("active", True),
        billing_scheme="per_unit",
        currency=params["currency"].lower(),
        lookup_key=params.get("lookup_key"),
        nickname=params.get("nickname"),
        product=params["product"],
        tax_behavior=params.get("tax_behavior", "unspecified"),
        type="one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
        metadata=merge({}, params.get("metadata")),
    )
    options = {made["currency"]: params, **params.get("currency_options", {})}
    if len(options) > 1:
        made["currency_options"] = {name: _option(option) for name, option in options.items()}
    return made


def amount_in(price: Json, currency: str | None) -> tuple[int, str]:
    """Read what a price asks in a currency, as (amount, currency)."""
    options = price.get("currency_options", {})
    wanted = (currency or price["currency"]).lower()
    if wanted != price["currency"] and wanted not in options:
        raise Refusal.of_param(f"The price specified doesn't support the currency {wanted}.", "currency")
    return (price["unit_amount"] if wanted == price["currency"] else options[wanted]["unit_amount"]), wanted


def _option(params: Json) -> Json:
    amount = _amount(params)
    asked = {"unit_amount": amount, "unit_amount_decimal": str(amount)}
    return {"custom_unit_amount": None, "tax_behavior": params.get("tax_behavior", "unspecified"), **asked}


def _amount(params: Json) -> int:
    amount: Any = params.get("unit_amount", params.get("unit_amount_decimal"))
    if amount is None:
        raise Refusal.of_param("Missing required param: unit_amount.", "unit_amount", "parameter_missing")
    if Decimal(amount) != int(amount) or amount < 0:
        raise Refusal.of_param("Only whole minor units, zero or more, are sold here.", "unit_amount")
    return int(amount)
