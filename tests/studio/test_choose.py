"""Help me choose: questions, suggestions with reasons, and what lies in the composer comes along."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.catalog.models import AIModel, Stage, Switch
from apps.catalog.switching import switch
from tests.builders import NOW
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

DRAFT = ASKED | {"was": "nano_banana_edit", "keep": "the hat"}


def suggested(page: str) -> list[str]:
    return re.findall(r'form="use"[^>]* name="model" value="([^"]+)">Use it', page)


def test_without_an_answer_early_work_gets_a_quick_and_cheap_model(studio: Studio) -> None:
    page = studio.get("choose").content.decode()
    found = AIModel.objects.filter(pk__in=suggested(page)).values_list("stage", flat=True)
    assert set(found) == {Stage.EXPLORE}
    assert suggested(page)[0] == "bytedance_seedream"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("?wish-stage=explore", "bytedance_seedream"),
        ("?wish-needs=small_spot&wish-references=1", "flux_kontext"),
        ("?wish-task=background_removal", "local_cutout"),  # nobody serves the usual one here
        ("?wish-stage=motion", "veo_3"),
    ],
)
def test_other_answers_give_other_models_with_reasons_and_a_price(
    studio: Studio, said: "Said", query: str, first: str
) -> None:
    page = said(studio.get("choose", query=query))
    assert suggested(page)[0] == first
    best = page[page.index('<li class="answer best') :].partition("Use it")[0]
    assert re.search(r"<ul>(<li>[^<]+\.</li> ?)+</ul>", best)
    assert re.search(r'<span class="cost">[\d.,]+ cr</span>', best)


def test_advice_comes_before_the_suggestions(studio: Studio, said: "Said") -> None:
    page = said(studio.get("choose", query="?wish-needs=small_spot&wish-needs=exact_colors"))
    choices = page[page.index('id="choices"') :]
    assert choices.index("mark the spot with a mask") < choices.index("No model promises") < choices.index("<ol>")
    assert 'value="openai_4o">Use OpenAI 4o Image' in choices


def test_a_budget_and_a_deadline_leave_out_what_misses_them(studio: Studio, said: "Said") -> None:
    page = said(studio.get("choose", query="?wish-task=image_edit&wish-budget=6.5&wish-seconds=20"))
    assert suggested(page)
    for ai_model in AIModel.objects.filter(pk__in=suggested(page)):
        assert ai_model.average_seconds is None or ai_model.average_seconds <= 20
    prices = [float(text) for text in re.findall(r'<span class="cost">([\d.]+) cr', page[page.index('id="choices"') :])]
    assert max(prices) <= 6.5
    assert "Nothing fits" in said(studio.get("choose", query="?wish-budget=0.001"))


def test_a_wrong_answer_is_named_and_counts_as_none(studio: Studio, said: "Said") -> None:
    page = said(studio.get("choose", query="?wish-references=-3&wish-stage=nowhere&wish-budget=x"))
    assert page.count('<p class="err">') == 3
    assert suggested(page)[0] == "bytedance_seedream"


def test_what_is_switched_off_is_not_suggested(studio: Studio, said: "Said") -> None:
    switch(
        by=Switch.WORKSPACE,
        workspace=studio.workspace,
        subject="",
        ai_model_id="bytedance_seedream",
        is_on=False,
        actor_id=studio.user.pk,
        now=NOW,
    )
    assert "bytedance_seedream" not in suggested(said(studio.get("choose")))


def test_a_model_that_nobody_serves_comes_last_and_says_so(studio: Studio, said: "Said") -> None:
    page = said(studio.get("choose", query="?wish-task=background_removal"))
    assert suggested(page) == ["local_cutout", "recraft"]
    assert "Nobody serves it in this installation: only a free test runs." in page


def test_a_draft_comes_along_and_is_there_with_the_model_that_is_taken(studio: Studio, said: "Said") -> None:
    """Without a script: from the composer to the questions, to the answers, to the studio."""
    picture = studio.picture().public_id
    page = said(studio.post("choose", data=DRAFT | {"image_urls": picture}))
    assert 'name="wish-references" value="1"' in page
    again = said(studio.post("choose", data=DRAFT | {"image_urls": picture, "page": "on", "wish-needs": "4k"}))
    form = again[again.index('id="use"') :].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    assert "nano_banana_2" in suggested(again)
    use_url = re.search(r'formaction="([^"]+)" name="model" value="nano_banana_2"', again)
    assert use_url
    answer = studio.client.post(use_url[1], fields | {"model": "nano_banana_2"})
    studio_page = said(studio.client.get(answer["Location"]))
    assert 'name="was" value="nano_banana_2"' in studio_page
    assert "> a red kite</textarea>" in studio_page
    assert picture in studio_page
    assert 'name="keep" value="the hat"' in studio_page
    assert re.search(r'name="resolution" value="4K"[^>]* checked', studio_page)


def test_in_the_studio_it_is_a_dialog_that_takes_the_composer_as_it_is(studio: Studio, said: "Said") -> None:
    url, headers = studio.url("choose"), {"HX-Request": "true"}
    dialog = said(studio.client.post(url, DRAFT, headers=headers | {"HX-Target": "chooser"}))
    assert dialog.startswith("<dialog")
    assert 'hx-include="#make"' in dialog
    assert 'name="prompt"' not in dialog
    answer = said(studio.client.post(url, {"wish-stage": "motion"}, headers=headers | {"HX-Target": "choices"}))
    assert answer.startswith('<section id="choices"')
    assert 'hx-vals=\'{"model": "veo_3"}\'' in answer


def test_a_viewer_is_not_asked(studio: Studio, bob_client: Client) -> None:
    assert bob_client.get(studio.url("choose")).status_code == 403


def test_with_everything_off_the_studio_says_so_instead(studio: Studio) -> None:
    AIModel.objects.update(is_enabled=False)
    assert studio.get("choose")["Location"] == studio.url("studio")


def test_it_takes_few_queries(studio: Studio, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(12):
        assert studio.get("choose").status_code == 200
