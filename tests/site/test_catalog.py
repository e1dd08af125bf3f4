"""The matrix, its filters and orders, the map, the stages, and the comparison."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.test import Client

from apps.catalog.models import AIModel, Lifecycle, ModelStatistics
from apps.catalog.shelf import OnShelf
from apps.ledger.amounts import format_credits
from tests.site.conftest import LONG_AGO, Reader


def listed(client: Client, query: str = "") -> list[str]:
    """The ids in the matrix, in order."""
    answer = client.get(f"/models{query}")
    assert answer.status_code == 200
    return re.findall(r'name="models" value="([^"]+)"', answer.content.decode())


def row(client: Client, model_id: str) -> str:
    page = client.get("/models").content.decode()
    return page.partition(f'value="{model_id}"')[2].partition("</tr>")[0]


def test_the_matrix_lists_everything_on_sale_and_states_the_true_number(
    visitor: Client, catalog: list[OnShelf], said: Reader
) -> None:
    assert sorted(listed(visitor)) == sorted(one.ai_model.pk for one in catalog)
    assert f"{len(catalog)} models in the catalogue" in said(visitor.get("/models"))
    AIModel.objects.filter(pk="reve").update(is_enabled=False)
    assert "reve" not in listed(visitor)
    assert f"{len(catalog) - 1} models in the catalogue" in said(visitor.get("/models"))


def test_every_model_has_its_price_rating_and_time_as_the_catalogue_has_them(
    visitor: Client, catalog: list[OnShelf]
) -> None:
    page = visitor.get("/models").content.decode()
    for one in catalog:
        cells = page.partition(f'name="models" value="{one.ai_model.pk}"')[2].partition("</tr>")[0]
        assert f"{format_credits(one.from_mc)} cr</span>" in cells, one.ai_model.pk
        if one.ai_model.rating:
            assert f"{one.ai_model.rating} out of 5 stars" in cells
        if one.ai_model.average_seconds:
            assert f"~{one.ai_model.average_seconds}\N{NO-BREAK SPACE}s" in cells


def test_marks_are_words_and_shapes_and_there_are_three_of_them(visitor: Client) -> None:
    cells = re.findall(
        r'<span class="mk (yes|no|limited)">.*?<span class="sr">([^<]+)</span></span>', row(visitor, "openai_4o")
    )
    assert [answer for answer, _ in cells] == [
        "yes", "yes", "limited", "yes", "no", "limited", "no", "no", "no", "yes",
    ]  # fmt: skip
    assert cells[2] == ("limited", "up to 5, limited")
    assert cells[9] == ("yes", "up to 4")
    assert "#i-part" in row(visitor, "openai_4o")


def test_supported_models_stand_in_a_group_of_their_own_with_a_warning(visitor: Client, said: Reader) -> None:
    AIModel.objects.filter(pk="reve").update(support_tier="supported")
    AIModel.objects.filter(pk="nano_banana_edit").update(support_tier="recommended")
    page = visitor.get("/models").content.decode()
    recommended, _, supported = page.partition("These run too, but quality or speed may vary")
    assert 'value="nano_banana_edit"' in recommended
    assert 'value="reve"' in supported
    assert "quality or speed may vary" not in said(visitor.get("/models?support_tier=recommended"))


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("?kind=upscale", lambda one: "upscale" in one.kinds),
        ("?stage=motion", lambda one: one.ai_model.stage == "motion"),
        ("?provider=openai", lambda one: one.ai_model.provider_id == "openai"),
        ("?support_tier=supported", lambda one: one.ai_model.support_tier == "supported"),
        ("?consistency=Elite", lambda one: one.ai_model.consistency == "Elite"),
        ("?capability=mask_edit", lambda one: bool(one.ai_model.capabilities["mask_edit"])),
        ("?tag=fast", lambda one: "fast" in one.ai_model.tags),
        ("?max_price=6", lambda one: one.from_mc <= 6000),
        ("?q=NANO+banana", lambda one: "nano banana" in one.ai_model.name.lower()),
        (
            "?stage=explore&max_price=6&sort=price",
            lambda one: one.ai_model.stage == "explore" and one.from_mc <= 6000,
        ),
    ],
)
def test_a_filter_shows_what_it_says(visitor: Client, catalog: list[OnShelf], query: str, holds: object) -> None:
    assert callable(holds)
    expected = {one.ai_model.pk for one in catalog if holds(one)}
    assert 0 < len(expected) < len(catalog)
    assert set(listed(visitor, query)) == expected


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("price", lambda one: one.from_mc),
        ("rating", lambda one: -(one.ai_model.rating or 0)),
        ("speed", lambda one: one.seconds or 10**9),
        ("name", lambda one: one.ai_model.name.casefold()),
    ],
)
def test_an_order_holds_within_each_group(visitor: Client, catalog: list[OnShelf], sort: str, key: object) -> None:
    assert callable(key)
    by_id = {one.ai_model.pk: one for one in catalog}
    for tier in ("recommended", "supported"):
        keys = [key(by_id[one]) for one in listed(visitor, f"?sort={sort}&support_tier={tier}")]
        assert keys == sorted(keys)


@pytest.mark.parametrize(
    "query",
    [
        "?stage=nowhere&kind=%27&provider=%27%3B--&sort=__class__",
        "?max_price=-1",
        "?max_price=NaN",
        "?max_price=1e9",
        "?max_price=" + "9" * 400,
        "?q=" + quote("<script>alert(1)</script>") * 50,
        "?stage=explore&stage=%ff%fe",
        "?" + "&".join(f"x{number}=1" for number in range(500)),
    ],
)
def test_hostile_addresses_are_answered_with_a_page(visitor: Client, query: str) -> None:
    for address in ("/models", "/models/map", "/models/stages"):
        answer = visitor.get(f"{address}{query}")
        assert answer.status_code == 200, (address, query)
        assert b"<script>alert" not in answer.content


def test_what_is_not_understood_is_said_and_left_out(visitor: Client, said: Reader, catalog: list[OnShelf]) -> None:
    text = said(visitor.get("/models?stage=nowhere&max_price=cheap&sort=luck"))
    assert "Stage: nothing here is called «nowhere», so it was left out." in text
    assert "«cheap» is not an amount of credits" in text
    assert "there is none called «luck»" in text
    assert f"All {len(catalog)} models." in text


def test_where_nothing_fits_there_is_a_way_back(visitor: Client, said: Reader) -> None:
    answer = visitor.get("/models?q=zzzz")
    assert "No model does all of that" in said(answer)
    assert listed(visitor, "?q=zzzz") == []
    assert 'href="/models">Show all' in answer.content.decode()


def test_the_date_is_that_of_the_newest_change(visitor: Client) -> None:
    AIModel.objects.update(updated_at=LONG_AGO)
    AIModel.objects.filter(pk="reve").update(updated_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    assert "4 March 2026, 05:06 UTC" in visitor.get("/models").content.decode()


def test_stages_begin_with_their_leaders(visitor: Client) -> None:
    page = visitor.get("/models/stages").content.decode()
    leaders = re.findall(r'<a class="mcard" href="/models/([^"]+)"', page)
    assert leaders == ["bytedance_seedream", "nano_banana_v1", "nano_banana_2", "flux_kontext", "veo_3", "sora_2"]


def test_the_map_shows_every_model_whose_time_is_known_and_names_the_rest(
    visitor: Client, catalog: list[OnShelf], said: Reader
) -> None:
    answer = visitor.get("/models/map")
    drawn = answer.content.decode().partition('<svg class="map"')[2].partition("</svg>\n</div>")[0]
    known = {one.ai_model.name for one in catalog if one.seconds}
    assert len(known) >= 14
    for name in known:
        assert f">{name}</text>" in drawn
        assert f">{name}</a>" in answer.content.decode().partition("Show as table")[2]
    for one in catalog:
        if not one.seconds:
            assert one.ai_model.name in said(answer).partition("Not on the map")[2]


def test_a_measured_time_is_shown_beside_the_usual_one_from_twenty_runs_on(visitor: Client) -> None:
    figures = ModelStatistics.objects.create(
        ai_model_id="reve", window_days=30, runs=19, succeeded=19, median_ms=31_400, p95_ms=40_000, measured_at=LONG_AGO
    )
    assert "measured" not in row(visitor, "reve")
    figures.runs = 20
    figures.save(update_fields=["runs"])
    assert "measured 31\N{NO-BREAK SPACE}s" in row(visitor, "reve")


def test_models_stand_side_by_side_with_what_differs_marked(visitor: Client, said: Reader) -> None:
    answer = visitor.get("/models/compare?models=gpt_image_2,nano_banana_2")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.findall(r'<a class="link" href="/models/([^"]+)">', page)[:2] == ["gpt_image_2", "nano_banana_2"]
    assert "Consistency differs Elite Excellent" in said(answer)
    assert "Support" in page
    assert "Support differs" not in said(answer)


def test_ticks_arrive_as_repeated_parameters_and_twice_the_same_is_once(visitor: Client) -> None:
    answer = visitor.get("/models/compare?models=reve&models=reve_fast&models=reve")
    assert answer.status_code == 200
    assert answer.content.decode().count('<th scope="col"><span class="print">') == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?models=reve,reve_fast,qwen,veo_3,sora_2", "That is 5 models, and four is the most. Take one out."),
        ("?models=reve", "Pick two, three or four models in the list, then compare them."),
        ("", "Pick two, three or four models in the list, then compare them."),
        ("?models=nope,%3Cb%3E", "Not in the catalogue, so left out: nope"),
    ],
)
def test_too_many_too_few_and_unknown_ones_are_refused_in_words(
    visitor: Client, said: Reader, query: str, sentence: str
) -> None:
    answer = visitor.get(f"/models/compare{query}")
    assert answer.status_code == 422
    assert sentence in said(answer)


def test_retired_models_leave_the_list(visitor: Client) -> None:
    AIModel.objects.filter(pk="reve").update(lifecycle=Lifecycle.RETIRED)
    assert "reve" not in listed(visitor)
