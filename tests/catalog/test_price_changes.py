"""Prices drafted, published for now or later, and withdrawn; what is published stays as it is."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEntry
from apps.catalog.editing import InvalidModel, add_model, set_enabled
from apps.catalog.file_rows import row_values
from apps.catalog.models import AIModel, PriceState, PriceVersion
from apps.catalog.price_changes import (
    PriceChanged,
    PriceNotDraft,
    draft_price,
    proposed_cases,
    publish_price,
    redraft,
    stamp,
    withdraw_price,
)
from apps.catalog.prices import current_price, current_prices, find_price
from apps.catalog.shelf import read_shelf
from apps.catalog.sync import sync_catalog
from apps.errors import NotFound
from apps.ids import uuid7
from tests.builders import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)
EDITOR = uuid7()


@pytest.fixture(autouse=True)
def _catalog(db: None) -> None:
    sync_catalog(now=NOW)


def flux() -> AIModel:
    return AIModel.objects.get(pk="flux_pro")


def rule(amount: Any = 15_000, unit: str = "mc", **parts: Any) -> dict[str, Any]:
    """A rule of flux_pro: so much for each picture."""
    plain = {"base": {f"per_call_{unit}": amount}, "scope": "output_image", "outputs": ["num_images"]}
    return {**plain, "multipliers": [], "surcharges": [], **parts}


def draft(sell: Any = None, cost: Any = None, note: str = "Dearer", ai_model_id: str = "flux_pro") -> PriceVersion:
    return draft_price(
        ai_model_id=ai_model_id,
        sell_rule=rule() if sell is None else sell,
        cost_rule=cost,
        note=note,
        editor_id=EDITOR,
        now=LATER,
    )


def publish(version: PriceVersion, **fields: Any) -> PriceVersion:
    plain: dict[str, Any] = {"effective_at": None, "now": LATER, "accept_cases": True}
    return publish_price(version_id=version.pk, editor_id=EDITOR, **(plain | fields))


def faults_of(refusal: InvalidModel) -> dict[str, str]:
    return {fault["field"]: fault["message"] for fault in refusal.details["faults"]}


def versions() -> list[Any]:  # rows as Django's own dictionaries
    return list(PriceVersion.objects.order_by("pk").values())


def test_a_draft_shows_to_nobody_who_buys() -> None:
    old = current_price(ai_model=flux(), now=TOMORROW)
    version = draft(cost=rule(60_000, "microusd"))
    assert (version.number, version.state, version.effective_at) == (2, PriceState.DRAFT, None)
    assert (version.created_by_id, version.created_at, version.cases) == (EDITOR, LATER, old.cases)
    assert current_price(ai_model=flux(), now=TOMORROW) == old
    assert current_prices(now=TOMORROW)["flux_pro"] == old
    assert next(one for one in read_shelf(now=TOMORROW) if one.ai_model.pk == "flux_pro").price == old
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("price.draft", "flux_pro/price/2", EDITOR)
    assert (entry.after["sell_rule"], entry.after["note"]) == (rule(), "Dearer")


@pytest.mark.parametrize(
    ("sell", "field"),
    [
        (rule(-1), "sell_rule.base.per_call_mc"),
        (rule(0), "sell_rule.base.per_call_mc"),
        (rule(1.5), "sell_rule.base.per_call_mc"),
        (rule("12"), "sell_rule.base.per_call_mc"),
        (rule(None), "sell_rule.base.per_call_mc"),
        (rule(base={}), "sell_rule.base"),
        (rule(base=None), "sell_rule.base"),
        (rule(60_000, "microusd"), "sell_rule.base"),
        (rule(outputs=[]), "sell_rule.outputs"),
        (rule(outputs=["wings"]), "sell_rule.outputs"),
        (rule(multipliers=[{"when": {"raw": 3}, "thousandths": 2000}]), "sell_rule.multipliers.0"),
        (rule(multipliers=[{"when": {"raw": True}}]), "sell_rule.multipliers.0.thousandths"),
        (rule(surcharges=[{"label": "Raw", "when": {"raw": True}, "amount_mc": -3, "scope": "call"}]),
         "sell_rule.surcharges.0.amount_mc"),
        ({key: value for key, value in rule().items() if key != "scope"}, "sell_rule.scope"),
        ([], "sell_rule"),
    ],
)  # fmt: skip
def test_a_rule_at_fault_is_refused_beside_its_field(sell: Any, field: str) -> None:
    before = versions()
    with pytest.raises(InvalidModel) as refusal:
        draft(sell)
    assert next(iter(faults_of(refusal.value))) == field
    assert (versions(), AuditEntry.objects.count()) == (before, 0)


def test_a_cost_may_be_nothing_but_not_less() -> None:
    assert draft(cost=rule(0, "microusd")).cost_rule == rule(0, "microusd")
    with pytest.raises(InvalidModel) as refusal:
        draft(cost=rule(-1, "microusd"))
    assert faults_of(refusal.value) == {"cost_rule.base.per_call_microusd": "Must be at least 0."}


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InvalidModel) as refusal:
        draft(rule(0, scope="month"), rule(-1, "microusd"), note="x" * 201)
    assert set(faults_of(refusal.value)) == {
        "sell_rule.base.per_call_mc", "sell_rule.scope", "cost_rule.base.per_call_microusd", "note"
    }  # fmt: skip


def test_published_now_it_is_in_force_at_once_and_the_old_one_stays() -> None:
    old = current_price(ai_model=flux(), now=NOW)
    version = publish(draft())
    assert (version.state, version.effective_at, version.published_by_id) == (PriceState.PUBLISHED, LATER, EDITOR)
    assert current_price(ai_model=flux(), now=LATER) == version
    assert current_price(ai_model=flux(), now=LATER - timedelta(microseconds=1)) == old
    assert flux().updated_at == LATER
    entry = AuditEntry.objects.get(action="price.publish")
    assert (entry.before["state"], entry.after["state"]) == ("draft", "published")
    assert entry.after["effective_at"] == LATER.isoformat()
    assert "sell_rule" not in entry.after


def test_published_for_later_it_comes_into_force_by_its_date_alone() -> None:
    old = current_price(ai_model=flux(), now=NOW)
    version = publish(draft(), effective_at=TOMORROW)
    assert current_price(ai_model=flux(), now=TOMORROW - timedelta(microseconds=1)) == old
    assert current_price(ai_model=flux(), now=TOMORROW) == version


def test_a_price_cannot_come_into_force_in_the_past() -> None:
    version = draft()
    with pytest.raises(InvalidModel) as refusal:
        publish(version, effective_at=LATER - timedelta(seconds=1))
    assert list(faults_of(refusal.value)) == ["effective_at"]
    version.refresh_from_db()
    assert version.state == PriceState.DRAFT


def test_cases_that_do_not_come_out_stop_it_until_they_are_accepted() -> None:
    version = draft()
    with pytest.raises(InvalidModel) as refusal:
        publish(version, accept_cases=False)
    assert faults_of(refusal.value)["cases.1"] == ("Should be 12 held and 12 charged, but is 15 held and 15 charged.")
    proposed = proposed_cases(version)
    published = publish(version)
    assert published.cases == [after.to_json() for _, after in proposed]
    assert published.cases[0]["hold_mc"] == 15_000
    assert current_price(ai_model=flux(), now=NOW).cases[0]["hold_mc"] == 12_000


def test_a_price_that_comes_to_the_same_needs_no_acceptance() -> None:
    assert publish(draft(rule(12_000)), accept_cases=False).state == PriceState.PUBLISHED


def test_a_choice_that_gets_its_own_price_gets_its_own_case() -> None:
    raw = {"label": "Raw", "when": {"raw": True}, "amount_mc": 3_000, "scope": "call"}
    published = publish(draft(rule(surcharges=[raw])))
    (case,) = [case for case in published.cases if case["inputs"].get("raw")]
    assert (case["hold_mc"], case["charge_mc"]) == (18_000, 18_000)


def test_what_is_published_cannot_be_edited_or_published_again() -> None:
    version = publish(draft())
    before = versions()
    with pytest.raises(PriceNotDraft):
        redraft(version_id=version.pk, sell_rule=rule(1), cost_rule=None, note="", editor_id=EDITOR, now=LATER)
    with pytest.raises(PriceNotDraft):
        publish(version)
    with pytest.raises(PriceNotDraft):
        withdraw_price(version_id=version.pk, editor_id=EDITOR, now=LATER)
    assert versions() == before


def test_a_draft_is_published_as_it_was_looked_at() -> None:
    version = draft()
    seen = stamp(version)
    redraft(version_id=version.pk, sell_rule=rule(1), cost_rule=None, note="", editor_id=EDITOR, now=LATER, seen=seen)
    with pytest.raises(PriceChanged):
        publish(version, seen=seen)
    version.refresh_from_db()
    assert (version.state, version.sell_rule) == (PriceState.DRAFT, rule(1))
    entry = AuditEntry.objects.get(action="price.redraft")
    assert (entry.before, entry.after) == (
        {"sell_rule": rule(), "note": "Dearer"},
        {"sell_rule": rule(1), "note": ""},
    )
    assert publish(version, seen=stamp(version)).state == PriceState.PUBLISHED


def test_a_price_to_come_can_be_withdrawn_and_never_comes() -> None:
    old = current_price(ai_model=flux(), now=NOW)
    version = publish(draft(), effective_at=TOMORROW)
    withdraw_price(version_id=version.pk, editor_id=EDITOR, now=LATER)
    assert current_price(ai_model=flux(), now=TOMORROW) == old
    with pytest.raises(PriceNotDraft):
        withdraw_price(version_id=version.pk, editor_id=EDITOR, now=LATER)
    assert AuditEntry.objects.get(action="price.withdraw").after == {"state": "withdrawn"}


def test_a_price_past_its_date_cannot_be_withdrawn() -> None:
    version = publish(draft(), effective_at=TOMORROW)
    with pytest.raises(PriceNotDraft):
        withdraw_price(version_id=version.pk, editor_id=EDITOR, now=TOMORROW)
    assert current_price(ai_model=flux(), now=TOMORROW) == version


def test_a_new_model_goes_live_with_its_first_price() -> None:
    there = row_values(flux()) | {"id": "flux_next", "use_cases": {}, "tier_preset": ""}
    add_model(data=there, editor_id=EDITOR, now=NOW)
    version = draft(ai_model_id="flux_next")
    assert version.number == 1
    with pytest.raises(InvalidModel) as refusal:
        publish(version, accept_cases=False)
    assert list(faults_of(refusal.value)) == ["cases"]
    published = publish(version)
    assert [case["hold_mc"] for case in published.cases] == [15_000, 30_000]
    assert published.cases[1]["charge_mc"] == 15_000  # of two, one arrived
    on = set_enabled(ai_model_id="flux_next", is_enabled=True, editor_id=EDITOR, now=LATER)
    assert on.is_enabled
    assert find_price(ai_model=on, now=LATER) == published


def test_what_is_not_there_cannot_be_priced_or_published() -> None:
    with pytest.raises(NotFound):
        draft(ai_model_id="nobody")
    with pytest.raises(NotFound):
        publish_price(version_id=uuid7(), effective_at=None, editor_id=EDITOR, now=LATER)
