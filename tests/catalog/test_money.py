"""Dollars, credits, rules in either, and what is left between a price and its cost."""

from decimal import Decimal

import pytest

from apps.catalog.money import format_usd, from_usd, margin_percent, to_microusd, to_millicredits
from apps.catalog.price_rules import InvalidPriceRule, PriceRule, Unit, rule_faults
from apps.catalog.pricing import cost, cost_in_words, unpriceable
from apps.catalog.sizes import PlannedOutputs
from apps.catalog.spec import ModelSpec

pytestmark = pytest.mark.once

RATE = Decimal("0.005")
TIERED = {
    "base": {
        "tier_field": "resolution",
        "tier_default": "1K",
        "tiers_microusd": {"1K": 67_000, "4K": 0},
        "is_by_longest_edge": False,
    },
    "scope": "output_image",
    "outputs": ["num_images"],
    "multipliers": [],
    "surcharges": [{"label": "Search", "when": {"search": True}, "amount_microusd": 14_000, "scope": "call"}],
}
PLANNED = PlannedOutputs(3, 1024, 1024, "image/png")


def test_credits_and_dollars_come_out_even() -> None:
    assert to_microusd(10_600, usd_per_credit=RATE) == 53_000
    assert to_microusd(1, usd_per_credit=RATE) == 5
    assert to_microusd(1, usd_per_credit=Decimal("0.0005")) == 0  # half a micro-dollar, to even
    assert to_millicredits(1_000_000, usd_per_credit=RATE) == 200_000
    assert to_millicredits(4, usd_per_credit=RATE) == 0


@pytest.mark.parametrize(("text", "microusd"), [("0.032", 32_000), ("16", 16_000_000), ("0.000001", 1), ("0", 0)])
def test_dollars_are_read_exactly(text: str, microusd: int) -> None:
    assert from_usd(text) == microusd


@pytest.mark.parametrize("text", ["", "-1", "1e3", "NaN", "0.0000001", "1,5", " 1", "1 "])
def test_what_is_no_amount_of_dollars_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of dollars"):
        from_usd(text)


@pytest.mark.parametrize(
    ("microusd", "text"), [(500_000, "0.50"), (32_000, "0.032"), (1_200_000_000, "1,200.00"), (-1, "-0.000001")]
)
def test_dollars_are_written_for_people(microusd: int, text: str) -> None:
    assert format_usd(microusd) == text


def test_a_margin_is_what_is_left_of_the_price() -> None:
    def margin(revenue_mc: int, cost_microusd: int | None) -> Decimal | None:
        return margin_percent(revenue_mc=revenue_mc, cost_microusd=cost_microusd, usd_per_credit=RATE)

    assert margin(12_000, 40_000) == Decimal("33.3")
    assert margin(12_000, 66_000) == Decimal("-10.0")
    assert (margin(12_000, None), margin(0, 10)) == (None, None)


def test_a_cost_is_a_rule_of_the_same_kind() -> None:
    rule = PriceRule.from_json(TIERED, Unit.MICRODOLLARS)
    assert (rule.unit, rule.to_json()) == (Unit.MICRODOLLARS, TIERED)
    effective = {"num_images": 3, "resolution": "1K", "search": True}
    assert cost(rule=rule, effective=effective, planned=PLANNED, delivered=2) == 2 * 67_000 + 14_000
    assert cost(rule=rule, effective=effective, planned=PLANNED, delivered=9) == 3 * 67_000 + 14_000
    assert cost(rule=rule, effective=effective, planned=PLANNED, delivered=0) == 0
    rows = cost_in_words(rule=rule, spec=ModelSpec(id="m", kind="text_to_image", schema={"properties": {}}))
    assert [(row.what, row.microusd) for row in rows] == [
        ("Each picture at resolution 4K", 0),
        ("Each picture at resolution 1K", 67_000),
        ("Search, added once per run", 14_000),
    ]


def test_a_unit_is_not_taken_for_the_other() -> None:
    with pytest.raises(InvalidPriceRule):
        PriceRule.from_json(TIERED)
    assert ("surcharges.0.amount_mc", "This is missing.") in rule_faults(TIERED)


def test_a_choice_that_a_rule_never_heard_of_has_no_price() -> None:
    rule = PriceRule.from_json(TIERED, Unit.MICRODOLLARS)
    assert unpriceable(rule=rule, effective={"resolution": "8K"}) == "resolution 8K has no price"
    assert unpriceable(rule=rule, effective={"resolution": "1K"}) == ""
    assert unpriceable(rule=rule, effective={}) == ""


def test_every_fault_of_a_rule_is_listed_where_it_is() -> None:
    faults = rule_faults({"base": {"per_call_mc": -5}, "scope": "month", "outputs": [], "multipliers": [], "wings": 2})
    assert {field for field, _ in faults} == {"", "base.per_call_mc", "scope", "surcharges"}
    with pytest.raises(InvalidPriceRule) as refusal:
        PriceRule.from_json({"base": {"per_call_mc": -5}})
    assert {"field": "base.per_call_mc", "message": "Must be at least 1."} in refusal.value.details["faults"]
