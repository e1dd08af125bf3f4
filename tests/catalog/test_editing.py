"""Staff's changes of a model: checked as a file would be, refused whole, noted with before and after."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEntry
from apps.catalog.checks.shapes import shape_problems
from apps.catalog.editing import EditConflict, InvalidModel, add_model, edit_model, rate, set_enabled, stamp
from apps.catalog.file_rows import COLUMNS, as_file, row_values, values_of
from apps.catalog.files.reading import read_catalog
from apps.catalog.models import AIModel, PriceState, PriceVersion
from apps.catalog.sync import sync_catalog
from apps.errors import NotFound
from apps.ids import uuid7
from tests.builders import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
EDITOR = uuid7()
PRESETS = {"shorts": "9:16", "reels": "9:16", "horizontal": "16:9"}


@pytest.fixture(autouse=True)
def _catalog(db: None) -> None:
    sync_catalog(now=NOW)


def row(ai_model_id: str = "flux_pro") -> dict[str, Any]:
    return {**AIModel.objects.filter(pk=ai_model_id).values().get()}


def edit(changes: Mapping[str, Any], ai_model_id: str = "flux_pro", seen: str | None = None) -> AIModel:
    return edit_model(ai_model_id=ai_model_id, changes=changes, editor_id=EDITOR, now=LATER, seen=seen)


def schema(**fields: Any) -> dict[str, Any]:
    """The schema of flux_pro, some of its fields replaced."""
    there: dict[str, Any] = row()["schema"]
    return there | {"properties": there["properties"] | fields}


def faults_of(refusal: InvalidModel) -> dict[str, str]:
    return {fault["field"]: fault["message"] for fault in refusal.details["faults"]}


def test_every_file_and_its_row_are_one() -> None:
    for model in read_catalog().models:
        found = AIModel.objects.get(pk=model.data["id"])
        assert row_values(found) == values_of(model.data)
        assert shape_problems(as_file(found.pk, row_values(found))) == []


def test_only_what_moved_is_written_and_noted() -> None:
    before = row()
    edited = edit({"name": "FLUX ultra", "retires_on": None, "stage": before["stage"], "rating": 4})
    after = row()
    assert (edited.name, edited.rating, edited.updated_at) == ("FLUX ultra", 4, LATER)
    assert after == before | {"name": "FLUX ultra", "rating": 4, "updated_at": LATER}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id, entry.created_at) == ("model.edit", "flux_pro", EDITOR, LATER)
    assert entry.before == {"name": before["name"], "rating": before["rating"]}
    assert entry.after == {"name": "FLUX ultra", "rating": 4}


def test_what_is_the_same_already_is_no_change() -> None:
    before = row()
    edit({"name": before["name"]})
    assert (row(), AuditEntry.objects.count()) == (before, 0)


def test_a_day_and_a_successor_are_written_as_such() -> None:
    edit({"lifecycle": "deprecated", "retires_on": "2027-03-01", "successor": "flux_schnell"})
    edited = AIModel.objects.get(pk="flux_pro")
    assert (str(edited.retires_on), edited.successor_id) == ("2027-03-01", "flux_schnell")
    assert AuditEntry.objects.get().after == {
        "lifecycle": "deprecated",
        "retires_on": "2027-03-01",
        "successor": "flux_schnell",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rating": 6}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": "five"}, "rating"),
        ({"provider": "nobody"}, "provider"),
        ({"timeout_seconds": -1}, "timeout_seconds"),
        ({"timeout_seconds": None}, "timeout_seconds"),
        ({"max_references": -1}, "max_references"),
        ({"price_status": "guessed"}, "price_status"),
        ({"stage": "nowhere"}, "stage"),
        ({"successor": "nobody"}, "successor"),
        ({"use_cases": {"juggling": 1}}, "use_cases.juggling"),
        ({"tier_preset": "draft"}, "tier_preset"),  # another model's already
        ({"format_map": {"field": "shape", "map": PRESETS, "default": None}}, "format_map.field"),
        ({"schema": {"type": "object"}}, "schema.$schema"),
        ({"schema": "no schema"}, "schema"),
        ({"wings": 2}, "wings"),
        ({"is_enabled": False}, "is_enabled"),
        ({"id": "flux"}, "id"),
    ],
)  # fmt: skip
def test_what_no_file_could_say_is_refused_and_nothing_is_saved(changes: dict[str, Any], field: str) -> None:
    before = row()
    with pytest.raises(InvalidModel) as refusal:
        edit({"name": "Half saved", **changes})
    assert field in faults_of(refusal.value)
    assert (row(), AuditEntry.objects.count()) == (before, 0)


def test_a_schema_that_is_none_is_refused_where_it_is_wrong() -> None:
    before = row()
    with pytest.raises(InvalidModel) as refusal:
        edit({"schema": schema(seed={"type": "whole", "description": "A number."})})
    assert list(faults_of(refusal.value)) == ["schema.properties.seed.type"]
    assert row() == before


def test_a_default_that_its_own_schema_refuses_is_named() -> None:
    with pytest.raises(InvalidModel) as refusal:
        edit({"schema": schema(seed={"type": "integer", "default": "x", "description": "A number."})})
    message = faults_of(refusal.value)["schema.properties.seed.default"]
    assert message == "'x' does not satisfy the field's own schema."


def test_a_format_onto_a_field_that_is_not_there_is_refused() -> None:
    there = row()["schema"]
    without = {name: field for name, field in there["properties"].items() if name != "aspect_ratio"}
    with pytest.raises(InvalidModel) as refusal:
        edit({"schema": there | {"properties": without}})
    assert faults_of(refusal.value)["format_map.field"] == "The schema has no field aspect_ratio."


def test_inputs_that_the_price_in_force_does_not_fit_are_refused_while_the_model_is_live() -> None:
    counted = {"type": "integer", "minimum": 1, "maximum": 2, "default": 2, "description": "How many."}
    with pytest.raises(InvalidModel) as refusal:
        edit({"schema": schema(num_images=counted)})
    found = faults_of(refusal.value)
    assert "To change inputs and price together, switch the model off first." in found.values()
    assert any(field.startswith("cases.") for field in found)

    set_enabled(ai_model_id="flux_pro", is_enabled=False, editor_id=EDITOR, now=NOW)
    edit({"schema": schema(num_images=counted)})
    with pytest.raises(InvalidModel) as refusal:
        set_enabled(ai_model_id="flux_pro", is_enabled=True, editor_id=EDITOR, now=LATER)
    assert all(field.startswith("cases.") for field in faults_of(refusal.value))
    assert not AIModel.objects.get(pk="flux_pro").is_enabled


def test_inputs_must_fit_a_price_to_come_as_well() -> None:
    current = PriceVersion.objects.get(ai_model="flux_pro")
    PriceVersion.objects.create(
        ai_model=current.ai_model, number=2, state=PriceState.PUBLISHED, sell_rule=current.sell_rule,
        cases=[current.cases[0] | {"hold_mc": 1}], effective_at=LATER + timedelta(days=1),
    )  # fmt: skip
    edit({"name": "A name needs no price"})
    with pytest.raises(InvalidModel) as refusal:
        edit({"schema": schema(seed={"type": "integer", "default": 1, "description": "A number."})})
    assert "cases.1" in faults_of(refusal.value)


def test_a_new_field_gets_a_place_after_the_others() -> None:
    edit({"schema": schema(grain={"type": "boolean", "default": False, "description": "Film grain."})})
    assert list(AIModel.objects.get(pk="flux_pro").spec().properties)[-1] == "grain"


def test_two_editors_at_once_do_not_undo_each_other() -> None:
    seen = stamp(AIModel.objects.get(pk="flux_pro"))
    edit({"name": "First"}, seen=seen)
    with pytest.raises(EditConflict):
        edit({"developer": "Second"}, seen=seen)
    assert (row()["name"], row()["developer"]) == ("First", "Black Forest Labs")
    assert AuditEntry.objects.count() == 1


def test_a_rating_comes_with_its_reason_and_evidence() -> None:
    before = row()
    with pytest.raises(InvalidModel):
        rate(ai_model_id="flux_pro", rating=3, reason=" ", evidence={}, editor_id=EDITOR, now=LATER)
    with pytest.raises(InvalidModel) as refusal:
        rate(ai_model_id="flux_pro", rating=6, reason="Best", evidence={}, editor_id=EDITOR, now=LATER)
    assert list(faults_of(refusal.value)) == ["rating"]
    assert row() == before

    rate(ai_model_id="flux_pro", rating=3, reason="Soft", evidence={"runs": 40}, editor_id=EDITOR, now=LATER)
    assert row() == before | {"rating": 3, "updated_at": LATER}
    entry = AuditEntry.objects.get(action="model.rate")
    assert (entry.before, entry.after) == (
        {"rating": before["rating"]},
        {"rating": 3, "reason": "Soft", "evidence": {"runs": 40}},
    )


def test_a_model_is_switched_off_and_on_once() -> None:
    for is_enabled in (False, False, True, True):
        set_enabled(ai_model_id="flux_pro", is_enabled=is_enabled, editor_id=EDITOR, now=LATER)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "before", "after")) == [
        ("model.disable", {"is_enabled": True}, {"is_enabled": False}),
        ("model.enable", {"is_enabled": False}, {"is_enabled": True}),
    ]
    assert AIModel.objects.get(pk="flux_pro").is_enabled


def test_a_model_with_a_failing_case_does_not_go_live() -> None:
    set_enabled(ai_model_id="flux_pro", is_enabled=False, editor_id=EDITOR, now=NOW)
    price = PriceVersion.objects.get(ai_model="flux_pro")
    for cases in ([], [price.cases[0] | {"hold_mc": 1}]):
        PriceVersion.objects.filter(pk=price.pk).update(cases=cases)
        with pytest.raises(InvalidModel) as refusal:
            set_enabled(ai_model_id="flux_pro", is_enabled=True, editor_id=EDITOR, now=LATER)
        assert all(field.startswith("cases") for field in faults_of(refusal.value))
    assert not AIModel.objects.get(pk="flux_pro").is_enabled


def new(**columns: Any) -> dict[str, Any]:
    there = row_values(AIModel.objects.get(pk="flux_schnell"))
    return {**there, "id": "flux_next", "use_cases": {}, "tier_preset": "", **columns}


def test_a_new_model_starts_switched_off_and_without_a_price() -> None:
    added = add_model(data=new(name="FLUX next"), editor_id=EDITOR, now=LATER)
    assert (added.name, added.is_enabled, added.updated_at, added.synced) == ("FLUX next", False, LATER, {})
    assert set(AuditEntry.objects.get(action="model.add").after) == set(COLUMNS)
    with pytest.raises(InvalidModel) as refusal:
        set_enabled(ai_model_id="flux_next", is_enabled=True, editor_id=EDITOR, now=LATER)
    assert faults_of(refusal.value) == {"price": "The model has no price in force."}


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"id": "flux_pro"}, "id"),
        ({"id": "job_flux"}, "id"),
        ({"id": "Flux Next"}, "id"),
        ({"id": None}, "id"),
        ({"name": None}, "name"),
        ({"schema": None}, "schema"),
        ({"provider": "nobody"}, "provider"),
        ({"wings": 2}, "wings"),
    ],
)
def test_a_new_model_that_no_file_could_say_is_refused(columns: dict[str, Any], field: str) -> None:
    before = AIModel.objects.count()
    with pytest.raises(InvalidModel) as refusal:
        add_model(data=new(**columns), editor_id=EDITOR, now=LATER)
    assert list(faults_of(refusal.value)) == [field]
    assert (AIModel.objects.count(), AuditEntry.objects.count()) == (before, 0)


def test_a_model_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(NotFound):
        edit({"name": "Nobody"}, ai_model_id="nobody")
