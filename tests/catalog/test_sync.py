"""From files to rows: once, twice, and after a change of the files."""

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.files.faults import InvalidCatalog
from apps.catalog.files.reading import DATA, read_catalog
from apps.catalog.inputs import clean
from apps.catalog.models import AIModel, DefaultModel, Endpoint, PriceVersion, Provider
from apps.catalog.price_cases import PriceCase
from apps.catalog.price_rules import Unit
from apps.catalog.prices import NoPrice, current_price, current_prices
from apps.catalog.pricing import PriceRule
from apps.catalog.sync import SyncReport, sync_catalog
from tests.builders import NOW
from tests.catalog.conftest import Drop, Edit
from tests.catalog.shelf import models, needed

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def _rows() -> dict[str, list[Any]]:  # rows as Django's own dictionaries
    """Everything that a sync writes."""
    tables: tuple[Any, ...] = (Provider, AIModel, Endpoint, PriceVersion, DefaultModel)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def test_the_first_run_makes_everything() -> None:
    report, catalog = sync_catalog(now=NOW), read_catalog()
    assert len(report.changes) == len(catalog.providers) + len(catalog.models) + len(catalog.defaults)
    assert report.kept == ()
    assert "flux_pro: new model" in report.changes
    assert "default of api create: nothing → flux_schnell" in report.changes
    model = AIModel.objects.get(pk="flux_pro")
    assert (model.timeout_seconds, model.tier_preset, model.updated_at) == (30, "fine", NOW)
    price = current_price(ai_model=model, now=NOW)
    assert (price.number, price.sell_rule["base"], price.created_by_id) == (1, {"per_call_mc": 12_000}, None)
    assert Endpoint.objects.filter(ai_model="flux_pro").count() == len(models()["flux_pro"].data["endpoints"])


def test_a_row_says_what_its_file_says() -> None:
    sync_catalog(now=NOW)
    for model_id, file in models().items():
        row = AIModel.objects.get(pk=model_id)
        assert row.spec() == file.spec
        assert list(row.spec().properties) == list(file.spec.properties)  # the order too, whatever the database keeps
        price = current_price(ai_model=row, now=NOW)
        assert PriceRule.from_json(price.sell_rule) == file.rule
        cost = PriceRule.from_json(price.cost_rule, Unit.MICRODOLLARS) if price.cost_rule is not None else None
        assert cost == file.cost
        assert tuple(PriceCase.from_json(case) for case in price.cases) == file.cases
        assert clean(spec=row.spec(), inputs=needed(model_id), wrapper_format=None, pictures=None).effective


def test_a_second_run_writes_nothing_and_asks_little() -> None:
    sync_catalog(now=NOW)
    before = _rows()
    with CaptureQueriesContext(connection) as queries:
        assert sync_catalog(now=LATER) == SyncReport((), ())
    assert _rows() == before
    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(queries) <= 12  # however many models there are


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(folder: Path, edit: Edit) -> None:
    assert "flux_pro: new model" in sync_catalog(folder=folder, now=NOW, dry_run=True).changes
    assert all(rows == [] for rows in _rows().values())
    sync_catalog(folder=folder, now=NOW)
    before = _rows()
    edit("flux_pro", lambda data: data.update(rating=4))
    assert sync_catalog(folder=folder, now=LATER, dry_run=True).changes == ("flux_pro: rating: nothing → 4",)
    assert _rows() == before


