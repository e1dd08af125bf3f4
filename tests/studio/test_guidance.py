"""Advice beside the composer, and prompts to begin with."""

import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING

from apps.catalog.models import AIModel
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def advice_in(page: str) -> str:
    found = re.search(r'<details class="disclose guidance">.*?</details>', page)
    return found[0] if found else ""


def test_an_edit_shows_five_tips_and_what_else_helps(studio: Studio, said: "Said") -> None:
    advice = advice_in(said(studio.get("studio", query="?model=nano_banana_edit")))
    assert "Five tips for edits" in advice
    assert advice.count("<li>") == 5
    assert "Nano Banana Pro Edit draws from up to 14 pictures." in advice
    assert "To change only what a mask marks, take OpenAI 4o Image." in advice
    assert "keeps the structure of a picture and paints its surface anew" in advice


def test_a_model_for_one_picture_says_so(studio: Studio, said: "Said") -> None:
    advice = advice_in(said(studio.get("studio", query="?model=flux_kontext_pro")))
    assert "works on one picture at a time." in advice


def test_a_new_picture_shows_three_hints(studio: Studio, said: "Said") -> None:
    advice = advice_in(said(studio.get("studio", query="?model=flux_schnell")))
    assert "Three hints for new pictures" in advice
    assert advice.count("<li>") == 3


def test_where_there_is_nothing_to_say_nothing_is_said(studio: Studio, said: "Said") -> None:
    assert advice_in(said(studio.get("studio", query="?model=local_upscale"))) == ""


def test_starters_of_a_model_load_its_prompt_and_settings(studio: Studio, said: "Said") -> None:
    samples = AIModel.objects.get(pk="flux_kontext").sample_prompts
    picture = studio.picture().public_id
    page = said(studio.get("studio", query=f"?model=flux_kontext&picture={picture}"))
    chips = re.findall(r'id="starter-\d" href="([^"]+)" hx-post="([^"]+)"', page)
    assert len(chips) == len(samples) == 3
    link, post_url = (unescape(address) for address in chips[0])
    asked = ASKED | {"was": "flux_kontext", "model": "flux_kontext", "image_url": picture}
    for answer in (
        said(studio.client.get(link)),
        said(studio.client.post(post_url, asked, headers={"HX-Request": "true"})),
    ):
        assert f"> {samples[0]['prompt']}</textarea>" in unescape(answer)
        assert f'name="image_url" value="{picture}"' in answer


def test_a_starters_settings_come_with_it(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query="?model=nano_banana_edit"))
    link = next(unescape(one) for one in re.findall(r'hx-post="([^"]+)"', page) if "resolution=2K" in one)
    asked = ASKED | {"was": "nano_banana_edit", "model": "nano_banana_edit", "num_images": "2"}
    answer = said(studio.client.post(link, asked, headers={"HX-Request": "true"}))
    assert re.search(r'name="resolution" value="2K"[^>]* checked', answer)
    assert re.search(r'name="num_images"[^>]* value="2"', answer)


def test_rare_settings_stand_in_the_disclosure(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query="?model=flux_kontext"))
    rest = page[page.index('<details class="disclose">') :].partition("</details>")[0]
    assert "<summary>" in rest
    assert 'name="guidance_scale"' in rest
    assert 'name="seed"' in rest
