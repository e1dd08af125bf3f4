"""One model's pages: everything saved or nothing, faults beside their field, what was typed is kept."""

import json
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.catalog.editing import stamp
from apps.catalog.file_rows import row_values
from apps.catalog.models import AIModel, Endpoint, PriceVersion, SwitchedOff
from apps.staff.model_fields import SECTIONS, columns_of, read_changes, read_span, write_span, written

pytestmark = pytest.mark.usefixtures("catalog")
PAGE = "/staff/models/flux_pro/"
PRESETS = {"shorts": 1, "reels": 1, "horizontal": 1}


def form(model_id: str = "flux_pro", **typed: str) -> dict[str, str]:
    """What a browser would send of the untouched form, but for what was typed."""
    ai_model = AIModel.objects.get(pk=model_id)
    values = row_values(ai_model)
    fields = {one.name: written(values, one) for section in SECTIONS for one in columns_of(values, section)}
    return {**fields, "seen": stamp(ai_model), **typed}


def everything(model_id: str = "flux_pro") -> dict[str, Any]:
    return row_values(AIModel.objects.get(pk=model_id))


def test_an_untouched_form_changes_nothing_of_any_model(staff_client: Client) -> None:
    for ai_model in AIModel.objects.all():
        values = row_values(ai_model)
        posted = {one.name: written(values, one) for section in SECTIONS for one in columns_of(values, section)}
        assert read_changes(values, posted) == ({}, {}), ai_model.pk
    before = everything()
    assert staff_client.post(PAGE, form()).status_code == 302
    assert everything() == before
    assert AuditEntry.objects.count() == 0


def test_several_fields_are_saved_together_and_noted(staff_client: Client, sonia: User) -> None:
    before = everything()
    answer = staff_client.post(PAGE, form(name="Flux Pro II", tags="fast\ncheap", **{"capabilities.web_search": "yes"}))
    assert answer.status_code == 302
    after = everything()
    assert (after["name"], after["tags"]) == ("Flux Pro II", ["fast", "cheap"])
    assert after["capabilities"] == {**before["capabilities"], "web_search": True}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("model.edit", "flux_pro", sonia.pk)
    assert (entry.before["name"], entry.after["name"]) == (before["name"], "Flux Pro II")
    history = staff_client.get(f"{PAGE}history/").content.decode()
    assert "sonia@easel.example" in history
    assert "Flux Pro II" in history


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("schema", "{", "This is not JSON"),
        ("schema", '{"type": "nothing"}', "is not valid under any of the given schemas"),
        ("timeout_seconds", "soon", "This is a whole number."),
        ("retires_on", "tomorrow", "This is a date"),
        ("capabilities.variants", "many", "Write yes, no, limited, unknown, or a range"),
        ("lifecycle", "asleep", "is not one of"),
        (
            "format_map",
            '{"field": "nothing", "map": {"shorts": 1, "reels": 1, "horizontal": 1}, "default": 1}',
            "nothing",
        ),
        ("name", "", ""),
        ("successor", "nobody", "nobody"),
    ],
)
def test_a_wrong_field_is_refused_beside_it_and_saves_nothing(
    field: str, typed: str, said: str, staff_client: Client
) -> None:
    before = everything()
    page = staff_client.post(PAGE, form(best_for="A better sentence", **{field: typed}))
    assert page.status_code == 422
    text = page.content.decode()
    assert f'id="e-{field}"' in text
    assert said in text
    assert "A better sentence" in text  # what was typed elsewhere is kept
    assert everything() == before
    assert AuditEntry.objects.count() == 0


def test_a_default_that_its_own_schema_refuses_is_named(staff_client: Client) -> None:
    schema = everything()["schema"]
    name = next(name for name, one in schema["properties"].items() if one.get("type") == "integer" and "default" in one)
    schema["properties"][name]["default"] = "many"
    page = staff_client.post(PAGE, form(schema=json.dumps(schema)))
    assert page.status_code == 422
    assert f"properties.{name}.default" in page.content.decode()


def test_who_saves_second_is_told(staff_client: Client) -> None:
    stale = form(name="Mine")
    assert staff_client.post(PAGE, form(name="Theirs")).status_code == 302
    page = staff_client.post(PAGE, stale)
    assert page.status_code == 409
    assert "What you typed is kept" in page.content.decode()
    assert 'value="Mine"' in page.content.decode()
    assert everything()["name"] == "Theirs"


def test_capabilities_are_written_as_words_and_ranges() -> None:
    for value in (True, False, None, "limited", {"min": 1, "max": 4}, {"min": 2, "max": None}):
        assert read_span(write_span(value)) == value


