"""What a picture is: its type by its content, its size as shown, whether it is whole, and a small copy of it. Pure.

Files come from strangers. The type is told by the first bytes, never by a name, and only that type's reader touches the
file; the size is checked before a pixel is decoded; whatever else goes wrong inside a reader ends as ``BrokenPicture``.
Of a file with several frames only the first is ever decoded.
"""

import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from apps.errors import DomainError
from apps.library import thumbnails

MAX_PIXELS: Final = 89_478_485  # Pillow's own line: 1 GiB / 4 / 3
MAX_EDGE: Final = 65_535  # what JPEG and GIF can say; a taller PNG would cost more in row pointers than in pixels

# Every type that is taken in, and the extension its files get.
EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
}

_READERS: Final[Mapping[str, type[ImageFile.ImageFile]]] = {
    "image/jpeg": JpegImageFile,
    "image/png": PngImageFile,
    "image/webp": WebPImageFile,
    "image/gif": GifImageFile,
    "image/avif": AvifImageFile,
}
# How often a reader holds the decoded picture: those of WebP and AVIF make canvases and copies of their own.
_COPIES: Final[Mapping[str, int]] = {"image/jpeg": 1, "image/png": 1, "image/webp": 4, "image/gif": 1, "image/avif": 4}
_HEAD_BYTES: Final = 64
_CHUNK_BYTES: Final = 262_144
_MAX_SCANS: Final = 64  # of a progressive JPEG: encoders write about ten, and each costs a pass over every pixel
_MAX_PNG_CHUNKS: Final = 200_000  # 200 MB in pieces of 1 kB; more are there to waste time
_ORIENTATION: Final = 0x0112  # the EXIF tag
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})  # width and height change places

# What Pillow and the C libraries under it raise over broken and hostile files; the tests look for more with a fuzzer.
# ``Warning`` is among them for programs that turn warnings into errors; RuntimeError stands for recursion, too.
_FAULTS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    MemoryError,
    BufferError,
    Warning,
    struct.error,
    zlib.error,
)


class BadPicture(DomainError):
    """A file that is not taken in; one of the three below."""


class NotAPicture(BadPicture):
    """Empty, or of a type that is not read here."""

    code = "not_a_picture"


class BrokenPicture(BadPicture):
    """The right type by its first bytes, but cut off or damaged."""

    code = "broken_picture"


class ImageTooLarge(BadPicture):
    """More pixels than are decoded. Found without decoding one."""

    code = "image_too_large"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a header says. Width and height are in pixels, as shown: after the turn that EXIF asks for."""

    content_type: str
    width: int
    height: int
    orientation: int  # EXIF's value, 1 to 8; 1 is upright


@dataclass(frozen=True, slots=True)
class Inspected:
    """A whole picture, or clip: facts, fingerprint, and a small upright copy, encoded as thumbnails.CONTENT_TYPE."""

    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    thumbnail: bytes
    blurhash: str
    duration_ms: int | None = None  # of a clip


class _Budget:
    """Pixels that this process decodes at a time. Whoever asks for more than is left waits, in order of arrival."""

    def __init__(self, pixels: int) -> None:
        self._left = pixels
        self._line = threading.Lock()
        self._given_back = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Generator[None]:
        with self._line, self._given_back:
            self._given_back.wait_for(lambda: self._left >= pixels)
            self._left -= pixels
        try:
            yield
        finally:
            with self._given_back:
                self._left += pixels
                self._given_back.notify_all()


_BUDGET: Final = _Budget(MAX_PIXELS)


def probe(file: IO[bytes]) -> Probe:
    """Tell type and size from the header of a seekable file; no pixel is decoded.

    :raises NotAPicture: empty, or not JPEG, PNG, WebP, GIF or AVIF. :raises BrokenPicture: the header is damaged.
    :raises ImageTooLarge: past MAX_PIXELS or MAX_EDGE.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    content_type = sniff(head)
    if content_type is None:
        raise NotAPicture("The file is empty." if not head else "Only JPEG, PNG, WebP, GIF and AVIF pictures are read.")
    if content_type == "image/webp":
        _check_size(*_webp_canvas(head))  # its reader allocates the canvas as it opens
    if content_type == "image/png":
        _walk_png(file)
    with _opened(file, content_type) as image:
        return _measure(image, content_type)


