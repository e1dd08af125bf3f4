"""The picker: groups, orders, and what is said of each model."""

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from apps.catalog.models import AIModel, ModelStatistics
from tests.builders import NOW
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def picker_in(page: str) -> str:
    return page[page.index('id="picker"') : page.index("</section>", page.index('id="picker"'))]


def names_in(page: str) -> list[str]:
    return re.findall(r'name="model" value="([^"]+)"', picker_in(page))


def test_models_fall_into_groups_and_supported_ones_come_with_a_notice(studio: Studio, said: "Said") -> None:
    page = picker_in(said(studio.get("studio", query="?stage=precision")))
    recommended, also = page.index("<b>Recommended</b>"), page.index("<b>Also at this stage</b>")
    supported = page.index("<b>Supported</b><span>Quality and speed may vary with these.</span>")
    assert recommended < page.index('value="gpt_image_1_5"') < also < page.index('value="gpt_image_2"') < supported
    assert "<b>Best for:</b>" in page[recommended:also]
    assert "<b>Use when:</b>" in page[supported:]
    assert page.count("quality and speed may vary".capitalize()) == 1


def test_a_model_is_shown_with_its_rating_provider_time_likeness_and_usual_price(studio: Studio, said: "Said") -> None:
    page = picker_in(said(studio.get("studio", query="?stage=refine")))
    option = page[page.index('value="flux_2_pro"') :].partition("</label>")[0]
    assert "4 out of 5 stars" in option
    assert "<span>about 16 s</span><span>fal.ai</span><span>Likeness: Strong</span>" in option
    assert '<span class="cost">6 cr</span>' in option


def test_a_model_that_takes_no_references_has_no_likeness(studio: Studio, said: "Said") -> None:
    AIModel.objects.filter(pk="flux_schnell").update(consistency="Elite")
    page = picker_in(said(studio.get("studio", query="?stage=explore")))
    assert "Likeness" not in page[page.index('value="flux_schnell"') :].partition("</label>")[0]


@pytest.mark.parametrize(("runs", "words"), [(20, "about 16 s · 18 s measured"), (19, "about 16 s")])
def test_the_measured_time_stands_beside_the_usual_one_when_enough_ran(
    studio: Studio, said: "Said", runs: int, words: str
) -> None:
    ModelStatistics.objects.create(
        ai_model_id="flux_2_pro", window_days=30, runs=runs, succeeded=runs, median_ms=18_200, measured_at=NOW
    )
    assert f"<span>{words}</span>" in said(studio.get("studio", query="?stage=refine"))


def test_a_model_on_its_way_out_says_until_when_and_what_follows(studio: Studio, said: "Said") -> None:
    assert "On sale until 1 December 2026; GPT Image 2 follows it." in said(
        studio.get("studio", query="?stage=precision")
    )
    AIModel.objects.filter(pk="gpt_image_1_5").update(successor=None, retires_on=date(2027, 3, 31))
    assert "On sale until 31 March 2027.<" in said(studio.get("studio", query="?stage=precision"))


def test_the_default_of_a_stage_leads_in_our_order(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query="?stage=explore"))
    assert names_in(page)[0] == "bytedance_seedream"
    assert "The default for Explore." in page


@pytest.mark.parametrize(
    ("sort", "recommended"),
    [
        ("", ["flux_kontext", "gpt_image_1_5", "gpt_image_1"]),
        ("price", ["flux_kontext", "gpt_image_1_5", "gpt_image_1"]),
        ("rating", ["gpt_image_1_5", "gpt_image_1", "flux_kontext"]),
        ("speed", ["gpt_image_1_5", "gpt_image_1", "flux_kontext"]),
        ("nonsense", ["flux_kontext", "gpt_image_1_5", "gpt_image_1"]),
    ],
)
def test_models_are_sorted_within_their_group(studio: Studio, sort: str, recommended: list[str]) -> None:
    page = studio.get("studio", query=f"?stage=precision&sort={sort}&picture=x").content.decode()
    assert names_in(page)[:3] == recommended


def test_sorting_changes_the_picker_alone(studio: Studio, said: "Said") -> None:
    page = said(studio.htmx("studio_sort", data=ASKED | {"sort": "price"}))
    assert page.startswith('<section id="picker">')
    assert "hx-swap-oob" not in page
    assert '<option value="price" selected>Price</option>' in page
    assert 'value="flux_schnell"' in page


def test_without_a_script_sorting_keeps_what_was_typed(studio: Studio, said: "Said") -> None:
    page = said(studio.post("studio_sort", data=ASKED | {"sort": "speed"}))
    assert "> a red kite</textarea>" in page
    assert '<option value="speed" selected>Speed</option>' in page


def test_the_order_outlives_a_change_of_model(studio: Studio, said: "Said") -> None:
    page = said(studio.htmx("studio_model", data=ASKED | {"model": "nano_banana", "sort": "price"}))
    assert '<option value="price" selected>Price</option>' in page


def test_all_models_are_one_link_away(studio: Studio, said: "Said") -> None:
    assert f'href="{studio.url("models")}">All 35 models</a>' in said(studio.get("studio"))
