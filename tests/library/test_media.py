"""Pictures are known by their content, measured without decoding, and found out when they are broken."""

import hashlib
import io
import random
import subprocess
import sys

import blurhash
import pytest
from PIL import Image, ImageCms

from apps.library import media, thumbnails
from config.env import ROOT
from tests.library import pictures
from tests.library.pictures import BLUE, GREEN, RED, WHITE

pytestmark = pytest.mark.once

SAMPLES = pictures.samples()
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif", "avif": "image/avif"}
BLACK_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


def inspect(content: bytes) -> media.Inspected:
    return media.inspect(io.BytesIO(content))


def is_near(found: object, expected: tuple[int, ...], distance: int = 40) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= distance for a, b in zip(found[:3], expected, strict=True))


def thumbnail_of(found: media.Inspected) -> Image.Image:
    image = Image.open(io.BytesIO(found.thumbnail))
    image.load()
    assert image.format == "WEBP"
    return image


def peak_of(size: tuple[int, int], statements: str) -> int:
    """Run statements over a PNG of zeros, ``content``, in a fresh process; return the MiB it grew by at its largest."""
    program = f"""
import io, resource, threading
from apps.library import media
from tests.library import pictures
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
content = pictures.zero_png{size}
before = peak()
{statements}
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_is_read(kind: str) -> None:
    found = inspect(SAMPLES[kind])
    is_turned = kind == "jpeg-exif"
    assert found.content_type == TYPES[kind.partition("-")[0]]
    assert (found.width, found.height) == ((48, 64) if is_turned else (64, 48))
    assert found.size_bytes == len(SAMPLES[kind])
    assert found.sha256 == hashlib.sha256(SAMPLES[kind]).hexdigest()
    assert thumbnail_of(found).size == (found.width, found.height)
    assert len(found.blurhash) == 28
    probed = media.probe(io.BytesIO(SAMPLES[kind]))
    assert (probed.content_type, probed.width, probed.height) == (found.content_type, found.width, found.height)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just some text that someone called picture.png",
        BLACK_SVG,
        b"%PDF-1.7\n",
        pictures.encode(pictures.quarters(), "TIFF"),
        pictures.encode(pictures.quarters(), "BMP"),
        pictures.encode(pictures.quarters(), "PPM"),
        pictures.encode(pictures.quarters(), "ICO"),
        b"8BPS\x00\x01" + bytes(40),
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(60),
        b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic" + bytes(60),
        b"GIF88a" + bytes(60),
    ],
)
def test_other_files_are_refused_by_their_first_bytes(content: bytes) -> None:
    with pytest.raises(media.NotAPicture) as refusal:
        inspect(content)
    assert refusal.value.code == "not_a_picture"


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if kind != "gif-animated"])
def test_a_file_that_was_cut_is_found_out(kind: str) -> None:
    whole = SAMPLES[kind]
    cuts = {len(whole) * part // 10 for part in range(2, 10)} | {len(whole) - 3, len(whole) - 20}
    for cut in cuts:
        with pytest.raises(media.BadPicture) as refusal:
            inspect(whole[:cut])
        assert refusal.value.code == "broken_picture", f"{kind} cut at {cut} of {len(whole)}"


def test_of_an_animation_the_first_frame_counts() -> None:
    whole = SAMPLES["gif-animated"]
    assert inspect(whole[: len(whole) - 100]).blurhash == inspect(whole).blurhash
    with pytest.raises(media.BrokenPicture):
        inspect(whole[: len(whole) // 10])


@pytest.mark.parametrize("kind", SAMPLES)
def test_damage_of_any_kind_ends_as_a_picture_or_a_refusal(kind: str) -> None:
    source, whole = random.Random(kind), SAMPLES[kind]
    outcomes: set[type] = set()
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(source.choice([1, 2, 8])):
            position = source.randrange(min(len(damaged), source.choice([48, 300, len(damaged)])))
            match source.randrange(4):
                case 0:
                    damaged[position] = source.randrange(256)
                case 1:
                    damaged[position : position + 4] = source.choice([bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"])
                case 2:
                    del damaged[position : position + source.randrange(1, 9)]
                case _:
                    damaged[position:position] = source.randbytes(source.randrange(1, 9))
        try:
            outcomes.add(type(inspect(bytes(damaged))))
        except media.BadPicture as refusal:
            outcomes.add(type(refusal))
    assert outcomes <= {media.Inspected, media.NotAPicture, media.BrokenPicture, media.ImageTooLarge}
    assert len(outcomes) > 1


def test_too_many_pixels_are_refused_before_one_is_decoded() -> None:
    grown = peak_of(
        (20_000, 20_000),
        """
try:
    media.inspect(io.BytesIO(content))
except media.ImageTooLarge as refusal:
    assert (refusal.details["width"], refusal.details["height"]) == (20_000, 20_000)
else:
    raise AssertionError("not refused")
