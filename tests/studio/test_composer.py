"""The composer: the price before a run, changes of model and pictures, and the run itself."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.catalog.models import AIModel, PriceVersion
from apps.jobs.models import Job
from apps.ledger.balances import read_balance
from apps.library.models import Asset
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.builders import NOW
from tests.jobs.scripted import png
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

ASKED = {"model": "flux_schnell", "was": "flux_schnell", "prompt": "a red kite", "key": "one", "shown_mc": "1000"}


def upload(name: str = "kite.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or png(), content_type="image/png")


def available_mc(studio: Studio) -> int:
    return read_balance(workspace=studio.workspace, now=NOW).available_mc


# The price


def test_the_quote_and_the_button_come_together_with_the_same_price(studio: Studio, said: "Said") -> None:
    answer = said(studio.htmx("studio_quote", data=ASKED | {"num_images": "4"}))
    assert "4 × picture" in answer
    assert '<dd><span class="cost">4 cr</span></dd>' in answer
    assert "<dt>Left afterwards</dt><dd>996 cr</dd>" in answer
    assert '<span id="spending" hx-swap-oob="true">' in answer
    assert '<span class="sum">4 cr</span>' in answer
    assert 'name="shown_mc" value="4000"' in answer


def test_a_quote_costs_and_writes_nothing(studio: Studio) -> None:
    studio.htmx("studio_quote", data=ASKED)
    assert not Job.objects.exists()
    assert available_mc(studio) == 1_000_000


def test_without_a_script_the_price_comes_with_the_whole_page(studio: Studio, said: "Said") -> None:
    page = said(studio.post("studio_quote", data=ASKED | {"num_images": "3"}))
    assert "<h1>Studio</h1>" in page
    assert '<span class="sum">3 cr</span>' in page
    assert "> a red kite</textarea>" in page


def test_a_prompt_that_is_not_written_yet_does_not_hide_the_price(studio: Studio, said: "Said") -> None:
    assert '<span class="sum">1 cr</span>' in said(studio.get("studio"))


def test_a_missing_picture_blocks_the_button_and_says_so(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query="?model=local_upscale"))
    assert '<button type="submit" class="spend blocked" id="spend" form="make" disabled>' in page
    assert "Needs a picture" in page


def test_too_few_credits_block_the_button_and_say_how_many(studio: Studio, said: "Said") -> None:
    PriceVersion.objects.filter(ai_model="flux_schnell").update(
        sell_rule=PriceVersion.objects.get(ai_model="flux_pro").sell_rule
    )
    for _ in range(20):
        studio.run(inputs={"prompt": "a kite", "num_images": 4})
    answer = said(studio.htmx("studio_quote", data=ASKED | {"num_images": "4"}))
    assert '<span class="price">8 cr short</span>' in answer
    assert f'href="{studio.url("credits")}"' in answer


def test_a_model_that_nobody_can_run_here_offers_a_free_test_and_names_the_setting(
    studio: Studio, said: "Said"
) -> None:
    configure_providers(ENV)
    answer = said(studio.htmx("studio_quote", data=ASKED))
    assert "FAL_KEY is not set in this installation" in answer
    assert 'name="mock" value="on">Test<span class="price">free</span>' in answer


def test_a_fault_is_said_before_it_costs_anything(studio: Studio, said: "Said") -> None:
    answer = said(studio.htmx("studio_quote", data=ASKED | {"num_images": "9"}))
    assert "Check the settings" in answer
    assert "num_images must be at most 4." in answer


def test_a_free_test_is_never_yellow(studio: Studio, said: "Said") -> None:
    answer = said(studio.htmx("studio_quote", data=ASKED | {"mock": "on"}))
    assert (
        '<button type="submit" class="spend free" id="spend" form="make">Run<span class="price">free</span>' in answer
    )
    assert 'name="shown_mc" value="0"' in answer


# The run


def test_a_run_holds_what_was_shown_and_joins_the_wall(studio: Studio, said: "Said") -> None:
    answer = said(studio.htmx("studio_create", data=ASKED))
    job = Job.objects.get()
    assert (job.inputs, job.quoted_mc, job.user_id) == ({"prompt": "a red kite"}, 1000, studio.user.pk)
    assert f'<article class="run" id="run-{job.public_id}"' in answer
    assert "1 cr held" in answer
    assert 'hx-trigger="every 2s"' in answer
    assert available_mc(studio) == 999_000


def test_without_a_script_a_run_leads_back_to_the_same_settings(studio: Studio, said: "Said") -> None:
    answer = studio.post("studio_create", data=ASKED | {"num_images": "2", "shown_mc": "2000"})
    job = Job.objects.get()
    assert answer["Location"] == f"{studio.url('studio')}?job={job.public_id}"
    page = said(studio.client.get(answer["Location"]))
    assert "> a red kite</textarea>" in page
    assert '<span class="sum">2 cr</span>' in page


def test_a_double_click_makes_one_job(studio: Studio) -> None:
    first, second = (studio.htmx("studio_create", data=ASKED) for _ in range(2))
    assert Job.objects.count() == 1
    assert b"<article" in first.content
    assert b"<article" not in second.content
    assert second["HX-Reswap"] == "none"


def test_the_next_run_has_a_key_of_its_own(studio: Studio) -> None:
    answer = studio.htmx("studio_create", data=ASKED).content.decode()
    fresh = re.search(r'id="key" value="([^"]+)"', answer)
    assert fresh
    studio.htmx("studio_create", data=ASKED | {"key": fresh[1]})
    assert Job.objects.count() == 2


def test_a_higher_price_than_the_one_shown_is_never_taken_on_a_press(studio: Studio, said: "Said") -> None:
    answer = studio.htmx("studio_create", data=ASKED | {"num_images": "4"})
    page = said(answer)
    assert (answer.status_code, answer["HX-Reswap"]) == (422, "none")
    assert "The price is 4 cr now. Press Run again to accept it." in page
    assert 'name="shown_mc" value="4000"' in page
    assert not Job.objects.exists()
    assert available_mc(studio) == 1_000_000


@pytest.mark.parametrize("shown", ["", "-5", "1e9", "none"])
def test_without_a_shown_price_nothing_is_charged(studio: Studio, shown: str) -> None:
    assert studio.post("studio_create", data=ASKED | {"shown_mc": shown}).status_code == 422
    assert not Job.objects.exists()


def test_faults_stand_under_their_fields_and_what_was_typed_stays(studio: Studio, said: "Said") -> None:
    answer = studio.post("studio_create", data=ASKED | {"seed": "44l7", "num_images": "9"})
    page = said(answer)
    assert answer.status_code == 422
    assert 'value="44l7" placeholder="Random"' in page
    assert 'aria-invalid="true" aria-describedby="field-seed-fault"' in page
    assert re.search(r'id="field-seed-fault">.{0,200}seed must be a whole number or null', page)
    assert re.search(r'id="field-num_images-fault">.{0,200}num_images must be at most 4', page)
    assert "> a red kite</textarea>" in page
    assert not Job.objects.exists()


def test_a_sample_runs_free(studio: Studio) -> None:
    page = studio.get("studio").content.decode()
    form = page[page.index('action="' + studio.url("studio_create")) :]
    fields = dict(re.findall(r'<input type="hidden" name="(key|model|prompt|shown_mc)" value="([^"]*)"', form[:1200]))
    assert studio.post("studio_create", data=fields | {"mock": "on"}).status_code == 302
    assert Job.objects.get().is_mock
    assert available_mc(studio) == 1_000_000


def test_an_unknown_model_is_not_found(studio: Studio) -> None:
    assert studio.post("studio_create", data=ASKED | {"model": "nothing"}).status_code == 404
    AIModel.objects.filter(pk="flux_schnell").update(is_enabled=False)
    assert studio.post("studio_create", data=ASKED).status_code == 404


# The model


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
    assert 'name="was" value="flux_realism"' in page


def test_a_stage_begins_with_a_model_for_the_pictures_at_hand(studio: Studio, said: "Said") -> None:
    page = said(studio.get("studio", query=f"?stage=refine&picture={studio.picture().public_id}"))
    assert 'name="was" value="nano_banana_edit"' in page
    assert '<span class="sum">30 cr</span>' in page


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


# Pictures


def test_a_picture_is_taken_in_and_stands_in_its_slot(studio: Studio, said: "Said") -> None:
    answer = studio.htmx(
        "studio_references", data={"model": "nano_banana_edit", "image_urls.files": [upload(), upload("b.png")]}
    )
    page, assets = said(answer), list(Asset.objects.order_by("id"))
    assert [asset.name for asset in assets] == ["kite.png", "b.png"]
    for asset in assets:
        assert f'name="image_urls" value="{asset.public_id}"' in page
    assert "2 of 14 used" in page
    assert "requote" in answer["HX-Trigger-After-Swap"]


def test_a_picture_is_taken_out_again(studio: Studio, said: "Said") -> None:
    first, second = studio.picture("a.png"), studio.picture("b.png")
    data: dict[str, Any] = {  # what the test client posts
        "model": "nano_banana_edit",
        "image_urls": [first.public_id, second.public_id],
        "drop": "image_urls:0",
    }
    page = said(studio.htmx("studio_references", data=data))
    assert second.public_id in page
    assert first.public_id not in page


@pytest.mark.parametrize("drop", ["image_urls:7", "image_urls:-1", "other:0", ":", "image_urls:x"])
def test_taking_out_what_is_not_there_changes_nothing(studio: Studio, drop: str) -> None:
    picture = studio.picture()
    data = {"model": "nano_banana_edit", "image_urls": [picture.public_id], "drop": drop}
    assert picture.public_id in studio.htmx("studio_references", data=data).content.decode()


def test_a_file_that_is_no_picture_is_refused_by_name(studio: Studio, said: "Said") -> None:
    data = {"model": "nano_banana_edit", "image_urls.files": [upload("list.txt", b"eggs, milk")]}
    page = said(studio.htmx("studio_references", data=data))
    assert "list.txt:" in page
    assert not Asset.objects.exists()


def test_more_pictures_than_a_slot_holds_are_refused(studio: Studio, said: "Said") -> None:
    data = {"model": "local_upscale", "image_url.files": [upload("a.png"), upload("b.png")]}
    page = said(studio.htmx("studio_references", data=data))
    assert "b.png: Picture holds 1 at most." in page
    assert Asset.objects.count() == 1


def test_without_a_script_a_file_goes_along_with_the_run(studio: Studio) -> None:
    data = {"model": "local_upscale", "key": "one", "shown_mc": "1000", "image_url.files": [upload()]}
    assert studio.post("studio_create", data=data).status_code == 302
    job = Job.objects.get()
    assert job.inputs == {"image_url": Asset.objects.get(origin="uploaded").public_id}


def test_someone_elses_picture_is_neither_shown_nor_used(studio: Studio, elsewhere: Any) -> None:  # a fixture
    foreign = studio.picture()
    Asset.objects.filter(pk=foreign.pk).update(workspace=elsewhere)
    page = studio.get("studio", query=f"?model=local_upscale&picture={foreign.public_id}").content.decode()
    assert "kite.png" not in page
    data = {"model": "local_upscale", "key": "one", "shown_mc": "1000", "image_url": foreign.public_id}
    assert studio.post("studio_create", data=data).status_code == 422
    assert not Job.objects.exists()


def test_a_jobs_settings_are_used_again_with_its_pictures(studio: Studio, said: "Said") -> None:
    picture = studio.picture()
    job = studio.run("local_upscale", inputs={"image_url": picture.public_id, "upscale_factor": 3})
    page = said(studio.get("studio", query=f"?job={job.public_id}"))
    assert f'name="image_url" value="{picture.public_id}"' in page
    assert re.search(r'name="upscale_factor"[^>]* value="3"', page)