def inspect(file: IO[bytes]) -> Inspected:
    """Read a whole seekable file once for its fingerprint and once for its pixels.

    Memory: the decoded picture (4 bytes a pixel; a JPEG is decoded small), and for WebP and AVIF the file itself, whose
    readers cannot stream. All decoding in a process together stays within MAX_PIXELS.

    :raises NotAPicture, ImageTooLarge: as ``probe``.
    :raises BrokenPicture: pixels are missing, or the file cannot be decoded.
    """
    probed = probe(file)
    sha256, size_bytes, scans = _read_through(file)
    if probed.content_type == "image/jpeg" and scans > _MAX_SCANS:
        raise BrokenPicture(f"The picture is written in {scans} scans; {_MAX_SCANS} are read.")
    pixels = probed.width * probed.height * _COPIES[probed.content_type]
    with _BUDGET.take(min(MAX_PIXELS, pixels)), _opened(file, probed.content_type) as image:
        small = thumbnails.shrink(image, orientation=probed.orientation)
        return Inspected(
            content_type=probed.content_type,
            width=probed.width,
            height=probed.height,
            size_bytes=size_bytes,
            sha256=sha256,
            thumbnail=thumbnails.encode(small),
            blurhash=thumbnails.blur(small),
        )


def sniff(head: bytes) -> str | None:
    """Tell the content type from a file's first 64 bytes; None: not one that is read."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    # The brand may be that of the container; HEIC has the same and does not list avif. Source: AVIF 1.1, section 6.
    brand, others = head[8:12], head[16:]
    if head[4:8] == b"ftyp" and (brand in {b"avif", b"avis"} or (brand in {b"mif1", b"msf1"} and b"avif" in others)):
        return "image/avif"
    return None


@contextmanager
def _opened(file: IO[bytes], content_type: str) -> Generator[ImageFile.ImageFile]:
    """Open with the one reader of this type; whatever goes wrong until the end of the block is the file's fault."""
    file.seek(0)
    try:
        with _READERS[content_type](file) as image:
            yield image
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"The picture has more than {MAX_PIXELS:,} pixels.", max_pixels=MAX_PIXELS) from error
    except _FAULTS as error:
        raise BrokenPicture("The picture is cut off or damaged.") from error


def _measure(image: ImageFile.ImageFile, content_type: str) -> Probe:
    width, height = image.size
    _check_size(width, height)
    orientation = _orientation(image)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Probe(content_type, width, height, orientation)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_EDGE:
        raise ImageTooLarge(
            f"The picture has {width:,} x {height:,} pixels; {MAX_PIXELS:,} in all are read, {MAX_EDGE:,} to an edge.",
            width=width,
            height=height,
            max_pixels=MAX_PIXELS,
        )


def _orientation(image: ImageFile.ImageFile) -> int:
    """Read EXIF's orientation; unreadable EXIF is no reason to refuse a picture that can be seen."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        value = exif.get(_ORIENTATION, 1)
    except _FAULTS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _webp_canvas(head: bytes) -> tuple[int, int]:
    """Read the canvas from a WebP header. Source: RFC 9649, sections 2.5 to 2.7."""
    kind, body = head[12:16], head[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _walk_png(file: IO[bytes]) -> None:
    """Step over the chunks of a PNG to its end mark: Pillow asks for the pixels only.

    Source: PNG specification, third edition, section 5.3.
    """
    end, position = file.seek(0, os.SEEK_END), 8
    for _ in range(_MAX_PNG_CHUNKS):
        file.seek(position)
        header = file.read(8)
        position += 12 + int.from_bytes(header[:4], "big")  # length, type, data, checksum
        if len(header) < 8 or position > end:
            raise BrokenPicture("The picture is cut off.")
        if header[4:] == b"IEND":
            return
    raise BrokenPicture(f"The picture is written in more than {_MAX_PNG_CHUNKS:,} pieces.")


def _read_through(file: IO[bytes]) -> tuple[str, int, int]:
    """Return a file's SHA-256, its bytes, and how many marks of a JPEG scan are in it."""
    digest, size_bytes, scans = hashlib.sha256(), 0, 0
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        scans += chunk.count(b"\xff\xda")  # one that lies across two chunks is missed, which changes nothing
    return digest.hexdigest(), size_bytes, scans
