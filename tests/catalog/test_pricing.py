"""Prices: what must hold for every input of every model."""

import json
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from apps.catalog.inputs import InvalidInputs, Measured, PlannedOutputs, clean, planned_outputs
from apps.catalog.price_cases import REASONS
from apps.catalog.pricing import InvalidPriceRule, PriceRow, PriceRule, charge, in_words, price_from, quote, usual_price
from apps.ledger.amounts import from_credits
from tests.catalog.shelf import URL, models, needed, quoted
from tests.catalog.strategies import valid_inputs

pytestmark = pytest.mark.once

MODELS = sorted(models())


@pytest.mark.parametrize("model_id", MODELS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_asked_the_charge_follows_the_delivery_and_never_passes_the_quote(
    model_id: str, data: st.DataObject
) -> None:
    model = models()[model_id]
    inputs = data.draw(valid_inputs(model.spec))
    size = data.draw(st.tuples(st.integers(1, 9459), st.integers(1, 9459)))
    preset = data.draw(st.sampled_from([None, "shorts", "reels", "horizontal"]))
    pictures = {source: Measured(*size) for source in _sources(inputs)}
    try:
        cleaned = clean(spec=model.spec, inputs=inputs, wrapper_format=preset, pictures=pictures)
    except InvalidInputs as refusal:
        if refusal.reason not in REASONS:
            raise
        reject()
    planned = planned_outputs(spec=model.spec, effective=cleaned.effective, pictures=pictures)

    quoted = quote(rule=model.rule, effective=cleaned.effective, planned=planned)
    charges = [
        charge(rule=model.rule, effective=cleaned.effective, planned=planned, delivered=delivered)
        for delivered in range(planned.count + 2)
    ]

    assert planned.count >= 1
    assert planned.width >= 1
    assert planned.height >= 1
    assert charges[0] == 0
    assert charges == sorted(charges)
    assert charges[1] > 0
    assert charges[planned.count] == charges[planned.count + 1] == quoted.amount_mc
    assert quoted.amount_mc == sum(line.amount_mc for line in quoted.lines)
    assert all(line.amount_mc == line.quantity * line.unit_mc for line in quoted.lines)
    assert quoted.amount_mc >= price_from(rule=model.rule, spec=model.spec)
    again = clean(spec=model.spec, inputs=inputs, wrapper_format=preset, pictures=pictures)
    assert again == cleaned


@given(width=st.integers(1, 14142), height=st.integers(1, 14142), more=st.integers(0, 5000))
def test_more_pixels_never_cost_less(width: int, height: int, more: int) -> None:
    for model_id in ("flux_schnell", "flux_realism"):
        small = _at(model_id, width, height)
        assert _at(model_id, width + more, height) >= small
        assert _at(model_id, width, height + more) >= small


def test_the_receipt_names_what_is_paid_for() -> None:
    wanted = {"prompt": "x y z", "image_urls": [URL], "num_images": 2, "resolution": "4K", "enable_web_search": True}
    receipt = quoted("nano_banana_edit", wanted)
    assert [(line.label, line.quantity, line.unit_mc, line.amount_mc) for line in receipt.lines] == [
        ("Picture, 4K x 2", 2, 60_000, 120_000),
        ("Web search", 1, 3_000, 3_000),
    ]
    assert quoted("flux_schnell", {"prompt": "x"}).lines[0].label == "Picture, 576x1024"
    assert quoted("topaz_upscale_image", {"image_url": URL}).lines[0].label == "Run"


def test_partial_delivery_of_a_surcharged_run() -> None:
    model = models()["nano_banana_edit"]
    effective = {"num_images": 4, "resolution": "1K", "enable_web_search": True}
    planned = PlannedOutputs(4, 1024, 1024, "image/png")
    charges = [charge(rule=model.rule, effective=effective, planned=planned, delivered=one) for one in (-1, 0, 1, 3, 9)]
    assert charges == [0, 0, 33_000, 93_000, 123_000]


@pytest.mark.parametrize(
    ("width", "height", "credits"),
    [(1, 1, 1), (1024, 1024, 1), (1025, 1024, 2), (2048, 2048, 4), (14142, 14142, 191)],
)
def test_a_megapixel_begun_is_a_megapixel_paid(width: int, height: int, credits: int) -> None:
    assert _at("flux_schnell", width, height) == from_credits(credits)


@pytest.mark.parametrize(
    ("model_id", "least", "usual"),
    [
        ("flux_schnell", 1, 1),
        ("flux_pro", 12, 12),
        ("flux_realism", 1, 4),
        ("nano_banana", 30, 30),
        ("nano_banana_edit", 30, 30),
        ("seedream_v45_edit", 8, 8),
        ("seedream_v5_edit", 7, 7),
        ("topaz_upscale_image", 16, 16),
        ("nano_banana_v1", 8, 8),
        ("gpt_image_1_5", 42, 42),
        ("gpt_image_1", 52, 52),
        ("flux_2_pro", 6, 6),
        ("flux_2_max", 14, 14),
        ("flux_2_dev", 6, 6),
        ("reve", 8, 8),
        ("reve_fast", 2, 2),
        ("flux_kontext_max", 16, 16),
        ("flux_kontext_pro", 8, 8),
        ("seedream_v4", 6, 6),
        ("qwen_image_edit", 6, 6),
        ("gpt_image_2", 2, "10.6"),
        ("nano_banana_2", 16, 16),
        ("imagen_4_ultra", 12, 12),
        ("z_image_turbo", 2, 2),
        ("bytedance_seedream", 8, 8),
        ("qwen", 6, 6),
        ("flux_kontext", 16, 16),
        ("openai_4o", 52, 52),
        ("recraft", 4, 4),
        ("ideogram_reframe", 12, 12),
        ("veo_3", 640, 640),
        ("sora_2", 160, 160),
        ("local_upscale", 1, 1),
        ("local_reframe", 1, 1),
        ("local_cutout", 1, 1),
    ],
)
def test_prices_to_show_beside_a_model(model_id: str, least: int, usual: int | str) -> None:
    model = models()[model_id]
    assert price_from(rule=model.rule, spec=model.spec) == from_credits(least)
    assert usual_price(rule=model.rule, spec=model.spec) == from_credits(usual)


def test_the_price_table_says_what_the_rule_charges() -> None:
    tables = {one: in_words(rule=models()[one].rule, spec=models()[one].spec) for one in MODELS}
    assert tables["nano_banana_edit"] == [
        PriceRow("Each picture at 1K or 2K", from_credits(30)),
        PriceRow("Each picture at 4K", from_credits(60)),
        PriceRow("Web search, added once per run", from_credits(3)),
    ]
    assert tables["flux_realism"][0] == PriceRow(
        "Each picture, for every megapixel (1,048,576 pixels), rounded up to a whole credit", from_credits(5)
    )
    assert tables["flux_realism"][3] == PriceRow("Each picture of portrait_4_3, 768x1024", from_credits(4))
    assert tables["topaz_upscale_image"] == [PriceRow("Each run", from_credits(16))]


def test_tiers_go_by_name_else_by_the_longest_edge() -> None:
    rule = PriceRule.from_json(
        {
            "base": {
                "tier_field": "resolution",
                "tier_default": "1K",
                "tiers_mc": {"1K": 16_000, "2K": 24_000, "4K": 32_000},
                "is_by_longest_edge": True,
            },
            "scope": "output_image",
            "outputs": [],
            "multipliers": [],
            "surcharges": [],
        }
    )
    sizes = [(1024, 10), (1025, 10), (10, 2048), (4096, 4096), (9000, 9000)]
    prices = [quote(rule=rule, effective={}, planned=PlannedOutputs(1, *size, "image/png")).amount_mc for size in sizes]
    assert prices == [16_000, 24_000, 24_000, 32_000, 32_000]
    named = quote(rule=rule, effective={"resolution": "1K"}, planned=PlannedOutputs(1, 4096, 4096, "image/png"))
    assert named.amount_mc == 16_000


@pytest.mark.parametrize("model_id", MODELS)
def test_a_rule_survives_the_way_through_the_database(model_id: str) -> None:
    rule = models()[model_id].rule
    assert PriceRule.from_json(json.loads(json.dumps(rule.to_json()))) == rule


@pytest.mark.parametrize(
    "change",
    [
        {"base": {"per_call_mc": 0}},
        {"base": {"per_call_mc": -1}},
        {"base": {"per_call_mc": 1.5}},
        {"base": {"per_call_mc": True}},
        {"base": {"per_call_mc": "12"}},
        {"base": {"per_call_mc": 10**13}},
        {"base": {}},
        {"base": {"per_call_mc": 1, "per_megapixel_mc": 1}},
        {"base": {"tier_field": "a", "tier_default": "x", "tiers_mc": {"y": 1}, "is_by_longest_edge": False}},
        {"base": {"tier_field": "a", "tier_default": "y", "tiers_mc": {"y": 1}, "is_by_longest_edge": True}},
        {"scope": "month"},
        {"outputs": None},
        {"multipliers": [{"when": {"a": "b"}, "thousandths": 0}]},
        {"multipliers": [{"when": {}, "thousandths": 2000}]},
        {"surcharges": [{"label": "a", "when": {"a": 1}, "amount_mc": 0, "scope": "call"}]},
        {"free": True},
    ],
)
def test_a_rule_that_could_give_something_away_is_refused(change: dict[str, Any]) -> None:
    rule = {"base": {"per_call_mc": 1}, "scope": "call", "outputs": [], "multipliers": [], "surcharges": []}
    assert PriceRule.from_json(rule).base
    with pytest.raises(InvalidPriceRule):
        PriceRule.from_json(rule | change)


@pytest.mark.parametrize("part", ["base", "scope", "outputs", "multipliers", "surcharges"])
def test_a_rule_with_a_part_missing_is_refused(part: str) -> None:
    rule = models()["flux_pro"].rule.to_json()
    del rule[part]
    with pytest.raises(InvalidPriceRule):
        PriceRule.from_json(rule)


@pytest.mark.parametrize("rubbish", [None, [], "12", 12])
def test_what_is_no_rule_at_all_is_refused(rubbish: object) -> None:
    with pytest.raises(InvalidPriceRule):
        PriceRule.from_json(rubbish)


def _at(model_id: str, width: int, height: int) -> int:
    model = models()[model_id]
    planned = PlannedOutputs(1, width, height, "image/png")
    return quote(rule=model.rule, effective={"num_images": 1, **needed(model_id)}, planned=planned).amount_mc


def _sources(inputs: dict[str, Any]) -> list[str]:
    return [source for source in [inputs.get("image_url"), *inputs.get("image_urls", [])] if source]
