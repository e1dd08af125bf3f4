"""From files to rows: once, twice, and after a change."""

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.files import DATA, InvalidCatalog
from apps.catalog.inputs import clean
from apps.catalog.models import AIModel, Endpoint, PriceVersion, Provider
from apps.catalog.prices import NoPrice, current_price, current_prices
from apps.catalog.pricing import PriceRule
from apps.catalog.sync import SyncReport, sync_catalog
from tests.builders import NOW
from tests.catalog.conftest import Edit
from tests.catalog.shelf import models, needed

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def _rows() -> dict[str, list[Any]]:  # rows as Django's own dictionaries
    """Everything that a sync writes."""
    tables: tuple[Any, ...] = (Provider, AIModel, Endpoint, PriceVersion)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def test_the_first_run_makes_everything() -> None:
    report = sync_catalog(now=NOW)
    assert len(report.changes) == 4 + 3 * 11
    assert "flux_pro: new model" in report.changes
    assert "flux_pro: endpoint fal-ai/flux-pro/v1.1-ultra at fal: new" in report.changes
    assert "flux_pro: new price, version 1" in report.changes
    model = AIModel.objects.get(pk="flux_pro")
    assert (model.provider.name, model.timeout_seconds, model.tier_preset, model.rating) == ("fal.ai", 30, "fine", None)
    assert current_price(ai_model=model, now=NOW).sell_rule["base"] == {"per_call_mc": 12_000}


def test_a_row_says_what_its_file_says() -> None:
    sync_catalog(now=NOW)
    for model_id, file in models().items():
        row = AIModel.objects.get(pk=model_id)
        assert row.spec() == file.spec
        assert list(row.spec().properties) == list(file.spec.properties)  # the order too, whatever the database keeps
        assert PriceRule.from_json(current_price(ai_model=row, now=NOW).sell_rule) == file.rule
        assert clean(spec=row.spec(), inputs=needed(model_id), wrapper_format=None, pictures=None).effective


def test_a_second_run_writes_nothing() -> None:
    sync_catalog(now=NOW)
    before = _rows()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert sync_catalog(now=LATER) == SyncReport(())
    assert _rows() == before
    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_changed_price_is_a_new_version_and_the_old_one_stays(folder: Path, edit: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    model = AIModel.objects.get(pk="flux_pro")
    old = current_price(ai_model=model, now=NOW)
    edit("flux_pro", lambda data: data["price"]["base"].update(per_call="13.5"))

    assert sync_catalog(folder=folder, now=LATER).changes == ("flux_pro: new price, version 2",)

    new = current_price(ai_model=model, now=LATER)
    assert (new.number, new.effective_at, new.sell_rule["base"]) == (2, LATER, {"per_call_mc": 13_500})
    assert current_price(ai_model=model, now=LATER - timedelta(seconds=1)) == old
    old.refresh_from_db()
    assert (old.number, old.effective_at, old.sell_rule["base"]) == (1, NOW, {"per_call_mc": 12_000})
    assert sync_catalog(folder=folder, now=LATER).changes == ()


def test_a_changed_text_is_named_and_nothing_else_moves(folder: Path, edit: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    before = _rows()
    edit("flux_pro", lambda data: data.update(best_for="Posters.", rating=4))
    assert sync_catalog(folder=folder, now=LATER).changes == ("flux_pro: changed rating, best_for",)
    changed = AIModel.objects.get(pk="flux_pro")
    assert (changed.best_for, changed.rating) == ("Posters.", 4)
    after = _rows()
    assert after["PriceVersion"] == before["PriceVersion"]
    assert [row for row in after["AIModel"] if row not in before["AIModel"]] == [
        row for row in after["AIModel"] if row["id"] == "flux_pro"
    ]


def test_an_endpoint_that_is_no_longer_named_is_switched_off(folder: Path, edit: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    edit("flux_pro", lambda data: data["endpoints"][0].update(provider_model="fal-ai/flux-pro/v2", timeout_seconds=45))
    assert sync_catalog(folder=folder, now=LATER).changes == (
        "flux_pro: endpoint fal-ai/flux-pro/v2 at fal: new",
        "flux_pro: endpoint fal-ai/flux-pro/v1.1-ultra at fal: changed is_enabled",
    )
    endpoint = Endpoint.objects.get(ai_model="flux_pro", is_enabled=True)
    assert (endpoint.provider_model, endpoint.timeout_seconds) == ("fal-ai/flux-pro/v2", 45)


def test_an_operators_switch_and_a_model_without_file_are_left_alone(folder: Path) -> None:
    sync_catalog(folder=folder, now=NOW)
    AIModel.objects.filter(pk="flux_pro").update(is_enabled=False)
    (folder / "models" / "local_cutout.yaml").unlink()
    assert sync_catalog(folder=folder, now=LATER).changes == ()
    enabled = [model.pk for model in AIModel.objects.enabled()]
    assert "flux_pro" not in enabled
    assert enabled[0] == "flux_schnell"
    assert enabled[-1] == "local_cutout"


def test_one_wrong_file_keeps_all_of_them_out(folder: Path, edit: Edit) -> None:
    edit("topaz_upscale_image", lambda data: data.update(rating=7))
    with pytest.raises(InvalidCatalog) as caught:
        sync_catalog(folder=folder, now=NOW)
    assert "topaz_upscale_image.yaml: rating" in str(caught.value)
    assert _rows() == {"Provider": [], "AIModel": [], "Endpoint": [], "PriceVersion": []}


def test_a_model_without_a_price_cannot_be_sold(now: datetime) -> None:
    sync_catalog(now=LATER)
    with pytest.raises(NoPrice):
        current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=now)


def test_the_command_says_what_it_did() -> None:
    first, second = StringIO(), StringIO()
    call_command("sync_catalog", stdout=first)
    call_command("sync_catalog", folder=DATA, stdout=second)
    assert "flux_schnell: new price, version 1\n" in first.getvalue()
    assert second.getvalue() == "Nothing to change.\n"


def test_the_command_names_file_and_field_of_a_fault(folder: Path, edit: Edit) -> None:
    edit("flux_pro", lambda data: data.update(provider="nobody"))
    with pytest.raises(CommandError, match=r"flux_pro\.yaml: provider: There is no provider nobody"):
        call_command("sync_catalog", folder=folder)


def test_prices_of_all_models_are_those_in_force(folder: Path, edit: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    edit("flux_pro", lambda data: data["price"]["base"].update(per_call=13))
    sync_catalog(folder=folder, now=LATER)
    assert current_prices(now=NOW - timedelta(seconds=1)) == {}
    early, late = current_prices(now=NOW), current_prices(now=LATER)
    assert set(early) == set(late) == set(models())
    assert [model_id for model_id in early if early[model_id] != late[model_id]] == ["flux_pro"]
    assert late["flux_pro"] == current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=LATER)
