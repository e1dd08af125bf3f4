"""Staff's changes of providers, and of where a model runs."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEntry
from apps.catalog.editing import InvalidModel
from apps.catalog.endpoints import add_endpoint, add_provider, edit_endpoint, edit_provider
from apps.catalog.models import AIModel, Endpoint, Provider
from apps.catalog.sync import sync_catalog
from apps.errors import NotFound
from apps.ids import uuid7
from tests.builders import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
EDITOR = uuid7()
PLACE = {"adapter": "fal", "provider_model": "fal-ai/flux-pro/v9"}


@pytest.fixture(autouse=True)
def _catalog(db: None) -> None:
    sync_catalog(now=NOW)


def faults_of(refusal: InvalidModel) -> list[str]:
    return [fault["field"] for fault in refusal.details["faults"]]


def test_an_endpoint_is_added_and_changed_with_a_note_of_each() -> None:
    added = add_endpoint(ai_model_id="flux_pro", data=PLACE | {"priority": 9}, editor_id=EDITOR, now=LATER)
    assert (added.priority, added.is_enabled, added.parameter_map, added.synced) == (9, True, {}, {})
    changes: dict[str, Any] = {"priority": 9, "is_enabled": False, "parameter_map": {"text": "prompt"}}
    edit_endpoint(endpoint_id=added.pk, changes=changes, editor_id=EDITOR, now=LATER)
    added.refresh_from_db()
    assert (added.priority, added.is_enabled, added.parameter_map) == (9, False, {"text": "prompt"})
    first, second = AuditEntry.objects.order_by("pk")
    assert (first.action, first.subject, first.after["provider_model"]) == (
        "endpoint.add", "flux_pro/endpoint/fal", "fal-ai/flux-pro/v9"
    )  # fmt: skip
    assert (second.action, second.before, second.after) == (
        "endpoint.edit",
        {"is_enabled": True, "parameter_map": {}},
        {"is_enabled": False, "parameter_map": {"text": "prompt"}},
    )


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"adapter": "F A L"}, "adapter"),
        ({"provider_model": ""}, "provider_model"),
        ({"timeout_seconds": -1}, "timeout_seconds"),
        ({"priority": -1}, "priority"),
        ({"parameter_map": {"text": "wings"}}, "parameter_map.text"),
        ({"condition": {"moon": "full"}}, "condition"),
        ({"is_enabled": "perhaps"}, "is_enabled"),
        ({"wings": 2}, "wings"),
    ],
)
def test_an_endpoint_that_no_file_could_name_is_refused(columns: dict[str, Any], field: str) -> None:
    before = Endpoint.objects.count()
    with pytest.raises(InvalidModel) as refusal:
        add_endpoint(ai_model_id="flux_pro", data=PLACE | columns, editor_id=EDITOR, now=LATER)
    assert faults_of(refusal.value) == [field]
    assert (Endpoint.objects.count(), AuditEntry.objects.count()) == (before, 0)


def test_a_model_runs_once_at_a_place() -> None:
    there = Endpoint.objects.filter(ai_model="flux_pro").first()
    assert there is not None
    added = add_endpoint(ai_model_id="flux_pro", data=PLACE, editor_id=EDITOR, now=LATER)
    same = {"adapter": there.adapter, "provider_model": there.provider_model}
    with pytest.raises(InvalidModel):
        add_endpoint(ai_model_id="flux_pro", data=same, editor_id=EDITOR, now=LATER)
    with pytest.raises(InvalidModel):
        edit_endpoint(endpoint_id=added.pk, changes=same, editor_id=EDITOR, now=LATER)
    with pytest.raises(NotFound):
        edit_endpoint(endpoint_id=uuid7(), changes={}, editor_id=EDITOR, now=LATER)
    assert AuditEntry.objects.count() == 1


def test_a_provider_is_added_and_renamed() -> None:
    add_provider(provider_id="moonlab", name="Moon", editor_id=EDITOR, now=LATER)
    edit_provider(provider_id="moonlab", name="Moonlab", editor_id=EDITOR, now=LATER)
    edit_provider(provider_id="moonlab", name="Moonlab", editor_id=EDITOR, now=LATER)
    assert Provider.objects.get(pk="moonlab").name == "Moonlab"
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "before", "after")) == [
        ("provider.add", {}, {"name": "Moon"}),
        ("provider.edit", {"name": "Moon"}, {"name": "Moonlab"}),
    ]
    assert not AIModel.objects.filter(updated_at=LATER).exists()


@pytest.mark.parametrize(("provider_id", "name", "field"), [("fal", "F", "id"), ("F A", "F", "id"), ("f", "", "name")])
def test_a_provider_at_fault_is_refused(provider_id: str, name: str, field: str) -> None:
    before = Provider.objects.count()
    with pytest.raises(InvalidModel) as refusal:
        add_provider(provider_id=provider_id, name=name, editor_id=EDITOR, now=LATER)
    assert faults_of(refusal.value) == [field]
    assert (Provider.objects.count(), AuditEntry.objects.count()) == (before, 0)


def test_a_companys_name_has_no_characters_that_a_row_cannot_hold() -> None:
    with pytest.raises(InvalidModel) as refused:
        add_provider(provider_id="paper", name="Pa\x00per", editor_id=EDITOR, now=LATER)
    assert faults_of(refused.value) == ["name"]
    assert not Provider.objects.filter(pk="paper").exists()
