"""What is told of a clip: type, size and length as played, sound, poster; and what is not kept."""

import hashlib
import io
import random
from typing import Any

import pytest
from PIL import Image

from apps.library import clips, media
from tests.clips import build_clip
from tests.library.pictures import samples

pytestmark = pytest.mark.once

VP8: dict[str, Any] = {"container": "webm", "codec": "libvpx", "sound": "libopus"}


def probe(content: bytes) -> clips.Probe:
    return clips.probe(io.BytesIO(content))


def refusal(content: bytes) -> clips.BadClip:
    with pytest.raises(clips.BadClip) as refused:
        clips.inspect(io.BytesIO(content))
    return refused.value


def poster(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(clips.inspect(io.BytesIO(content)).thumbnail))


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({}, clips.Probe("video/mp4", 64, 36, 1000, has_sound=True)),
        ({"sound": None, "seconds": 2.5}, clips.Probe("video/mp4", 64, 36, 2500, has_sound=False)),
        ({"seconds": 0.1, "sound": None}, clips.Probe("video/mp4", 64, 36, 100, has_sound=False)),
        ({"codec": "libsvtav1", "sound": None}, clips.Probe("video/mp4", 64, 36, 1000, has_sound=False)),
        ({"turn": 90}, clips.Probe("video/mp4", 36, 64, 1000, has_sound=True)),
        ({"turn": 180}, clips.Probe("video/mp4", 64, 36, 1000, has_sound=True)),
        (VP8 | {"sound": None}, clips.Probe("video/webm", 64, 36, 1000, has_sound=False)),
        (VP8 | {"sound": None, "codec": "libvpx-vp9"}, clips.Probe("video/webm", 64, 36, 1000, has_sound=False)),
    ],
)
def test_size_length_and_sound(made: dict[str, Any], found: clips.Probe) -> None:
    assert probe(build_clip(**made)) == found


def test_a_webm_with_sound() -> None:
    found = probe(build_clip(**VP8))
    assert (found.content_type, found.has_sound) == ("video/webm", True)
    assert found.duration_ms == pytest.approx(1000, abs=30)  # the last piece of sound reaches a little further


def test_the_whole_clip_as_the_library_keeps_it() -> None:
    content = build_clip(size=(1280, 720), seconds=0.5)
    whole = clips.inspect(io.BytesIO(content))
    assert (whole.content_type, whole.width, whole.height, whole.duration_ms) == ("video/mp4", 1280, 720, 500)
    assert (whole.size_bytes, whole.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    with Image.open(io.BytesIO(whole.thumbnail)) as small:
        assert (small.format, small.size) == ("WEBP", (640, 360))
    assert len(whole.blurhash) == 28


@pytest.mark.parametrize(
    ("turn", "red"), [(0, "upper left"), (90, "lower left"), (-90, "upper right"), (180, "lower right")]
)
def test_the_poster_is_the_first_frame_as_it_is_shown(turn: int, red: str) -> None:
    small = poster(build_clip(turn=turn)).convert("RGB")
    right, low = small.width - 4, small.height - 4
    corners = {"upper left": (3, 3), "upper right": (right, 3), "lower left": (3, low), "lower right": (right, low)}
    pixels = {name: small.getpixel(place) for name, place in corners.items()}
    assert [name for name, pixel in pixels.items() if isinstance(pixel, tuple) and pixel[0] > 150] == [red]


@pytest.mark.parametrize("content", [b"", b"no clip", b"\x00\x00\x00\x18ftypheic" + bytes(60)])
def test_what_is_no_clip(content: bytes) -> None:
    assert refusal(content).code == "not_a_clip"


@pytest.mark.parametrize("name", sorted(samples()))
def test_a_picture_is_no_clip(name: str) -> None:
    assert refusal(samples()[name]).code == "not_a_clip"


@pytest.mark.parametrize("made", [{"container": "matroska"}, {"container": "mov"}, {"codec": "mpeg4"}])
def test_clips_that_browsers_do_not_play_are_not_kept(made: dict[str, Any]) -> None:
    assert refusal(build_clip(**made)).code == "not_a_clip"


def test_sound_alone_is_no_clip() -> None:
    assert refusal(build_clip(codec=None)).code == "not_a_clip"


@pytest.mark.parametrize("made", [{}, {"moov_size": "8192"}, VP8], ids=["index last", "index first", "webm"])
def test_a_clip_that_is_cut_off_is_refused(made: dict[str, Any]) -> None:
    content = build_clip(**made, seconds=4)
    for share in (0.05, 0.3, 0.6):
        assert refusal(content[: int(len(content) * share)]).code in {"broken_clip", "not_a_clip"}


def test_a_clip_longer_than_ten_minutes_is_refused() -> None:
    assert probe(build_clip(size=(16, 16), seconds=600, sound=None)).duration_ms == 600_000
    too_long = refusal(build_clip(size=(16, 16), seconds=600.1, sound=None))
    assert (too_long.code, too_long.details) == ("clip_too_large", {"max_seconds": 600})


def test_a_clip_larger_than_8192_to_an_edge_is_refused() -> None:
    assert probe(build_clip(size=(8192, 16), seconds=0.1, sound=None)).width == 8192
    assert refusal(build_clip(size=(8194, 16), seconds=0.1, sound=None)).code == "clip_too_large"


def test_a_damaged_clip_never_ends_as_another_error() -> None:
    chance = random.Random(7)
    whole = [build_clip(), build_clip(**VP8)]
    ends = {"kept": 0, "not_a_clip": 0, "broken_clip": 0, "clip_too_large": 0}
    for _ in range(600):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 4, 16))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            clips.inspect(io.BytesIO(content[: chance.choice((len(content), chance.randrange(len(content))))]))
            ends["kept"] += 1
        except clips.BadClip as fault:
            ends[fault.code] += 1
    assert sum(ends.values()) == 600
    assert min(ends["kept"], ends["broken_clip"]) > 20


def test_a_clip_is_no_picture() -> None:
    """So that customers upload none."""
    for content in (build_clip(), build_clip(**VP8)):
        with pytest.raises(media.NotAPicture):
            media.inspect(io.BytesIO(content))
