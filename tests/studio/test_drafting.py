"""A draft begins from an address or a job, and moves on to other models with what they also take."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from apps.catalog.models import DefaultModel
from apps.jobs.models import Job
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def test_another_model_takes_along_what_it_also_accepts(studio: Studio, said: "Said") -> None:
    data = ASKED | {"model": "nano_banana", "num_images": "3", "image_size": "square"}
    answer = studio.htmx("studio_model", data=data)
    page = said(answer)
    assert answer["HX-Replace-Url"] == f"{studio.url('studio')}?stage=refine&model=nano_banana"
    assert "> a red kite</textarea>" in page
    assert re.search(r'name="num_images"[^>]* value="3"', page)
    assert "Nano Banana Pro does not take shape, so that was left out." in page
    for region in ("settings", "make", "quote", "path"):
        assert re.search(rf'id="{region}"[^>]* hx-swap-oob="true"', page), region


def test_a_stage_begins_with_its_own_model(studio: Studio, said: "Said") -> None:
    page = said(studio.htmx("studio_model", data=ASKED, query="?stage=refine"))
    assert '<a class="refine" id="stage-refine"' in page
    assert 'name="was" value="nano_banana_v1"' in page


def test_a_stage_begins_with_a_model_for_the_pictures_at_hand(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query=f"?stage=refine&picture={studio.picture().public_id}"))
    assert 'name="was" value="nano_banana_v1"' in page
    assert '<span class="sum">8 cr</span>' in page


def test_a_model_that_cannot_take_the_pictures_stays_listed_and_says_why(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query=f"?stage=refine&picture={studio.picture().public_id}"))
    refine = page[page.index('id="picker"') : page.index('id="settings"')]
    assert refine.count("Takes no references") == 2
    assert refine.count("opt unfit") == 2


def test_the_words_outlive_a_model_that_takes_none(studio: Studio, said: "Said") -> None:
    page = said(studio.htmx("studio_model", data=ASKED | {"model": "local_upscale"}))
    assert '<input type="hidden" name="prompt" value="a red kite">' in page
    assert "Easel Upscale works on a picture and needs no words." in page
    back = said(studio.htmx("studio_model", data=ASKED | {"was": "local_upscale"}))
    assert "> a red kite</textarea>" in back


def test_a_jobs_settings_are_used_again_with_its_pictures(studio: Studio, said: "Said") -> None:
    picture = studio.picture()
    job = studio.run("local_upscale", inputs={"image_url": picture.public_id, "upscale_factor": 3})
    page = said(studio.get("studio", query=f"?job={job.public_id}"))
    assert f'name="image_url" value="{picture.public_id}"' in page
    assert re.search(r'name="upscale_factor"[^>]* value="3"', page)


def test_an_address_opens_a_model_with_a_prompt_and_settings(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query="?model=flux_pro&prompt=a+lighthouse&num_images=3&nonsense=1"))
    assert 'name="was" value="flux_pro"' in page
    assert "> a lighthouse</textarea>" in page
    assert re.search(r'name="num_images"[^>]* value="3"', page)


def test_an_address_with_an_unknown_model_opens_the_stages_own(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query="?model=nothing&prompt=a+lighthouse"))
    assert 'name="was" value="bytedance_seedream"' in page
    assert "> a lighthouse</textarea>" in page


def test_an_edit_begins_with_the_default_for_edits(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query=f"?picture={studio.picture().public_id}"))
    assert 'name="was" value="nano_banana_edit"' in page


def test_without_a_script_another_model_has_an_address_of_its_own(studio: Studio, said: "Said") -> None:
    """Loading the page again asks nothing, and shows the same."""
    picture = studio.picture().public_id
    data = ASKED | {"was": "nano_banana_edit", "image_urls": picture, "keep": "the hat", "sort": "price", "mock": "on"}
    answer = studio.post("studio_model", data=data | {"model": "flux_kontext"})
    assert answer.status_code == 302
    page = said(studio.client.get(answer["Location"]))
    assert 'name="was" value="flux_kontext"' in page
    assert "> a red kite</textarea>" in page
    assert f'name="image_url" value="{picture}"' in page
    assert 'name="keep" value="the hat"' in page
    assert '<option value="price" selected>' in page
    assert re.search(r'id="mock"[^>]* checked', page)


def test_a_draft_too_long_for_an_address_comes_with_the_page(studio: Studio, said: "Said") -> None:
    words = "a red kite " * 500
    answer = studio.post("studio_model", data=ASKED | {"model": "nano_banana", "prompt": words})
    assert answer.status_code == 200
    assert words.strip() in said(answer)


def test_settings_of_another_model_are_hidden_and_have_no_effect(studio: Studio) -> None:
    page = studio.get("studio", query="?model=flux_schnell").content.decode()
    assert 'name="resolution"' not in page
    studio.post("studio_create", data=ASKED | {"resolution": "4K", "upscale_factor": "4", "mask_url": "x"})
    assert Job.objects.get().inputs == {"prompt": "a red kite"}


def test_a_default_of_the_workspace_comes_first(studio: Studio, said: "Said") -> None:
    DefaultModel.objects.create(
        workspace=studio.workspace, surface="studio", task="image_edit", stage="", ai_model_id="flux_kontext"
    )
    page = said(studio.get("studio", query=f"?picture={studio.picture().public_id}"))
    assert 'name="was" value="flux_kontext"' in page
