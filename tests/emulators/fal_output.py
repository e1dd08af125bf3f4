"""What fal's models deliver: output objects, and the pictures they point to."""

import base64
import io
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from PIL import Image

from tests.clips import build_clip
from tests.emulators.fal_runs import Json

PRESETS = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
_SINGLE = ("topaz/", "birefnet", "background", "rembg")  # endpoints that deliver one `image`, not a list
_CLIP = "image-to-video"  # in the name of endpoints that deliver a `video`
_CLIP_NAME = "640x360-2s.mp4"
_NAME = re.compile(r"(\d+)x(\d+)-(\d+)\.(png|jpeg|webp)")


def make_output(
    endpoint: str,
    inputs: Json,
    *,
    files_url: str,
    pictures: int | None,
    size: tuple[int, int] | None,
    is_nsfw: bool,
    is_inline: bool,
) -> dict[str, Any]:
    """Write the output object of a run; its pictures lie under ``files_url``, or in it."""
    if _CLIP in endpoint:
        return {"video": {"url": f"{files_url}/{_CLIP_NAME}", "content_type": "video/mp4", "file_name": _CLIP_NAME}}
    width, height = size or _size(inputs)
    extension = str(inputs.get("output_format") or "png")
    asked = int(inputs.get("num_images") or 1) * int(inputs.get("max_images") or 1)
    files = []
    for index in range(asked if pictures is None else pictures):
        name = f"{width}x{height}-{index}.{extension}"
        url = f"{files_url}/{name}"
        if is_inline:
            url = f"data:image/{extension};base64,{base64.b64encode(_draw(width, height, index, extension)).decode()}"
        file = {"url": url, "width": width, "height": height, "content_type": f"image/{extension}", "file_name": name}
        files.append(file)
    if any(part in endpoint for part in _SINGLE):
        return {"image": files[0] if files else None}
    seed = int(inputs.get("seed") or 42)
    return {
        "images": files,
        "seed": seed,
        "timings": {"inference": 0.5},
        "has_nsfw_concepts": [is_nsfw] * len(files),
        "prompt": inputs.get("prompt", ""),
    }


def picture(name: str) -> tuple[bytes, str] | None:
    """The bytes and type of a picture or clip that an output named; None for any other name."""
    if name == _CLIP_NAME:
        return _shoot(), "video/mp4"
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    width, height, index, extension = found.groups()
    return _draw(int(width), int(height), int(index), extension), f"image/{extension}"


def _size(inputs: Json) -> tuple[int, int]:
    asked = inputs.get("image_size")
    if isinstance(asked, Mapping):
        return int(asked["width"]), int(asked["height"])
    return PRESETS.get(str(asked), (1024, 1024))


@lru_cache(maxsize=1)
def _shoot() -> bytes:
    return build_clip(size=(640, 360), seconds=2)


@lru_cache(maxsize=32)
def _draw(width: int, height: int, index: int, extension: str) -> bytes:
    shade = Image.linear_gradient("L").resize((width, height))
    inverse = shade.point([255 - value for value in range(256)])
    image = Image.merge("RGB", (shade, inverse, shade.point([40 * index % 256] * 256)))
    file = io.BytesIO()
    image.save(file, extension.upper())
    return file.getvalue()
