"""What an edit must leave alone ends up in the prompt that is sent, and is asked for again."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from apps.jobs.models import Job
from apps.studio.keep_unchanged import join, part
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


EDIT = ASKED | {
    "model": "nano_banana_edit",
    "was": "nano_banana_edit",
    "keep": "the face,  the sign",
    "shown_mc": "30000",
}
SENT = "a red kite\n\nKeep unchanged: the face, the sign"


@pytest.mark.once
@pytest.mark.parametrize(
    ("prompt", "keep", "sent"),
    [
        ("a red kite", "the face", "a red kite\n\nKeep unchanged: the face"),
        ("a red kite \n", " the\nface ", "a red kite\n\nKeep unchanged: the face"),
        ("a red kite", " ", "a red kite"),
        ("", "the face", ""),
    ],
)
def test_it_is_said_behind_the_prompt(prompt: str, keep: str, sent: str) -> None:
    assert join(prompt, keep) == sent


@pytest.mark.once
def test_it_is_told_from_the_prompt_again() -> None:
    assert part("a red kite\n\nKeep unchanged: the face") == ("a red kite", "the face")
    assert part("Keep unchanged: the face") == ("Keep unchanged: the face", "")
    assert part("a\n\nKeep unchanged: b\nand more") == ("a\n\nKeep unchanged: b\nand more", "")


def test_it_is_recorded_as_it_was_sent_and_shown_with_the_price(studio: Studio, said: "Said") -> None:
    data = EDIT | {"image_urls": studio.picture().public_id}
    quote = said(studio.htmx("studio_quote", data=data))
    assert "Keep unchanged: the face, the sign</span>" in quote
    assert studio.post("studio_create", data=data).status_code == 302
    assert Job.objects.get().inputs["prompt"] == SENT


def test_a_jobs_settings_bring_it_back_to_its_field(studio: Studio, said: "Said") -> None:
    job = studio.run("nano_banana_edit", inputs={"prompt": SENT, "image_urls": [studio.picture().public_id]})
    page = said(studio.get("studio", query=f"?job={job.public_id}"))
    assert "> a red kite</textarea>" in page
    assert 'id="keep" name="keep" value="the face, the sign"' in page


def test_it_outlives_models_that_are_not_asked(studio: Studio, said: "Said") -> None:
    for model in ("flux_schnell", "local_upscale"):
        page = said(studio.htmx("studio_model", data=EDIT | {"model": model}))
        assert '<input type="hidden" name="keep" value="the face, the sign">' in page.replace("  ", " ")
        assert "Sent behind the prompt" not in page
    back = said(studio.htmx("studio_model", data=EDIT | {"was": "local_upscale"}))
    assert 'id="keep" name="keep"' in back


def test_a_model_that_makes_pictures_is_sent_the_prompt_alone(studio: Studio) -> None:
    studio.post("studio_create", data=ASKED | {"keep": "the face"})
    assert Job.objects.get().inputs == {"prompt": "a red kite"}
