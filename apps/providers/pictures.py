"""Pictures in and out for the adapters that make them here: opened within limits, written in three formats."""

import io

from PIL import Image, ImageOps

from apps.providers.contract import Picture, ProviderRejected, ProviderUnavailable, Refusal

MAX_PIXELS_IN = 89_478_485  # as the catalogue refuses larger ones; Pillow's own limit
MAX_PIXELS_OUT = 24 * 1024 * 1024
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_READABLE = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
LONGEST_SIDE = {"PNG": 1 << 24, "JPEG": 65_500, "WEBP": 16_383}


def refuse(message: str) -> ProviderRejected:
    """Make the error for a picture that cannot be worked on; the message tells its owner what to do."""
    return ProviderRejected(message, refusal=Refusal.INVALID_INPUT)


def load(picture: Picture, *, max_pixels: int = MAX_PIXELS_IN) -> Image.Image:
    """Decode a picture, upright, as L, LA, RGB or RGBA; its ICC profile stays in ``info`` where it still fits.

    The size is read from the header and checked before anything is decoded.

    :raises ProviderRejected: too large, damaged, or not a picture.
    :raises ProviderUnavailable: its file cannot be had just now.
    """
    try:
        stream = picture.open()
    except OSError as error:
        raise ProviderUnavailable("The picture's file cannot be read just now.") from error
    try:
        with stream as file, Image.open(file, formats=_READABLE) as opened:
            if opened.width * opened.height > max_pixels:
                raise refuse(
                    f"The picture has {opened.width} x {opened.height} pixels; at most {max_pixels:,} can be used."
                )
            opened.load()
            return _plain(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refuse("The picture is too large.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow's words for a damaged file
        raise refuse("The picture is damaged or in a format that is not read here.") from error


def encode(image: Image.Image, content_type: str) -> bytes:
    """Write a picture, with its ICC profile; JPEG gets white where it was transparent.

    :raises ProviderRejected: a format that is not written here, or a side longer than the format has room for.
    """
    written = FORMATS.get(content_type)
    if written is None:
        raise refuse(f"Pictures are written as PNG, JPEG or WebP, not as {content_type}.")
    if max(image.size) > LONGEST_SIDE[written]:
        raise refuse(f"A {written} picture has at most {LONGEST_SIDE[written]} pixels a side.")
    file = io.BytesIO()
    profile = image.info.get("icc_profile")
    match written:
        case "JPEG":
            flatten(image).save(file, "JPEG", quality=92, icc_profile=profile)
        case "WEBP":
            image.save(file, "WEBP", quality=92, method=2, icc_profile=profile)
        case _:
            image.save(file, "PNG", compress_level=3, icc_profile=profile)
    return file.getvalue()


def flatten(image: Image.Image) -> Image.Image:
    """Lay a picture on white; one without transparency stays itself."""
    if not image.has_transparency_data:
        return image
    solid = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(solid, mask=solid.getchannel("A"))
    return ground


def _plain(image: Image.Image) -> Image.Image:
    """Bring the rarer modes to one of four, and drop a profile that described the mode that was."""
    if image.mode in {"L", "LA", "RGB", "RGBA"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):  # 16 bit grey: Pillow's own conversion clips instead of scaling
        plain = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    else:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in {"P", "RGB"} and "icc_profile" in image.info:
        plain.info["icc_profile"] = image.info["icc_profile"]
    else:
        plain.info.pop("icc_profile", None)
    return plain
