"""Clips through the API: an output with a length and a poster, and a file that players can seek in."""

from typing import Any

import pytest

from apps.library.models import Asset
from tests.api.conftest import LONG_AGO, Caller, run
from tests.api.test_assets import upload
from tests.clip_models import CLIP_MODEL, CLIP_SECONDS, add_clip_model
from tests.clips import build_clip

HOST = "http://127.0.0.1:8000"


@pytest.fixture
def made(program: Caller) -> dict[str, Any]:
    add_clip_model(LONG_AGO)
    made = program.submit(CLIP_MODEL, image_url="https://pictures.example/a.png", mock=True)
    run(made["id"])
    job: dict[str, Any] = program.get(f"/v1/jobs/{made['id']}").json()
    return job


def test_an_output_tells_length_and_type_and_has_a_poster(program: Caller, made: dict[str, Any]) -> None:
    assert (made["status"], made["mock"]) == ("succeeded", True)
    [output] = made["outputs"]
    assert (output["content_type"], output["width"], output["height"]) == ("video/mp4", 1280, 720)
    assert output["duration_s"] == CLIP_SECONDS
    assert output["url"].endswith(".mp4")
    assert output["thumbnail_url"].endswith(".webp")
    assert output["blurhash"]
    poster = program.client.get(output["thumbnail_url"].removeprefix(HOST))
    assert (poster.status_code, poster["Content-Type"]) == (200, "image/webp")
    asset = program.get(f"/v1/assets/{output['asset']}").json()
    assert (asset["content_type"], asset["duration_s"]) == ("video/mp4", CLIP_SECONDS)


def test_a_clip_is_served_as_players_ask_for_it(program: Caller, made: dict[str, Any]) -> None:
    [output] = made["outputs"]
    link = output["url"].removeprefix(HOST)
    whole = program.client.get(link)
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"]) == (200, "video/mp4", "bytes")
    content = b"".join(whole.streaming_content)  # type: ignore[attr-defined]  # the test client's type hides it
    assert len(content) == output["bytes"]
    # Safari asks for two bytes first and plays nothing where it does not get just those.
    first = program.client.get(link, headers={"Range": "bytes=0-1"})
    assert (first.status_code, first["Content-Range"]) == (206, f"bytes 0-1/{len(content)}")
    assert (first["Content-Type"], first["Content-Length"]) == ("video/mp4", "2")
    assert b"".join(first.streaming_content) == content[:2]  # type: ignore[attr-defined]  # as above
    rest = program.client.get(link, headers={"Range": "bytes=1000-"})
    assert (rest.status_code, rest["Content-Range"]) == (206, f"bytes 1000-{len(content) - 1}/{len(content)}")
    assert b"".join(rest.streaming_content) == content[1000:]  # type: ignore[attr-defined]  # as above


def test_nobody_uploads_a_clip(program: Caller) -> None:
    answer = upload(program, build_clip(), name="waves.mp4")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_a_picture")
    assert Asset.objects.count() == 0