def test_a_changed_price_is_a_new_version_and_the_old_one_stays(folder: Path, reprice: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    model = AIModel.objects.get(pk="flux_pro")
    old = current_price(ai_model=model, now=NOW)
    reprice("flux_pro", lambda data: data["price"]["base"].update(per_call="13.5"))

    assert sync_catalog(folder=folder, now=LATER).changes == (
        "flux_pro: price, Each picture: 12 credits → 13.5 credits",
    )

    new = current_price(ai_model=model, now=LATER)
    assert (new.number, new.effective_at, new.sell_rule["base"]) == (2, LATER, {"per_call_mc": 13_500})
    assert current_price(ai_model=model, now=LATER - timedelta(seconds=1)) == old
    cases = old.cases
    old.refresh_from_db()
    assert (old.number, old.effective_at, old.sell_rule["base"]) == (1, NOW, {"per_call_mc": 12_000})
    assert old.cases == cases != new.cases
    model.refresh_from_db()
    assert model.updated_at == LATER
    assert sync_catalog(folder=folder, now=LATER).changes == ()


def test_a_changed_cost_is_a_new_version_too(folder: Path, edit: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    cost = {"base": {"per_call": "0.0615"}, "scope": "output_image", "outputs": ["num_images"]}
    edit("flux_pro", lambda data: data.update(cost=cost))
    (line,) = sync_catalog(folder=folder, now=LATER).changes
    assert line.startswith("flux_pro: cost, Each picture: ")
    assert line.endswith(" → USD 0.0615")
    new = current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=LATER)
    assert (new.number, new.cost_rule and new.cost_rule["base"]) == (2, {"per_call_microusd": 61_500})


def test_a_changed_text_is_told_leaf_by_leaf_and_nothing_else_moves(folder: Path, edit: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    before = _rows()
    old = AIModel.objects.get(pk="flux_pro").best_for

    def change(data: dict[str, Any]) -> None:
        data.update(best_for="Posters.", rating=4)
        data["schema"]["properties"]["seed"]["description"] = "A number."

    edit("flux_pro", change)
    rating, best_for, seed = sync_catalog(folder=folder, now=LATER).changes
    assert rating == "flux_pro: rating: nothing → 4"
    assert best_for.startswith(f"flux_pro: best_for: {old[:20]}")
    assert best_for.endswith(" → Posters.")
    assert seed.startswith("flux_pro: schema.properties.seed.description: ")
    changed = AIModel.objects.get(pk="flux_pro")
    assert (changed.best_for, changed.rating, changed.updated_at) == ("Posters.", 4, LATER)
    after = _rows()
    assert after["PriceVersion"] == before["PriceVersion"]
    assert after["Endpoint"] == before["Endpoint"]
    assert [row["id"] for row in after["AIModel"] if row not in before["AIModel"]] == ["flux_pro"]


def test_an_endpoint_that_is_no_longer_named_is_switched_off(folder: Path, edit: Edit) -> None:
    def move(data: dict[str, Any]) -> None:
        data["endpoints"] = [{"adapter": "fal", "provider_model": "fal-ai/flux-pro/v2", "timeout_seconds": 45}]

    sync_catalog(folder=folder, now=NOW)
    old = [endpoint.provider_model for endpoint in Endpoint.objects.filter(ai_model="flux_pro").order_by("pk")]
    edit("flux_pro", move)
    assert sync_catalog(folder=folder, now=LATER).changes == (
        "flux_pro: endpoint fal-ai/flux-pro/v2 at fal: new",
        *(f"flux_pro: endpoint {name} at fal: is_enabled: true → false" for name in old),
    )
    endpoint = Endpoint.objects.get(ai_model="flux_pro", is_enabled=True)
    assert (endpoint.provider_model, endpoint.timeout_seconds) == ("fal-ai/flux-pro/v2", 45)
    assert sync_catalog(folder=folder, now=LATER).changes == ()


def test_a_model_without_file_is_left_alone(folder: Path, drop: Drop) -> None:
    sync_catalog(folder=folder, now=NOW)
    before = AIModel.objects.filter(pk="local_cutout").values().get()
    drop("local_cutout")
    report = sync_catalog(folder=folder, now=LATER)
    assert all(line.startswith("default of ") and line.endswith("local_cutout → nothing") for line in report.changes)
    assert AIModel.objects.filter(pk="local_cutout").values().get() == before


def test_one_wrong_file_keeps_all_of_them_out(folder: Path, edit: Edit) -> None:
    edit("topaz_upscale_image", lambda data: data.update(rating=7))
    with pytest.raises(InvalidCatalog) as caught:
        sync_catalog(folder=folder, now=NOW)
    assert "topaz_upscale_image.yaml:" in str(caught.value)
    assert all(rows == [] for rows in _rows().values())


def test_a_model_without_a_price_cannot_be_sold(now: datetime) -> None:
    sync_catalog(now=LATER)
    with pytest.raises(NoPrice):
        current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=now)


def test_prices_of_all_models_are_those_in_force(folder: Path, reprice: Edit) -> None:
    sync_catalog(folder=folder, now=NOW)
    reprice("flux_pro", lambda data: data["price"]["base"].update(per_call=13))
    sync_catalog(folder=folder, now=LATER)
    assert current_prices(now=NOW - timedelta(seconds=1)) == {}
    early, late = current_prices(now=NOW), current_prices(now=LATER)
    assert set(early) == set(late) == set(models())
    assert [model_id for model_id in early if early[model_id] != late[model_id]] == ["flux_pro"]
    assert late["flux_pro"] == current_price(ai_model=AIModel.objects.get(pk="flux_pro"), now=LATER)


def test_the_command_says_what_it_did() -> None:
    dry, first, second = StringIO(), StringIO(), StringIO()
    call_command("sync_catalog", "--dry-run", stdout=dry)
    assert dry.getvalue().endswith("Nothing was written: this was a dry run.\n")
    call_command("sync_catalog", stdout=first)
    call_command("sync_catalog", folder=DATA, stdout=second)
    assert "flux_schnell: new model\n" in first.getvalue()
    assert second.getvalue() == "Nothing to change.\n"


def test_the_command_names_file_line_and_field_of_a_fault(folder: Path, edit: Edit) -> None:
    edit("flux_pro", lambda data: data.update(provider="nobody"))
    with pytest.raises(CommandError, match=r"flux_pro\.yaml:\d+: provider: There is no provider nobody"):
        call_command("sync_catalog", folder=folder)


def test_the_command_refuses_to_overwrite_what_has_no_file() -> None:
    with pytest.raises(CommandError, match="There is no file of flux_por"):
        call_command("sync_catalog", "--overwrite", "flux_por")
    assert all(rows == [] for rows in _rows().values())
