"""The composer: the price before a run, and the run itself."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from apps.catalog.models import AIModel, PriceVersion, Switch
from apps.catalog.switching import switch
from apps.jobs.models import Job
from apps.ledger.balances import read_balance
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.builders import NOW
from tests.studio.conftest import ASKED, LONG_AGO, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


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
    assert '<span class="sum">1 cr</span>' in said(studio.get("studio", query="?model=flux_schnell"))


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


def test_a_model_that_nobody_can_run_here_names_one_that_does_the_same_work(studio: Studio, said: "Said") -> None:
    """Only one that this person may use, and that takes the pictures at hand; it takes over what is in the composer."""
    asked = {"model": "recraft", "image_url": studio.picture().public_id}
    assert 'id="instead"' not in said(studio.htmx("studio_quote", data=ASKED))
    configure_providers(ENV)
    answer = said(studio.htmx("studio_quote", data=asked))
    assert ">Easel Cutout</a> runs here, for 1 cr.</p>" in answer
    assert f"""hx-post="{studio.url("studio_model")}" hx-vals='{{"model": "local_cutout"}}'""" in answer
    assert f'href="{studio.url("studio")}?stage=precision&amp;model=local_cutout"' in answer
    switch(
        by=Switch.WORKSPACE, workspace=studio.workspace, ai_model_id="local_cutout", is_on=False, actor_id=None,
        now=LONG_AGO,
    )  # fmt: skip
    assert 'id="instead"' not in said(studio.htmx("studio_quote", data=asked))
    assert 'id="instead"' not in said(studio.htmx("studio_quote", data=ASKED))


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