def test_a_model_is_added_from_a_file_with_its_endpoints_and_a_draft(staff_client: Client, sonia: User) -> None:
    data = yaml.safe_load((settings.EASEL_CATALOG_FOLDER / "models" / "flux_pro.yaml").read_text())
    data |= {"id": "flux_next", "name": "Flux Next", "external_ids": {}, "use_cases": {}, "tier_preset": None}
    page = staff_client.post("/staff/models/new/", {"file": yaml.safe_dump(data)})
    assert page.status_code == 302, page.content.decode().partition('role="alert"')[2][:900]
    made = AIModel.objects.get(pk="flux_next")
    assert (made.name, made.is_enabled) == ("Flux Next", False)
    assert Endpoint.objects.filter(ai_model=made).count() == len(data["endpoints"])
    assert PriceVersion.objects.get(ai_model=made).state == "draft"
    assert set(AuditEntry.objects.values_list("action", "actor_id")) >= {
        ("model.add", sonia.pk),
        ("price.draft", sonia.pk),
    }
    again = staff_client.post("/staff/models/new/", {"file": yaml.safe_dump(data)})
    assert again.status_code == 422
    assert "There is a model flux_next already" in again.content.decode()
    assert "flux_next" in again.content.decode()


@pytest.mark.parametrize("text", ["", "a: [", "just words", "{}", "id: flux_pro"])
def test_a_file_that_is_none_adds_nothing(text: str, staff_client: Client) -> None:
    before = AIModel.objects.count()
    assert staff_client.post("/staff/models/new/", {"file": text}).status_code == 422
    assert AIModel.objects.count() == before
    assert AuditEntry.objects.count() == 0


def test_a_family_is_switched_off_and_on_for_everybody(staff_client: Client, sonia: User) -> None:
    page = f"{PAGE}access/"
    tool = AIModel.objects.get(pk="flux_pro").tool
    assert staff_client.post(page, {"target": "family"}).status_code == 302
    assert SwitchedOff.objects.get().tool == tool
    assert staff_client.post(page, {"target": "family", "is_on": "on"}).status_code == 302
    assert SwitchedOff.objects.count() == 0
    assert staff_client.post(page, {"target": "model"}).status_code == 302
    assert not AIModel.objects.get(pk="flux_pro").is_enabled
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "subject", "actor_id")) == [
        ("tool.switch", tool, sonia.pk),
        ("tool.switch", tool, sonia.pk),
        ("model.disable", "flux_pro", sonia.pk),
    ]


def test_an_endpoint_is_changed_added_and_refused(staff_client: Client, sonia: User) -> None:
    page, endpoint = f"{PAGE}endpoints/", Endpoint.objects.filter(ai_model="flux_pro").first()
    assert endpoint
    posted = {
        "endpoint": str(endpoint.pk),
        "adapter": endpoint.adapter,
        "provider_model": endpoint.provider_model,
        "priority": "7",
        "timeout_seconds": "",
        "parameter_map": json.dumps(endpoint.parameter_map),
        "condition": "",
    }
    assert staff_client.post(page, posted).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.priority, endpoint.is_enabled) == (7, False)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id) == ("endpoint.edit", sonia.pk)
    for wrong in ({"priority": "first"}, {"condition": "{"}, {"condition": '{"moon": "full"}'}, {"provider_model": ""}):
        answer = staff_client.post(page, {**posted, "endpoint": "new", "adapter": "fal", **wrong})
        assert answer.status_code == 422, wrong
        assert 'class="err"' in answer.content.decode()
    assert Endpoint.objects.filter(ai_model="flux_pro").count() == 1
    added = {**posted, "endpoint": "new", "provider_model": "other/flux", "is_enabled": "on"}
    assert staff_client.post(page, added).status_code == 302
    assert Endpoint.objects.filter(ai_model="flux_pro").count() == 2


def test_who_may_look_only_saves_nothing(looker_client: Client) -> None:
    assert looker_client.get(PAGE).status_code == 200
    before, access = everything(), f"{PAGE}access/"
    for path, posted in (
        (PAGE, form(name="Mine")),
        (access, {"target": "model"}),
        (access, {"target": "family"}),
    ):
        assert looker_client.post(path, posted).status_code == 403, path
    for path in ("/staff/models/new/", f"{PAGE}endpoints/", f"{PAGE}price/", f"{PAGE}price/new/"):
        assert looker_client.get(path).status_code == 403, path
    assert everything() == before
