"""Local work: exact sizes and formats, what must stay stays, and a refusal that says what to do."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageFilter, ImageStat

from apps.providers.contract import (
    Accepted,
    Cancellation,
    Done,
    Picture,
    Planned,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
    Request,
)
from apps.providers.local import LocalAdapter
from tests.providers.handover import build_picture, build_request, encoded, subject_on_plain_ground, unreadable

pytestmark = pytest.mark.once

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def work(work: str, picture: Picture, size: tuple[int, int], **inputs: Any) -> Image.Image:
    """Do it and decode what was delivered."""
    answer = LocalAdapter().submit(request(work, picture, size, **inputs))
    assert isinstance(answer, Done)
    (artifact,) = answer.artifacts
    assert artifact.url is None
    image = Image.open(io.BytesIO(artifact.content or b""))
    image.load()
    assert Image.MIME[image.format or ""] == artifact.content_type == f"image/{inputs.get('output_format', 'png')}"
    assert image.size == size
    return image


def request(work: str, picture: object, size: tuple[int, int], **inputs: Any) -> Request:
    return build_request(provider_model=work, size=size, inputs={"image_url": picture, **inputs})


def gradient(size: tuple[int, int]) -> Image.Image:
    wide = Image.linear_gradient("L").rotate(90)
    bands = [band.resize(size) for band in (wide, Image.linear_gradient("L"), Image.radial_gradient("L"))]
    return Image.merge("RGB", bands)


def far_apart(first: Image.Image, second: Image.Image) -> float:
    """The mean difference of two pictures of one size, 0-255."""
    difference = ImageChops.difference(first.convert("RGB"), second.convert("RGB"))
    return max(ImageStat.Stat(difference).mean)


# --- upscale ---


@pytest.mark.parametrize(
    ("size", "factor", "larger"),
    [((40, 30), 2, (80, 60)), ((33, 17), 1.5, (50, 26)), ((10, 10), 4, (40, 40)), ((10, 1), 1.15, (12, 1))],
)
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_upscale_makes_exactly_the_planned_size(
    size: tuple[int, int], factor: float, larger: tuple[int, int], kind: str
) -> None:
    picture = build_picture(encoded(gradient(size)))
    work("upscale", picture, larger, upscale_factor=factor, output_format=kind)


def test_upscale_keeps_what_is_seen() -> None:
    image = gradient((120, 80))
    larger = work("upscale", build_picture(encoded(image)), (240, 160), upscale_factor=2)
    assert far_apart(larger.resize(image.size, Image.Resampling.BOX), image) < 2


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_upscale_keeps_transparency_without_dark_rims(mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((10, 10, 29, 29), fill=(255, 255, 255, 255))
    larger = work("upscale", build_picture(encoded(image.convert(mode))), (80, 80))
    assert larger.mode == mode
    assert larger.getchannel("A").getextrema() == (0, 255)
    on_white = Image.new("RGBA", larger.size, "white")
    on_white.alpha_composite(larger.convert("RGBA"))
    assert ImageStat.Stat(on_white.convert("L")).extrema == [(255, 255)]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_the_color_profile_stays(kind: str) -> None:
    picture = build_picture(encoded(gradient((20, 20)), "JPEG", icc_profile=PROFILE))
    for name, size in (("upscale", (40, 40)), ("reframe", (40, 20))):
        assert work(name, picture, size, output_format=kind).info["icc_profile"] == PROFILE


def test_a_turned_picture_is_made_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    image = Image.new("RGB", (40, 20), "white")
    image.paste("red", (0, 0, 20, 20))
    content = encoded(image, "JPEG", exif=exif.tobytes(), quality=95)
    upright = work("upscale", replace(build_picture(content), width=20, height=40), (40, 80))
    top, bottom = upright.convert("RGB").getpixel((20, 10)), upright.convert("RGB").getpixel((20, 70))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[1] < 40 < 220 < bottom[1]
    assert upright.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "RGBA"])
def test_every_mode_is_read_and_jpeg_has_no_transparency(mode: str) -> None:
    image = Image.new("I;16", (16, 16), 30000) if mode == "I;16" else gradient((16, 16)).convert(mode)
    picture = build_picture(encoded(image, "TIFF" if mode == "CMYK" else "PNG"))
    assert work("upscale", picture, (32, 32), output_format="jpeg").mode in {"L", "RGB"}


def test_grey_of_16_bits_keeps_its_brightness() -> None:
    picture = build_picture(encoded(Image.new("I;16", (8, 8), 128 << 8)))
    assert work("upscale", picture, (16, 16)).getextrema() == (128, 128)


def test_jpeg_lays_transparency_on_white() -> None:
    picture = build_picture(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0))))
    pixel = work("upscale", picture, (16, 16), output_format="jpeg").getpixel((8, 8))
    assert pixel == (255, 255, 255)


# --- reframe ---


@pytest.mark.parametrize("size", [(160, 90), (90, 160), (100, 100), (101, 99), (300, 20), (20, 300), (1, 1), (100, 80)])
@pytest.mark.parametrize("mode", ["extend", "crop"])
@pytest.mark.parametrize("bands", ["RGB", "RGBA", "L", "LA"])
def test_reframe_makes_exactly_the_planned_size(size: tuple[int, int], mode: str, bands: str) -> None:
    picture = build_picture(encoded(gradient((100, 80)).convert(bands)))
    assert work("reframe", picture, size, mode=mode, aspect_ratio="16:9").mode == bands


def test_extending_keeps_the_whole_picture_untouched_in_the_middle() -> None:
    image = gradient((100, 80))
    wide = work("reframe", build_picture(encoded(image)), (200, 80))
    assert ImageChops.difference(wide.crop((50, 0, 150, 80)), image).getbbox() is None
    tall = work("reframe", build_picture(encoded(image)), (100, 180), mode="extend")
    assert ImageChops.difference(tall.crop((0, 50, 100, 130)), image).getbbox() is None


def test_extending_shows_no_seam() -> None:
    image = gradient((100, 80))
    wide = work("reframe", build_picture(encoded(image)), (200, 80))
    for inside, outside in ((50, 49), (149, 150)):
        first = wide.crop((inside, 0, inside + 1, 80))
        assert far_apart(first, wide.crop((outside, 0, outside + 1, 80))) < 6


def test_extending_what_is_transparent_stays_transparent() -> None:
    image = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((20, 20, 60, 60), fill="red")
    wide = work("reframe", build_picture(encoded(image)), (160, 80))
    assert wide.crop((0, 0, 40, 80)).getchannel("A").getextrema() == (0, 0)


def test_cropping_takes_the_middle() -> None:
    image = Image.new("RGB", (120, 40), "blue")
    image.paste("red", (40, 0, 80, 40))
    square = work("reframe", build_picture(encoded(image)), (40, 40), mode="crop")
    assert square.getcolors() == [(1600, (255, 0, 0))]


# --- cut-out ---


def test_cut_out_lifts_a_subject_off_its_ground() -> None:
    image = subject_on_plain_ground()
    cut = work("cutout", build_picture(encoded(image)), (200, 160))
    alpha = cut.getchannel("A")
    assert cut.mode == "RGBA"
    assert ImageStat.Stat(alpha.crop((0, 0, 200, 30))).extrema == [(0, 0)]
    assert alpha.getpixel((100, 55)) == 255
    assert alpha.getpixel((100, 80)) == 255  # a hole that does not reach the edge stays
    assert cut.getpixel((100, 55)) == (0xB5, 0x43, 0x2A, 255)
    disc = 3.1416 * 40 * 40 / (200 * 160)
    assert ImageStat.Stat(alpha).mean[0] / 255 == pytest.approx(disc, rel=0.05)


def test_cut_out_leaves_no_rim_of_the_ground() -> None:
    image = subject_on_plain_ground((400, 320), ground="#00c000", subject="#c00000").filter(
        ImageFilter.GaussianBlur(1.5)
    )
    cut = work("cutout", build_picture(encoded(image)), (400, 320))
    on_black = Image.new("RGBA", cut.size, "black")
    on_black.alpha_composite(cut)
    edge = on_black.convert("RGB").crop((100, 60, 300, 110))  # above the hole, which keeps its green
    assert ImageStat.Stat(edge).extrema[1][1] < 40


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_cut_out_bears_noise_and_shading(kind: str) -> None:
    image = subject_on_plain_ground((400, 320))
    shade = Image.linear_gradient("L").resize(image.size).point([210 + value * 45 // 255 for value in range(256)])
    shaded = ImageChops.multiply(image, Image.merge("RGB", [shade] * 3))
    noisy = ImageChops.add(shaded, Image.merge("RGB", [Image.effect_noise(image.size, 6)] * 3), 1, -128)
    alpha = work("cutout", build_picture(encoded(noisy, kind, quality=80)), (400, 320)).getchannel("A")
    disc = 3.1416 * 80 * 80 / (400 * 320)
    assert ImageStat.Stat(alpha).mean[0] / 255 == pytest.approx(disc, rel=0.08)


def test_a_subject_may_stand_on_the_edge() -> None:
    image = Image.new("RGB", (200, 200), "white")
    image.paste("navy", (70, 90, 130, 200))
    alpha = work("cutout", build_picture(encoded(image)), (200, 200)).getchannel("A")
    assert alpha.getpixel((100, 199)) == 255
    assert alpha.getpixel((20, 199)) == 0


def test_what_is_cut_out_already_comes_back_as_it_is() -> None:
    image = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((10, 10, 50, 50), fill=(10, 20, 30, 255))
    cut = work("cutout", build_picture(encoded(image)), (60, 60))
    assert ImageChops.difference(cut, image).getbbox() is None


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (Image.effect_noise((200, 200), 90).convert("RGB"), "not plain"),
        (gradient((200, 200)), "not plain"),
        (Image.new("RGB", (200, 200), "white"), "Nothing stands out"),
        (Image.new("RGB", (1, 1), "white"), "Nothing stands out"),
    ],
    ids=["noise", "colors", "empty", "dot"],
)
def test_cut_out_refuses_and_says_why(image: Image.Image, words: str) -> None:
    with pytest.raises(ProviderRejected, match=words) as rejected:
        LocalAdapter().submit(request("cutout", build_picture(encoded(image)), image.size))
    assert rejected.value.refusal is Refusal.INVALID_INPUT


# --- refusals of all three ---

WORKS = ("upscale", "reframe", "cutout")


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", encoded(gradient((64, 64)))[:200], encoded(gradient((64, 64)), "JPEG")[:500], b"GIF89a"],
    ids=["empty", "text", "cut png", "cut jpeg", "cut gif"],
)
def test_a_damaged_file_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(ProviderRejected) as rejected:
        LocalAdapter().submit(request(name, build_picture(content), (64, 64)))
    assert rejected.value.refusal is Refusal.INVALID_INPUT


@pytest.mark.parametrize("name", WORKS)
def test_a_bomb_is_refused_by_its_header(name: str) -> None:
    header = bytearray(encoded(Image.new("L", (8, 8))))
    header[16:24] = (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big")
    with pytest.raises(ProviderRejected) as rejected:
        LocalAdapter().submit(request(name, build_picture(bytes(header)), (64, 64)))
    assert rejected.value.refusal is Refusal.INVALID_INPUT


@pytest.mark.parametrize("name", WORKS)
def test_a_file_that_cannot_be_had_just_now_is_worth_another_try(name: str) -> None:
    picture = replace(build_picture(encoded(gradient((8, 8)))), open=unreadable)
    with pytest.raises(ProviderUnavailable):
        LocalAdapter().submit(request(name, picture, (8, 8)))


@pytest.mark.parametrize("name", ["upscale", "reframe"])
@pytest.mark.parametrize("size", [(6000, 6000), (0, 0), (60_000, 2)])
def test_a_result_that_is_too_large_or_nothing_is_refused(name: str, size: tuple[int, int]) -> None:
    picture = build_picture(encoded(gradient((8, 8))))
    with pytest.raises(ProviderRejected) as rejected:
        LocalAdapter().submit(request(name, picture, size, output_format="webp"))
    assert rejected.value.refusal is Refusal.INVALID_INPUT


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("upscale", {"image_url": "https://pictures.example/a.png"}),
        ("upscale", {}),
        ("sharpen", {"image_url": build_picture(encoded(Image.new("L", (8, 8))))}),
        ("upscale", {"image_url": build_picture(encoded(Image.new("L", (8, 8)))), "output_format": "tiff"}),
    ],
)
def test_requests_that_make_no_sense(name: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(ProviderRejected):
        LocalAdapter().submit(Request("att_01", name, inputs, Planned(1, 8, 8, "image/png"), 60))


def test_there_is_nothing_to_wait_for_or_to_stop() -> None:
    with pytest.raises(ProviderRejected):
        LocalAdapter().poll(build_request(), Accepted("x"))
    assert LocalAdapter().cancel(Accepted("x")) is Cancellation.STOPPED
