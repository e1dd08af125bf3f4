"""Files and staff at the same rows: what staff changed stays, what they did not follows the files."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from apps.accounts.models import AuditEntry
from apps.catalog import endpoints
from apps.catalog.defaults import set_default
from apps.catalog.editing import edit_model, set_enabled
from apps.catalog.kinds import Surface, Task
from apps.catalog.merging import Merge, merge
from apps.catalog.models import AIModel, DefaultModel, Endpoint, PriceVersion, Provider
from apps.catalog.price_changes import draft_price, publish_price
from apps.catalog.prices import current_price
from apps.catalog.sync import SyncReport, sync_catalog
from apps.ids import uuid7
from tests.builders import NOW
from tests.catalog.conftest import Edit

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
TOMORROW = NOW + timedelta(days=1)
EDITOR = uuid7()
Sync = Callable[..., SyncReport]


@pytest.fixture
def sync(folder: Path) -> Sync:
    """The copy of the files, synced once already."""

    def again(**fields: Any) -> SyncReport:
        given: dict[str, Any] = {"folder": folder, "now": TOMORROW}
        return sync_catalog(**(given | fields))

    again(now=NOW)
    return again


def flux() -> AIModel:
    return AIModel.objects.get(pk="flux_pro")


def by_staff(**changes: Any) -> None:
    edit_model(ai_model_id="flux_pro", changes=changes, editor_id=EDITOR, now=LATER)


def price_by_staff(amount: int) -> PriceVersion:
    rule = current_price(ai_model=flux(), now=LATER).sell_rule | {"base": {"per_call_mc": amount}}
    drafted = draft_price(
        ai_model_id="flux_pro", sell_rule=rule, cost_rule=None, note="Dearer", editor_id=EDITOR, now=LATER
    )
    return publish_price(version_id=drafted.pk, effective_at=None, editor_id=EDITOR, now=LATER, accept_cases=True)


def test_what_staff_changed_stays_and_the_rest_follows_the_file(sync: Sync, edit: Edit) -> None:
    by_staff(rating=5)
    assert sync() == SyncReport((), ("flux_pro: rating: 5 → nothing",))
    edit("flux_pro", lambda data: data.update(rating=2, best_for="Posters."))
    report = sync()
    assert [line.split(":")[1] for line in report.changes] == [" best_for"]
    assert report.kept == ("flux_pro: rating: 5 → 2",)
    assert (flux().rating, flux().best_for) == (5, "Posters.")
    assert sync() == SyncReport((), ("flux_pro: rating: 5 → 2",))


def test_what_staff_set_back_follows_the_file_again(sync: Sync, edit: Edit) -> None:
    before = flux().rating
    by_staff(rating=5)
    by_staff(rating=before)
    edit("flux_pro", lambda data: data.update(rating=2))
    assert sync().kept == ()
    assert flux().rating == 2


def test_told_to_overwrite_the_files_word_counts(sync: Sync) -> None:
    by_staff(rating=5)
    edit_model(ai_model_id="flux_schnell", changes={"rating": 1}, editor_id=EDITOR, now=LATER)
    first = sync(overwrite={"flux_pro"})
    assert first.changes == ("flux_pro: rating: 5 → nothing",)
    entry = AuditEntry.objects.get(action="model.sync")
    assert (entry.subject, entry.actor_id, entry.before, entry.after) == (
        "flux_pro", None, {"rating": 5}, {"rating": None}
    )  # fmt: skip
    assert [line.split(":")[0] for line in first.kept] == ["flux_schnell"]
    assert [line.split(":")[0] for line in sync(overwrite=True).changes] == ["flux_schnell"]
    assert sync() == SyncReport((), ())


def test_the_command_shows_what_it_keeps(folder: Path, sync: Sync) -> None:
    by_staff(rating=5)
    kept, told = StringIO(), StringIO()
    call_command("sync_catalog", folder=folder, stdout=kept)
    assert kept.getvalue() == (
        "Nothing to change.\nKept as staff changed it; --overwrite would write:\n  flux_pro: rating: 5 → nothing\n"
    )
    call_command("sync_catalog", "--overwrite", "flux_pro", "--folder", str(folder), stdout=told)
    assert told.getvalue() == "flux_pro: rating: 5 → nothing\n"


def test_a_price_of_staff_stays_until_they_are_overruled(sync: Sync, reprice: Edit) -> None:
    price_by_staff(15_000)
    assert sync() == SyncReport((), ("flux_pro: price, Each picture: 15 credits → 12 credits",))
    reprice("flux_pro", lambda data: data["price"]["base"].update(per_call=13))
    assert sync().kept == ("flux_pro: price, Each picture: 15 credits → 13 credits",)
    assert current_price(ai_model=flux(), now=TOMORROW).sell_rule["base"] == {"per_call_mc": 15_000}
    sync(overwrite={"flux_pro"})
    price = current_price(ai_model=flux(), now=TOMORROW)
    assert (price.number, price.sell_rule["base"]) == (3, {"per_call_mc": 13_000})


def test_a_draft_of_staff_takes_its_number_and_nothing_else(sync: Sync, reprice: Edit) -> None:
    rule = current_price(ai_model=flux(), now=LATER).sell_rule
    draft_price(ai_model_id="flux_pro", sell_rule=rule, cost_rule=None, note="", editor_id=EDITOR, now=LATER)
    reprice("flux_pro", lambda data: data["price"]["base"].update(per_call=13))
    assert sync().changes == ("flux_pro: price, Each picture: 12 credits → 13 credits",)
    assert current_price(ai_model=flux(), now=TOMORROW).number == 3


def test_a_switch_of_staff_is_theirs(sync: Sync) -> None:
    set_enabled(ai_model_id="flux_pro", is_enabled=False, editor_id=EDITOR, now=LATER)
    assert sync(overwrite=True) == SyncReport((), ())
    assert not flux().is_enabled


def test_an_endpoint_of_staff_is_theirs_and_so_is_its_switch(sync: Sync) -> None:
    old = Endpoint.objects.filter(ai_model="flux_pro").first()
    assert old is not None
    endpoints.edit_endpoint(endpoint_id=old.pk, changes={"is_enabled": False}, editor_id=EDITOR, now=LATER)
    new = {"adapter": "fal", "provider_model": "fal-ai/flux-pro/v3"}
    endpoints.add_endpoint(ai_model_id="flux_pro", data=new, editor_id=EDITOR, now=LATER)
    report = sync()
    assert report.changes == ()
    assert report.kept == (f"flux_pro: endpoint {old.provider_model} at fal: is_enabled: false → true",)
    assert Endpoint.objects.get(provider_model="fal-ai/flux-pro/v3").is_enabled


def test_a_default_that_staff_set_or_took_away_stays_so(folder: Path, sync: Sync) -> None:
    def staff(task: Task, ai_model_id: str | None) -> None:
        set_default(
            surface=Surface.API, task=task, stage="", ai_model_id=ai_model_id, workspace=None,
            editor_id=EDITOR, now=LATER,
        )  # fmt: skip

    rows = {row.task: row.ai_model_id for row in DefaultModel.objects.filter(surface="api", stage="", workspace=None)}
    staff(Task.CREATE, "flux_pro")
    staff(Task.UPSCALE, None)
    assert sync() == SyncReport(
        (),
        (
            f"default of api create: flux_pro → {rows['create']}",
            f"default of api upscale: nothing → {rows['upscale']}",
        ),
    )
    path = folder / "defaults.yaml"
    named = [row for row in yaml.safe_load(path.read_text()) if (row["surface"], row["task"]) != ("api", "reframe")]
    path.write_text(yaml.safe_dump(named))
    assert sync().changes == (f"default of api reframe: {rows['reframe']} → nothing",)
    assert len(sync(overwrite=True).changes) == 2
    assert sync() == SyncReport((), ())


def test_a_providers_name_is_staffs_once_they_gave_it(folder: Path, sync: Sync) -> None:
    name = Provider.objects.get(pk="fal").name
    endpoints.edit_provider(provider_id="fal", name="Fal", editor_id=EDITOR, now=LATER)
    assert sync() == SyncReport((), (f"fal: name: Fal → {name}",))
    assert sync(overwrite=True).changes == (f"fal: name: Fal → {name}",)
    assert sync() == SyncReport((), ())


def test_a_file_that_does_not_fit_what_staff_keep_leaves_the_model_as_it_is(sync: Sync, reprice: Edit) -> None:
    price_by_staff(15_000)

    def fewer(data: dict[str, Any]) -> None:
        data["schema"]["properties"]["num_images"]["default"] = 2
        data["price"]["base"]["per_call"] = 6

    before = AIModel.objects.filter(pk="flux_pro").values().get()
    reprice("flux_pro", fewer)
    report = sync()
    assert report.changes == ()
    assert report.kept[0].startswith("flux_pro: nothing was changed, for this would not fit what staff changed: cases.")
    assert AIModel.objects.filter(pk="flux_pro").values().get() == before


def test_an_installation_from_before_files_were_remembered_follows_them(sync: Sync) -> None:
    AIModel.objects.update(synced={}, updated_at=None)
    Endpoint.objects.update(synced={})
    AIModel.objects.filter(pk="flux_pro").update(best_for="As it was a release ago.")
    PriceVersion.objects.update(cases=[], created_at=None)
    report = sync()
    assert any(line.startswith("flux_pro: best_for: As it was") for line in report.changes)
    assert report.kept == ()
    assert flux().synced["best_for"] == flux().best_for
    assert current_price(ai_model=flux(), now=TOMORROW).number == 1  # the same price, its cases brought along
    assert current_price(ai_model=flux(), now=TOMORROW).cases
    assert sync() == SyncReport((), ())


@pytest.mark.parametrize(
    ("row", "file", "base", "is_untouched", "overwrite", "expected"),
    [
        (1, 1, 1, False, False, "same"),
        (1, 2, 1, False, False, "written"),
        (3, 1, 1, False, False, "kept"),
        (3, 2, 1, False, False, "kept"),
        (2, 2, 1, False, False, "same"),
        (3, 1, None, True, False, "written"),
        (3, 1, None, False, False, "kept"),
        (3, 2, 1, False, True, "written"),
        (3, 1, None, False, True, "written"),
    ],
)
def test_three_ways_to_one(
    row: int, file: int, base: int | None, is_untouched: bool, overwrite: bool, expected: str
) -> None:
    merged = merge(
        row={"a": row}, file={"a": file}, base={} if base is None else {"a": base}, is_untouched=is_untouched,
        overwrite=overwrite,
    )  # fmt: skip
    value = {"a": file}
    assert merged == Merge(value if expected == "written" else {}, value if expected == "kept" else {}, value)


def test_a_column_that_is_new_in_the_files_is_theirs() -> None:
    merged = merge(row={"a": 1, "b": 0}, file={"a": 1, "b": 2}, base={"a": 1}, is_untouched=False, overwrite=False)
    assert (merged.written, merged.kept) == ({"b": 2}, {})