""",
    )
    assert grown < 20  # MiB; decoded it would be 1,526


@pytest.mark.parametrize("size", [(9_460, 9_459), (1, 65_536), (65_536, 1)])
def test_the_limits_of_size(size: tuple[int, int]) -> None:
    with pytest.raises(media.ImageTooLarge) as refusal:
        inspect(pictures.zero_png(*size))
    assert refusal.value.code == "image_too_large"
    assert refusal.value.details["max_pixels"] == 89_478_485


@pytest.mark.parametrize("size", [(1, 65_535), (65_535, 1), (1, 1)])
def test_thin_pictures_have_thumbnails(size: tuple[int, int]) -> None:
    found = inspect(pictures.zero_png(*size))
    assert (found.width, found.height) == size
    assert thumbnail_of(found).size == (min(640, size[0]), min(640, size[1]))


@pytest.mark.parametrize(
    ("head", "position"),
    [(b"VP8X", 24), (b"VP8L", 21), (b"VP8 ", 26)],
)
def test_a_webp_is_measured_before_its_canvas_is_made(head: bytes, position: int) -> None:
    whole = bytearray(b"RIFF\xff\xff\x00\x00WEBP" + head + bytes(100))
    whole[position : position + 6] = b"\xff" * 6
    with pytest.raises(media.ImageTooLarge):
        inspect(bytes(whole))


def test_all_decoding_together_stays_within_one_picture_of_the_largest_size() -> None:
    grown = peak_of(
        (6_000, 5_000),
        """
threads = [threading.Thread(target=lambda: media.inspect(io.BytesIO(content))) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
""",
    )
    assert grown < 420  # MiB; one alone takes 115, six at once 690


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    whole = SAMPLES["jpeg-progressive"]
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    inspect(whole)
    with pytest.raises(media.BrokenPicture, match="scans"):
        inspect(whole[:-2] + 100 * last_scan + b"\xff\xd9")


def test_a_png_of_countless_pieces_is_refused() -> None:
    whole = SAMPLES["png"]
    empty_piece = bytes(4) + b"teXt" + bytes(4)
    with pytest.raises(media.BrokenPicture, match="pieces"):
        inspect(whole[:33] + 200_001 * empty_piece + whole[33:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("value", range(1, 9))
def test_a_picture_stands_as_its_exif_says(kind: str, value: int) -> None:
    upright, undo = pictures.quarters(640, 400), {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[value]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    found = inspect(pictures.encode(stored, kind, exif=pictures.orientation(value), quality=90))
    assert (found.width, found.height) == (640, 400)
    small = thumbnail_of(found)
    corners = [small.getpixel(at) for at in ((100, 100), (540, 100), (540, 300), (100, 300))]
    assert [is_near(*pair) for pair in zip(corners, (RED, GREEN, BLUE, WHITE), strict=True)] == [True] * 4, corners


@pytest.mark.filterwarnings("ignore:.*EXIF")  # Pillow's own word on it
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + bytes(50)])
def test_unreadable_exif_is_passed_over(exif: bytes) -> None:
    found = inspect(pictures.encode(pictures.quarters(), "JPEG", exif=exif))
    assert (found.width, found.height) == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("size", [(3000, 1000), (700, 3100), (1279, 1281), (641, 640)])
def test_thumbnails_are_at_most_640_pixels_long_and_true(kind: str, size: tuple[int, int]) -> None:
    small = thumbnail_of(inspect(pictures.encode(pictures.quarters(*size), kind)))
    width, height = small.size
    assert max(width, height) == 640
    assert abs(width / height - size[0] / size[1]) < 0.02
    places = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    found = [small.getpixel((int(across * width), int(down * height))) for across, down in places]
    assert [is_near(*pair) for pair in zip(found, (RED, GREEN, BLUE, WHITE), strict=True)] == [True] * 4, found


def test_transparency_stays_in_the_thumbnail_and_is_white_in_the_blur() -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    found = inspect(pictures.encode(image))
    assert thumbnail_of(found).mode == "RGBA"
    assert thumbnail_of(found).getpixel((50, 50)) == (0, 0, 0, 0)
    assert blurhash.decode(found.blurhash, 1, 1)[0][0] == [255, 255, 255]


def test_sixteen_bit_gray_keeps_its_shade() -> None:
    found = inspect(pictures.encode(Image.new("I;16", (1400, 900), 0x4000)))
    assert is_near(thumbnail_of(found).getpixel((300, 200)), (64, 64, 64), 3)


def test_a_small_color_profile_is_carried_along_and_nothing_else() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = pictures.orientation(1)
    exif[0x010E] = "taken at 52.5 north"
    small = thumbnail_of(inspect(pictures.encode(pictures.quarters(), "JPEG", icc_profile=profile, exif=exif)))
    assert small.info.get("icc_profile") == profile
    assert not small.getexif()
    huge = pictures.encode(pictures.quarters(), "JPEG", icc_profile=profile + bytes(10_000))
    assert "icc_profile" not in thumbnail_of(inspect(huge)).info


def test_a_file_is_read_from_its_beginning_and_left_open() -> None:
    file = io.BytesIO(SAMPLES["png"])
    file.seek(17)
    media.inspect(file)
    media.probe(file)
    assert not file.closed
    assert thumbnails.CONTENT_TYPE == "image/webp"
