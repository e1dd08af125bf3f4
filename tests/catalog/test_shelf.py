"""The shelf: every model on sale with its price, defaults and measured facts, in one query."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, DefaultModel, ModelStatistics, PriceState, PriceVersion
from apps.catalog.shelf import OnShelf, read_shelf
from apps.catalog.sync import sync_catalog

FIGURES = {"runs": 20, "succeeded": 18, "outputs": 40, "kept": 10, "rerun": 5, "median_ms": 9_400, "p95_ms": 12_000}


@pytest.fixture
def catalog(db: None, now: datetime) -> None:
    sync_catalog(now=now)
    DefaultModel.objects.all().delete()


def find(ai_model_id: str, now: datetime, workspace: Workspace | None = None) -> OnShelf:
    return next(one for one in read_shelf(now=now, workspace=workspace) if one.ai_model.pk == ai_model_id)


@pytest.mark.usefixtures("catalog")
def test_everything_comes_in_one_query(
    now: datetime, acme: Workspace, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(1):
        shelf = read_shelf(now=now, workspace=acme)
        said = [(one.ai_model.provider.name, one.from_mc, one.usual_mc, one.most_pictures) for one in shelf]
        successors = [one.ai_model.successor.name for one in shelf if one.ai_model.successor]
    assert successors == ["GPT Image 2"]
    assert len(said) == AIModel.objects.count()
    wanted = list(AIModel.objects.order_by("position", "pk").values_list("pk", flat=True))
    assert [one.ai_model.pk for one in shelf] == wanted


@pytest.mark.usefixtures("catalog")
def test_what_is_not_for_sale_is_left_out_unless_it_is_asked_for(now: datetime) -> None:
    AIModel.objects.filter(pk="flux_pro").update(is_enabled=False)
    AIModel.objects.filter(pk="nano_banana").update(lifecycle="retired")
    PriceVersion.objects.filter(ai_model="flux_realism").update(state=PriceState.DRAFT)
    ids = {one.ai_model.pk for one in read_shelf(now=now)}
    assert not ids & {"flux_pro", "nano_banana", "flux_realism"}
    assert "flux_schnell" in ids
    asked = AIModel.objects.filter(pk__in=["flux_pro", "nano_banana", "flux_realism"])
    found = {one.ai_model.pk: one.is_on_sale for one in read_shelf(now=now, ai_models=asked)}
    assert found == {"flux_pro": False, "nano_banana": False}  # without a price there is nothing to show


@pytest.mark.usefixtures("catalog")
def test_the_price_is_the_one_in_force(now: datetime) -> None:
    rule = PriceVersion.objects.get(ai_model="flux_pro").sell_rule

    def publish(number: int, per_call_mc: int, effective_at: datetime, state: str = PriceState.PUBLISHED) -> None:
        PriceVersion.objects.create(
            ai_model_id="flux_pro",
            number=number,
            sell_rule=rule | {"base": {"per_call_mc": per_call_mc}},
            effective_at=effective_at,
            state=state,
        )

    publish(7, 13_000, now)
    publish(8, 14_000, now + timedelta(seconds=1))
    publish(9, 15_000, now, PriceState.WITHDRAWN)
    assert (find("flux_pro", now).price.number, find("flux_pro", now).from_mc) == (7, 13_000)
    later = now + timedelta(seconds=1)
    assert (find("flux_pro", later).price.number, find("flux_pro", later).from_mc) == (8, 14_000)
    assert find("flux_schnell", later).price.number == 1


@pytest.mark.usefixtures("catalog")
def test_a_rule_or_a_schema_that_changed_shows_at_once(now: datetime) -> None:
    before = find("flux_schnell", now)
    assert (before.from_mc, before.usual_mc) == (1_000, 1_000)
    dearer = before.price.sell_rule | {"base": {"per_call_mc": 7_000}}
    PriceVersion.objects.filter(pk=before.price.pk).update(sell_rule=dearer)
    schema = before.ai_model.schema
    counted = schema["properties"]["num_images"] | {"default": 3}
    AIModel.objects.filter(pk="flux_schnell").update(
        schema=schema | {"properties": schema["properties"] | {"num_images": counted}}
    )
    after = find("flux_schnell", now)
    assert (after.from_mc, after.usual_mc) == (7_000, 21_000)


@pytest.mark.usefixtures("catalog")
def test_defaults_of_the_installation_stand_beside_their_model(now: datetime, acme: Workspace) -> None:
    make = DefaultModel.objects.create
    make(surface="studio", task="create", ai_model_id="flux_pro")
    make(surface="api", task="create", stage="deliver", ai_model_id="flux_pro")
    make(surface="mcp", task="create", ai_model_id="flux_pro", workspace=acme)
    said = [(one.surface, one.task, one.stage) for one in find("flux_pro", now).defaults]
    assert said == [("api", "create", "deliver"), ("studio", "create", "")]
    assert find("flux_schnell", now).defaults == ()


@pytest.mark.usefixtures("catalog")
def test_measured_facts_stand_beside_the_editorial_ones(now: datetime, acme: Workspace, elsewhere: Workspace) -> None:
    make = ModelStatistics.objects.create
    make(ai_model_id="flux_pro", window_days=7, measured_at=now, **FIGURES)
    make(ai_model_id="flux_pro", window_days=30, measured_at=now, **(FIGURES | {"runs": 19, "succeeded": 1}))
    make(ai_model_id="flux_pro", window_days=7, measured_at=now, workspace=acme, **(FIGURES | {"kept": 20}))
    make(ai_model_id="flux_pro", window_days=7, measured_at=now, workspace=elsewhere, **(FIGURES | {"kept": 30}))

    one = find("flux_pro", now, acme)
    assert set(one.measured) == {7}  # 19 runs say nothing
    week = one.measured[7]
    assert (week.runs, week.median_ms, week.p95_ms) == (20, 9_400, 12_000)
    assert (week.success_rate, week.keep_rate, week.rerun_rate) == (0.9, 0.25, 0.25)
    assert {days: said.keep_rate for days, said in one.measured_here.items()} == {7: 0.5}
    assert find("flux_pro", now).measured_here == {}
    assert find("flux_schnell", now, acme).measured == {}


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("ai_model_id", "kinds", "most"),
    [
        ("flux_schnell", ("text_to_image",), 0),
        ("flux_pro", ("text_to_image",), 1),
        ("nano_banana_edit", ("image_edit",), 14),
        ("seedream_v5_edit", ("image_edit",), 10),  # of more, the last are used
        ("nano_banana_v1", ("image_edit", "text_to_image", "upscale"), 10),  # nobody says how many
        ("topaz_upscale_image", ("upscale",), 1),
    ],
)
def test_a_model_tells_what_it_does_and_takes(
    now: datetime, ai_model_id: str, kinds: tuple[str, ...], most: int
) -> None:
    one = find(ai_model_id, now)
    assert (one.kinds, one.most_pictures) == (kinds, most)
