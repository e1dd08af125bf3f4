"""Pictures for tests, small and of every kind, and files that only look like pictures."""

import io
import random
import struct
import zlib
from base64 import b64encode
from pathlib import Path

from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (250, 250, 250)


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """Red, green, blue and white, clockwise from the upper left, so that every turn shows."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (width // 2, height // 2, width, height))
    return image


def noise(width: int = 64, height: int = 48, *, seed: int = 1) -> Image.Image:
    """A picture that hardly compresses: its files have data all the way to their end."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(3 * width * height))


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def zero_png(width: int, height: int) -> bytes:
    """A correct RGB PNG of zeros, at the cost of one row: a flushed block of deflate may stand in a row of itself."""
    row = bytes(1 + 3 * width)
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(row) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">I", (len(row) * height % 65521) << 16 | 1)  # Adler-32 of so many zeros
    packed = b"\x78\xda" + height * block + packer.flush() + checksum
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def flat_png(size_bytes: int) -> bytes:
    """A correct PNG of about so many bytes: not compressed at all."""
    return encode(noise(1000, size_bytes // 3000 + 1), compress_level=0)


def data_uri(content: bytes, content_type: str = "image/png") -> str:
    return f"data:{content_type};base64,{b64encode(content).decode()}"


def samples() -> dict[str, bytes]:
    """One file of every kind that is read, by name."""
    image, gray = noise(), noise().convert("L")
    others = [noise(seed=2), noise(seed=3)]
    return {
        "jpeg": encode(image, "JPEG"),
        "jpeg-progressive": encode(image, "JPEG", progressive=True),
        "jpeg-cmyk": encode(image.convert("CMYK"), "JPEG"),
        "jpeg-exif": encode(image, "JPEG", exif=orientation(6)),
        "png": encode(image),
        "png-alpha": encode(image.convert("RGBA")),
        "png-palette": encode(image.convert("P"), transparency=1),
        "png-gray-alpha": encode(gray.convert("LA")),
        "png-bits": encode(gray.convert("1")),
        "png-16-bit": encode(Image.new("I;16", (64, 48), 0x8000)),
        "webp": encode(image, "WEBP"),
        "webp-lossless": encode(image, "WEBP", lossless=True),
        "webp-animated": encode(image, "WEBP", save_all=True, append_images=others),
        "gif": encode(image, "GIF"),
        "gif-animated": encode(image, "GIF", save_all=True, append_images=others),
        "avif": encode(image, "AVIF", speed=10),
        "avif-animated": encode(image, "AVIF", speed=10, save_all=True, append_images=others),
    }


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def files_below(folder: Path) -> list[str]:
    """Every file under a folder, half-written ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
