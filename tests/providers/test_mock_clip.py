"""The mock's clips: whole, small, with sound, the same each time, beginning with the still they were given."""

import io
from dataclasses import replace
from typing import Any

import av
import pytest
from PIL import Image, ImageStat

from apps.providers.contract import Done, Picture, ProviderRejected, ProviderUnavailable, Refusal, Request
from apps.providers.mock import MockAdapter
from tests.providers.handover import build_picture, build_request, encoded, finish, unreadable

pytestmark = pytest.mark.once


def clip_request(size: tuple[int, int] = (96, 54), seconds: int | None = 2, **more: Any) -> Request:
    request = build_request(provider_model="veo_3", size=size, content_type="video/mp4", **more)
    return replace(request, planned=replace(request.planned, seconds=seconds))


def content_of(done: Done) -> bytes:
    (artifact,) = done.artifacts
    assert artifact.content_type == "video/mp4"
    assert artifact.content
    return artifact.content


def shot(request: Request) -> bytes:
    return content_of(finish(MockAdapter(), request))


def frames_of(content: bytes) -> list[Image.Image]:
    with av.open(io.BytesIO(content), "r") as container:
        decoded = container.decode(video=0)
        return [frame.to_image() for frame in decoded]  # type: ignore[no-untyped-call]  # PyAV has no types for it


def mean_color(image: Image.Image) -> list[float]:
    """Of the part above the mark."""
    return ImageStat.Stat(image.crop((0, 0, image.width, image.height // 2))).mean


def test_a_clip_has_the_planned_size_and_length_and_a_sound() -> None:
    content = shot(clip_request(size=(1280, 720), seconds=8))
    assert len(content) < 1_000_000
    assert content.index(b"moov") < content.index(b"mdat")  # a player need not seek for the index
    with av.open(io.BytesIO(content), "r") as container:
        assert container.format.name.split(",")[1] == "mp4"
        assert container.duration == 8 * av.time_base
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert (video.codec_context.name, video.width, video.height, video.frames) == ("h264", 1280, 720, 80)
        assert audio.codec_context.name == "aac"
        loudest = max(
            max(abs(value) for value in memoryview(frame.planes[0]).cast("f")) for frame in container.decode(audio=0)
        )
    assert 0.01 < loudest < 0.06  # there, and quiet


def test_a_still_full_of_detail_makes_no_large_file() -> None:
    still = build_picture(encoded(Image.effect_noise((1600, 1200), 90).convert("RGB"), "JPEG"))
    assert len(shot(clip_request(size=(1280, 720), seconds=8, image_url=still))) < 1_000_000


def test_the_same_request_gives_the_same_clip_and_another_gives_another() -> None:
    still = build_picture(encoded(Image.new("RGB", (64, 48), "teal")))
    requests = [
        clip_request(),
        clip_request(seed=1),
        clip_request(seed=2),
        clip_request(prompt="a blue kite"),
        clip_request(image_url=still),
    ]
    once = [shot(request) for request in requests]
    assert once == [shot(request) for request in requests]
    assert len(set(once)) == 5


@pytest.mark.parametrize("field", ["image_url", "image_urls"])
def test_a_clip_starts_from_the_still_and_moves(field: str) -> None:
    halves = Image.new("RGB", (200, 100), (210, 40, 40))
    halves.paste((40, 40, 210), (100, 0, 200, 100))
    still = build_picture(encoded(halves))
    frames = frames_of(shot(clip_request(size=(320, 180), inputs={field: [still] if field == "image_urls" else still})))
    assert (len(frames), frames[0].size) == (20, (320, 180))
    left, right = frames[0].getpixel((20, 20)), frames[0].getpixel((300, 20))
    assert left == pytest.approx((210, 40, 40), abs=25)
    assert right == pytest.approx((40, 40, 210), abs=25)
    assert frames[0].tobytes() != frames[-1].tobytes()


def test_a_clip_is_marked() -> None:
    still = build_picture(encoded(Image.new("RGB", (320, 180), "white")))
    for frame in frames_of(shot(clip_request(size=(320, 180), image_url=still)))[::19]:
        assert min(mean_color(frame)) > 225
        stripe = ImageStat.Stat(frame.crop((0, 170, 320, 180))).mean
        assert max(stripe) < 120


@pytest.mark.parametrize("given", [{}, {"image_url": "https://pictures.example/a.png"}])
def test_without_a_still_it_draws_its_own(given: dict[str, Any]) -> None:
    frames = frames_of(shot(clip_request(inputs=given)))
    assert (len(frames), frames[0].size) == (20, (96, 54))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P"])
def test_a_still_of_any_kind_will_do(mode: str) -> None:
    still = build_picture(encoded(Image.new("RGB", (40, 60), "teal").convert(mode)))
    assert len(frames_of(shot(clip_request(image_url=still)))) == 20


@pytest.mark.parametrize(
    ("planned", "made"),
    [((0, 0), (1280, 720)), ((1, 1), (2, 2)), ((101, 57), (100, 56)), ((10**18, 1), (4096, 2)), ((3, 9999), (2, 4096))],
)
def test_every_size_is_one_that_players_take(planned: tuple[int, int], made: tuple[int, int]) -> None:
    assert frames_of(shot(clip_request(size=planned, seconds=1)))[0].size == made


@pytest.mark.parametrize(("seconds", "made"), [(None, 8), (1, 1), (10**9, 60)])
def test_the_length_is_the_planned_one_within_reason(seconds: int | None, made: int) -> None:
    with av.open(io.BytesIO(shot(clip_request(size=(32, 18), seconds=seconds))), "r") as container:
        assert container.duration == made * av.time_base


def test_a_still_that_cannot_be_used() -> None:
    damaged = build_picture(b"no picture")
    with pytest.raises(ProviderRejected) as refused:
        MockAdapter().submit(clip_request(image_url=damaged))
    assert refused.value.refusal is Refusal.INVALID_INPUT
    away = Picture(open=unreadable, content_type="image/png", size_bytes=1, width=1, height=1)
    with pytest.raises(ProviderUnavailable):
        MockAdapter().submit(clip_request(image_url=away))


def test_words_in_the_prompt_count_for_clips_too() -> None:
    assert finish(MockAdapter(), clip_request(prompt="mock:fewer")).artifacts == ()
    with pytest.raises(ProviderRejected):
        MockAdapter().submit(clip_request(prompt="mock:fail"))
