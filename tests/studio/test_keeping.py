"""Keeping a picture on its job's page, and taking that back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.catalog.models import AIModel
from apps.library.models import Asset
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def test_a_picture_is_kept_and_that_is_undone(studio: Studio, said: "Said") -> None:
    job = studio.finish(studio.run())
    assert '<input type="hidden" name="output" value="1">' in said(studio.get("job", job.public_id))
    kept = said(studio.htmx("job_keep", job.public_id, data={"output": "1", "keep": "on"}))
    assert "Kept</span>" in kept
    assert ">Undo</button>" in kept
    assert Asset.objects.get().kept_at is not None
    assert ">Undo</button>" in said(studio.get("job", job.public_id))
    undone = said(studio.htmx("job_keep", job.public_id, data={"output": "1", "keep": "off"}))
    assert "Keep</button>" in undone
    assert Asset.objects.get().kept_at is None


def test_without_a_script_keeping_leads_back_to_the_picture(studio: Studio) -> None:
    job = studio.finish(studio.run())
    answer = studio.post("job_keep", job.public_id, data={"output": "1", "keep": "on"})
    assert answer["Location"] == f"{studio.url('job', job.public_id)}?output=1"
    assert Asset.objects.get().kept_at is not None


@pytest.mark.parametrize("output", ["", "0", "2", "-1", "x", "99999"])
def test_what_is_not_there_is_not_kept(studio: Studio, output: str) -> None:
    job = studio.finish(studio.run())
    assert studio.post("job_keep", job.public_id, data={"output": output, "keep": "on"}).status_code == 404
    assert Asset.objects.get().kept_at is None


def test_nobody_keeps_anything_elsewhere_or_by_looking(studio: Studio, bob_client: Client, bob: User) -> None:
    job = studio.finish(studio.run())
    url = studio.url("job_keep", job.public_id)
    assert bob_client.post(url, {"output": "1", "keep": "on"}).status_code == 403
    assert studio.client.get(url).status_code == 405
    assert Asset.objects.get().kept_at is None
    assert b"keep-button" not in bob_client.get(studio.url("job", job.public_id)).content


def test_a_job_says_which_watermark_its_pictures_carry(studio: Studio, said: "Said") -> None:
    AIModel.objects.filter(pk="flux_schnell").update(limits={"watermark": "SynthID"})
    real, free = studio.finish(studio.run()), studio.finish(studio.run(is_mock=True))
    assert "<dt>Invisible watermark</dt><dd>SynthID</dd>" in said(studio.get("job", real.public_id))
    assert "watermark" not in said(studio.get("job", free.public_id))
