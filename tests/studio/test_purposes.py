"""What can be done to a picture, and the words and models that each of it begins with."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from apps.catalog.models import AIModel, DefaultModel
from apps.studio.purposes import PURPOSES, find, words_for
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


EDIT = ASKED | {"was": "nano_banana_edit", "model": "nano_banana_edit"}


@pytest.mark.parametrize(
    ("purpose", "ai_model_id"),
    [
        ("quick", "nano_banana_edit"),
        ("style", "nano_banana_edit"),
        ("detail", "nano_banana_edit"),
        ("spot", "flux_kontext"),
        ("cutout", "recraft"),
        ("shape", "ideogram_reframe"),
        ("enlarge", "topaz_upscale_image"),
        ("animate", "veo_3"),
    ],
)
def test_a_purpose_begins_with_a_fitting_model(studio: Studio, said: "Said", purpose: str, ai_model_id: str) -> None:
    picture = studio.picture().public_id
    for page in (
        said(studio.htmx("studio_model", data=EDIT | {"image_urls": picture}, query=f"?purpose={purpose}")),
        said(studio.get("studio", query=f"?purpose={purpose}&picture={picture}")),
    ):
        assert f'name="was" value="{ai_model_id}"' in page
        assert picture in page
        chosen = re.findall(r'id="purpose-([a-z]+)"[^>]* aria-current="true"', page)
        assert chosen == [purpose]


def test_a_purpose_offers_words_and_never_takes_anybodys_own(studio: Studio, said: "Said") -> None:
    starter = find("style").starter  # type: ignore[union-attr]  # it is there
    empty = said(studio.htmx("studio_model", data=EDIT | {"prompt": ""}, query="?purpose=style"))
    assert f"> {starter}</textarea>" in empty
    own = said(studio.htmx("studio_model", data=EDIT, query="?purpose=style"))
    assert "> a red kite</textarea>" in own
    assert f'title="{starter}">Style</a>' in own[own.index("Starter prompts") :]


@pytest.mark.once
def test_another_purpose_replaces_the_words_of_the_last() -> None:
    quick, style, cutout = PURPOSES[0], PURPOSES[1], PURPOSES[4]
    assert words_for(style, quick.starter) == style.starter
    assert words_for(style, " ") == style.starter
    assert words_for(style, "my own") == "my own"
    assert words_for(cutout, quick.starter) == ""


def test_where_the_default_is_off_the_next_able_model_is_taken(studio: Studio, said: "Said") -> None:
    AIModel.objects.filter(pk="recraft").update(is_enabled=False)
    page = said(studio.htmx("studio_model", data=EDIT, query="?purpose=cutout"))
    assert 'name="was" value="local_cutout"' in page


def test_where_nothing_can_do_it_the_model_stays(studio: Studio, said: "Said") -> None:
    DefaultModel.objects.filter(task="image_to_video").delete()
    AIModel.objects.filter(kind="image_to_video").update(is_enabled=False)
    assert 'name="was" value="nano_banana_edit"' in said(
        studio.htmx("studio_model", data=EDIT, query="?purpose=animate")
    )


def test_a_model_without_pictures_asks_for_no_purpose(studio: Studio, said: "Said") -> None:
    assert "What to do with it" not in said(studio.get("studio", query="?model=flux_schnell"))
    assert "What to do with it" not in said(studio.get("studio", query="?model=bytedance_seedream"))
    assert "What to do with it" in said(studio.get("studio", query="?model=flux_kontext"))
