"""The calculator: worked budgets, at our price and at the list price, and amounts of any size."""

from decimal import Decimal

import pytest

from apps.catalog.calculator import Reckoning, choices, cost_of, covered_by, price_of
from apps.ledger.amounts import from_credits
from tests.catalog.display import pick, whole_shelf

pytestmark = pytest.mark.once

RATE = Decimal("0.005")
DOLLAR_MC = from_credits(200)


def row_of(rows: list[Reckoning], label: str) -> Reckoning:
    return next(row for row in rows if row.choice.label == label)


@pytest.mark.parametrize(
    ("ai_model_id", "label", "pictures", "credits", "list_usd", "list_credits"),
    [
        ("flux_2_pro", "", 50, 300, ("1.50", "2.50"), (300, 500)),
        ("nano_banana_2", "1K", 100, 1600, ("8.00", "8.00"), (1600, 1600)),
        ("gpt_image_2", "medium", 100, 1060, ("5.30", "5.30"), (1060, 1060)),
        ("seedream_v5_edit", "", 500, 3500, ("16.00", "16.00"), (3200, 3200)),
    ],
)
def test_worked_budgets(
    ai_model_id: str, label: str, pictures: int, credits: int, list_usd: tuple[str, str], list_credits: tuple[int, int]
) -> None:
    row = row_of(cost_of(pick(ai_model_id), pictures=pictures, usd_per_credit=RATE), label)
    assert (row.pictures, row.amount_mc) == (pictures, from_credits(credits))
    assert row.microusd == credits * 5_000
    assert row.list_microusd == tuple(int(Decimal(usd) * 1_000_000) for usd in list_usd)
    assert row.list_mc == tuple(from_credits(amount) for amount in list_credits)
    assert row.list_pictures == (pictures, pictures)


@pytest.mark.parametrize(
    ("ai_model_id", "label", "ours", "listed"),
    [
        ("seedream_v5_edit", "", 28, (31, 31)),
        ("flux_2_pro", "", 33, (20, 33)),
        ("gpt_image_2", "medium", 18, (18, 18)),
        ("nano_banana_2", "1K", 12, (12, 12)),
    ],
)
def test_what_one_dollar_covers(ai_model_id: str, label: str, ours: int, listed: tuple[int, int]) -> None:
    row = row_of(covered_by(pick(ai_model_id), amount_mc=DOLLAR_MC, usd_per_credit=RATE), label)
    assert (row.pictures, row.list_pictures) == (ours, listed)
    assert row.amount_mc <= DOLLAR_MC < row.amount_mc + row.choice.each_mc


def test_each_tier_has_a_price_of_its_own() -> None:
    said = {one.ai_model.pk: [(found.label, found.each_mc) for found in choices(one)] for one in whole_shelf()}
    assert said["gpt_image_2"] == [("low", 2_000), ("medium", 10_600), ("high", 82_000)]
    assert said["nano_banana_2"] == [("1K", 16_000), ("2K", 24_000), ("4K", 32_000)]
    assert said["nano_banana_edit"] == [("", 30_000), ("4K", 60_000)]
    assert said["flux_schnell"] == [("", 1_000)]
    listed = {one.ai_model.pk: [found.list_microusd for found in choices(one)] for one in whole_shelf()}
    assert listed["gpt_image_2"] == [(10_000, 10_000), (53_000, 53_000), (410_000, 410_000)]
    assert listed["flux_2_pro"] == [(30_000, 50_000)]
    assert listed["nano_banana_edit"] == [None, None]


def test_pictures_are_spread_over_as_many_runs_as_it_takes() -> None:
    schnell, web = pick("flux_schnell", "nano_banana_edit")
    assert [price_of(schnell, pictures=number) for number in (1, 4, 5, 9)] == [1_000, 4_000, 5_000, 9_000]
    searching = {"enable_web_search": True}  # three credits a run, and four pictures are one run
    assert [price_of(web, pictures=number, inputs=searching) for number in (1, 4, 5)] == [33_000, 123_000, 156_000]
    assert price_of(web, pictures=0) == 0


@pytest.mark.parametrize("amount_mc", [0, 1, 999, 1_000, 123_456, 10**12])
def test_no_amount_is_overspent(amount_mc: int) -> None:
    rows = covered_by(whole_shelf(), amount_mc=amount_mc, usd_per_credit=RATE)
    assert {row.choice.on_shelf.ai_model.pk for row in rows} == {one.ai_model.pk for one in whole_shelf()}
    for row in rows:
        assert row.amount_mc <= amount_mc
        assert row.amount_mc == row.pictures * row.choice.each_mc
        assert amount_mc - row.amount_mc < row.choice.each_mc


def test_another_worth_of_a_credit_changes_dollars_and_no_credits() -> None:
    row = row_of(cost_of(pick("flux_2_pro"), pictures=10, usd_per_credit=Decimal("0.01")), "")
    assert (row.amount_mc, row.microusd) == (60_000, 600_000)
    assert (row.list_microusd, row.list_mc) == ((300_000, 500_000), (30_000, 50_000))
