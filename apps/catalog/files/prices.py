"""The price sections of a model's file, made into rules: ours in credits, the provider's in US dollars. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from apps.catalog.price_rules import MEGAPIXEL, PARTS, PER_DOLLAR, PriceRule, Unit
from apps.ledger.amounts import PER_CREDIT, from_credits


def price_rule(price: Mapping[str, Any]) -> PriceRule:
    """Turn the price section of a file, in credits, into a rule in millicredits.

    :raises InvalidPriceRule: an amount of zero, or a default tier without a price.
    """
    step = PER_CREDIT if "image_rounding" in price else 1
    return PriceRule.from_json(_rule(price, "credits", from_credits, step, Unit.MILLICREDITS))


def cost_rule(cost: Mapping[str, Any]) -> PriceRule:
    """Turn the cost section of a file, in US dollars, into a rule in micro-dollars.

    :raises InvalidPriceRule: a default tier without a price.
    """
    unit = Unit.MICRODOLLARS
    return PriceRule.from_json(_rule(cost, "dollars", _from_dollars, 1, unit), unit)


def _rule(price: Mapping[str, Any], word: str, read: Callable[[Any], int], step: int, unit: Unit) -> dict[str, Any]:
    """Write a section as a rule's JSON; ``word`` is what the file calls its amounts."""
    base: dict[str, Any]  # JSON
    if "tiers" in price:
        tiers = price["tiers"]
        base = {
            "tier_field": tiers["by"],
            "tier_default": tiers["default"],
            f"tiers_{unit}": {tier: read(amount) for tier, amount in tiers[word].items()},
            "is_by_longest_edge": tiers.get("else_by_longest_edge", False),
        }
    elif "per_megapixel" in price["base"]:
        base = {
            f"per_megapixel_{unit}": read(price["base"]["per_megapixel"]),
            "megapixels": price.get("megapixels", "rounded_up"),
            f"step_{unit}": step,
            "megapixel_px": MEGAPIXEL,
        }
    else:
        base = {f"per_call_{unit}": read(price["base"]["per_call"])}
    return {
        "base": base,
        "scope": price["scope"],
        "outputs": price["outputs"],
        "multipliers": [
            {"when": one["when"], "thousandths": from_credits(one["factor"]) * PARTS // PER_CREDIT}
            for one in price.get("multipliers", [])
        ],
        "surcharges": [
            {"label": one["label"], "when": one["when"], f"amount_{unit}": read(one[word]), "scope": one["scope"]}
            for one in price.get("surcharges", [])
        ],
    }


def _from_dollars(amount: str) -> int:
    return int(Decimal(amount) * PER_DOLLAR)
