"""Clips in the studio: a poster with its length on the wall, a player on the job's page, a file to download."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from apps.jobs.models import Job
from apps.providers.contract import Artifact, Done
from tests.clip_models import CLIP_MODEL, add_clip_model
from tests.clips import build_clip
from tests.jobs.scripted import ScriptedAdapter
from tests.studio.conftest import LONG_AGO, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


@pytest.fixture
def clip_job(studio: Studio) -> Job:
    add_clip_model(LONG_AGO)
    still = studio.picture().public_id
    job = studio.run(CLIP_MODEL, inputs={"prompt": "it waves", "image_url": still}, is_mock=True)
    return studio.finish(job)


def figure(page: str) -> str:
    found = re.search(r'<figure class="print clip.*?</figure>', page)
    assert found
    return found.group()


def test_a_clip_hangs_on_the_wall_as_its_poster_with_glyph_and_length(
    studio: Studio, clip_job: Job, said: "Said"
) -> None:
    page = said(studio.get("studio"))
    clip = figure(page)
    assert re.search(r'<img src="/files/[^"]+\.webp" alt="it waves" width="1280" height="720" loading="lazy">', clip)
    video = re.search(r"<video [^>]*>", clip)
    assert video
    assert re.search(r'src="/files/[^"]+\.mp4"', video.group())
    for attribute in ("muted", "loop", "playsinline", 'preload="none"', 'tabindex="-1"', 'aria-hidden="true"'):
        assert f" {attribute}" in video.group()
    assert "#g-motion" in clip
    assert '<span class="sr">Clip, </span>0:02' in clip
    assert f'href="/w/{studio.workspace.pk}/jobs/{clip_job.public_id}?output=1"' in clip
    assert "Build on" not in clip
    assert "1280 × 720, 2 s" in page
    assert "studio/js/clips.js" in page


def test_a_jobs_page_plays_the_clip_and_lays_nothing_over_it(studio: Studio, clip_job: Job, said: "Said") -> None:
    page = said(studio.get("job", clip_job.public_id))
    video = re.search(r"<video [^>]*>", page)
    assert video
    assert re.search(r'src="/files/[^"]+\.mp4" poster="/files/[^"]+\.webp" width="1280" height="720"', video.group())
    for attribute in ("controls", "playsinline", 'preload="none"', 'aria-label="it waves"'):
        assert f" {attribute}" in video.group()
    assert 'class="ba"' not in page
    assert 'aria-label="Compare"' not in page
    assert "Made from" in page  # the still is shown beside it
    assert "Build on it" not in page
    assert ".stagearea { --ar: 1.7778; }" in page
    assert re.search(r'<a class="btn line" href="/files/[^"]+\.mp4" aria-label="Download">', page)


def test_the_download_is_the_clip(studio: Studio, clip_job: Job, said: "Said") -> None:
    link = re.search(r'href="([^"]+)" aria-label="Download"', said(studio.get("job", clip_job.public_id)))
    assert link
    file = studio.client.get(link[1])
    assert (file.status_code, file["Content-Type"]) == (200, "video/mp4")
    assert file["Content-Disposition"] == f'attachment; filename="{clip_job.public_id}.mp4"'


def test_the_list_of_jobs_shows_the_poster(studio: Studio, clip_job: Job, said: "Said") -> None:
    assert re.search(r'<img class="thumb" src="/files/[^"]+\.webp"', said(studio.get("jobs")))


def test_a_clip_whose_file_is_gone_is_not_shown(studio: Studio, clip_job: Job, said: "Said") -> None:
    asset = clip_job.outputs.get().asset
    asset.storage_key = asset.thumbnail_key = ""
    asset.save(update_fields=["storage_key", "thumbnail_key"])
    for answer in (studio.get("studio"), studio.get("job", clip_job.public_id)):
        assert "<video" not in said(answer)
        assert "Not kept" in said(answer)


def test_a_long_clip_of_a_provider(studio: Studio, provider: ScriptedAdapter, clip_job: Job, said: "Said") -> None:
    provider.submits = [Done((Artifact(content=build_clip(size=(90, 160), seconds=75, sound=None)),))]
    still = studio.picture().public_id
    job = studio.finish(studio.run(CLIP_MODEL, inputs={"prompt": "slowly", "image_url": still}))
    assert '<span class="sr">Clip, </span>1:15' in figure(said(studio.get("studio")))
    assert ".stagearea { --ar: 0.5625; }" in said(studio.get("job", job.public_id))


def test_pictures_are_shown_as_before(studio: Studio, said: "Said") -> None:
    job = studio.finish(studio.run(is_mock=True))
    for answer in (studio.get("studio"), studio.get("job", job.public_id)):
        assert "<video" not in said(answer)
        assert "length" not in re.findall(r'class="([^"]*)"', said(answer))
    assert "Build on" in said(studio.get("studio"))
