"""What fal's endpoints take, as fal documents it: names, choices and bounds of their inputs. Nothing else is let in."""

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

Schema = Mapping[str, Any]

RATIO9: Final = ["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"]
RATIO10: Final = ["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]
SIZE6: Final = ["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"]

_FLAG: Final = {"type": "boolean"}
_WHOLE: Final = {"type": "integer"}
_URL: Final = {"type": "string", "pattern": "^https?://"}


def _one_of(*values: str) -> Schema:
    return {"enum": list(values)}


def _from(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _count(high: int, low: int = 1) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _text(low: int = 0, high: int = 100_000) -> Schema:
    return {"type": "string", "minLength": low, "maxLength": high}


def _urls(high: int = 100) -> Schema:
    return {"type": "array", "items": _URL, "minItems": 1, "maxItems": high}


def _size(*more: str, low: int = 1, high: int = 14_142) -> Schema:
    edge = _count(high, low)
    pixels = {"type": "object", "additionalProperties": False, "properties": {"width": edge, "height": edge}}
    return {"anyOf": [{"enum": [*SIZE6, *more]}, {**pixels, "required": ["width", "height"]}]}


def _endpoint(*needed: str, **fields: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": list(needed), "properties": fields}


def _edit(schema: Schema, *needed: str, **more: Schema) -> Schema:
    """The same endpoint, for pictures."""
    return _endpoint(*schema["required"], *needed, **{**schema["properties"], **more})


_BASE: Final = {"prompt": _text(), "seed": _WHOLE}
_CHECKED: Final = {"enable_safety_checker": _FLAG}
_FOUR: Final = {"num_images": _count(4)}
_JPEG: Final = {"output_format": _one_of("jpeg", "png")}
_ANY: Final = {"output_format": _one_of("jpeg", "png", "webp")}
_SPEED: Final = {"acceleration": _one_of("none", "regular", "high")}

_FLUX_2_PRO: Final = _endpoint(
    "prompt",
    **_BASE, **_JPEG, **_CHECKED, image_size=_size(), safety_tolerance=_one_of("1", "2", "3", "4", "5"),
)  # fmt: skip
_FLUX_2_PRO_EDIT: Final = _edit(_FLUX_2_PRO, "image_urls", image_urls=_urls(), image_size=_size("auto"))
_FLUX_2: Final = _endpoint(
    "prompt",
    **_BASE, **_FOUR, **_ANY, **_SPEED, **_CHECKED, image_size=_size(low=512, high=2048),
    num_inference_steps=_count(50, 4), guidance_scale=_from(0, 20), enable_prompt_expansion=_FLAG,
)  # fmt: skip
_KONTEXT: Final = _endpoint(
    "prompt",
    **_BASE, **_FOUR, **_JPEG, aspect_ratio=_one_of(*RATIO9), guidance_scale=_from(1, 20),
    safety_tolerance=_one_of("1", "2", "3", "4", "5", "6"), enhance_prompt=_FLAG,
)  # fmt: skip
_KONTEXT_EDIT: Final = _edit(_KONTEXT, "image_url", image_url=_URL)
_BANANA: Final = _endpoint(
    "prompt",
    **_FOUR, **_ANY, prompt=_text(3, 50_000), seed=_WHOLE, aspect_ratio=_one_of(*RATIO10),
    safety_tolerance=_one_of("1", "2", "3", "4", "5", "6"), limit_generations=_FLAG,
)  # fmt: skip
_AUTO10: Final = {"aspect_ratio": _one_of("auto", *RATIO10)}
_PRO: Final = {"resolution": _one_of("1K", "2K", "4K"), "enable_web_search": _FLAG, "system_prompt": _text(), **_AUTO10}
_BANANA_PRO: Final = _edit(_BANANA, **_PRO)
_BANANA_2: Final = _edit(
    _BANANA,
    **{**_PRO, "resolution": _one_of("0.5K", "1K", "2K", "4K")} | {"thinking_level": _one_of("minimal", "high")}
    | {"aspect_ratio": _one_of("auto", *RATIO10, "4:1", "1:4", "8:1", "1:8")},
)  # fmt: skip
_SEEDREAM_45: Final = _endpoint(
    "prompt",
    **_BASE, **_CHECKED, image_size=_size("auto_2K", "auto_4K"), num_images=_count(6), max_images=_count(6),
)  # fmt: skip
_SEEDREAM_4: Final = _edit(
    _SEEDREAM_45, image_size=_size("auto", "auto_2K", "auto_4K"), enhance_prompt_mode=_one_of("standard", "fast")
)
_SEEDREAM_5: Final = _endpoint(
    "prompt",
    **_CHECKED, prompt=_text(), image_size=_size("auto_2K", "auto_3K", "auto_4K"), num_images=_count(6),
    max_images=_count(6), return_byteplus_urls=_FLAG,
)  # fmt: skip
_QWEN: Final = _endpoint(
    "prompt", "image_url",
    **_BASE, **_FOUR, **_JPEG, **_SPEED, **_CHECKED, image_url=_URL, image_size=_size(), negative_prompt=_text(),
    num_inference_steps=_count(50, 2), guidance_scale=_from(0, 20),
)  # fmt: skip
_QWEN_PLUS: Final = {
    **_edit(_QWEN, num_inference_steps=_count(100, 2), acceleration=_one_of("none", "regular"), image_urls=_urls()),
    "required": ["prompt", "image_urls"],
}
_GPT_15: Final = _endpoint(
    "prompt",
    **_FOUR, **_ANY, prompt=_text(2), image_size=_one_of("1024x1024", "1536x1024", "1024x1536"),
    background=_one_of("auto", "transparent", "opaque"), quality=_one_of("low", "medium", "high"),
)  # fmt: skip
_GPT_2: Final = _endpoint(
    "prompt",
    **_FOUR, **_ANY, prompt=_text(), quality=_one_of("auto", "low", "medium", "high"),
    image_size={"anyOf": [{"enum": [*SIZE6, "auto"]}, {
        "type": "object",
        "additionalProperties": False,
        "required": ["width", "height"],
        "properties": {edge: {**_count(3840), "multipleOf": 16} for edge in ("width", "height")},
    }]},
)  # fmt: skip

ENDPOINTS: Final[Mapping[str, Schema]] = {
    "fal-ai/flux/schnell": _endpoint(
        "prompt",
        **_BASE, **_FOUR, **_JPEG, **_SPEED, **_CHECKED, image_size=_size(), num_inference_steps=_count(12),
        guidance_scale=_from(1, 20),
    ),
    "fal-ai/flux-pro/v1.1-ultra": _endpoint(
        "prompt",
        **_BASE, **_FOUR, **_JPEG, aspect_ratio=_text(), raw=_FLAG, enhance_prompt=_FLAG, image_url=_URL,
        image_prompt_strength=_from(0, 1), safety_tolerance=_one_of("1", "2", "3", "4", "5", "6"),
    ),
    "fal-ai/flux-2-lora-gallery/realism": _endpoint(
        "prompt",
        **_BASE, **_FOUR, **_ANY, **_CHECKED, image_size=_size(), num_inference_steps=_count(50),
        guidance_scale=_from(0, 20), lora_scale=_from(0, 2), acceleration=_one_of("none", "regular"),
    ),
    "fal-ai/flux-2-pro": _FLUX_2_PRO,
    "fal-ai/flux-2-max": _FLUX_2_PRO,
    "fal-ai/flux-2-pro/edit": _FLUX_2_PRO_EDIT,
    "fal-ai/flux-2-max/edit": _FLUX_2_PRO_EDIT,
    "fal-ai/flux-2": _FLUX_2,
    "fal-ai/flux-2/edit": _edit(_FLUX_2, "image_urls", image_urls=_urls(4)),
    "fal-ai/flux-pro/kontext": _KONTEXT_EDIT,
    "fal-ai/flux-pro/kontext/max": _KONTEXT_EDIT,
    "fal-ai/flux-pro/kontext/max/text-to-image": _KONTEXT,
    "fal-ai/nano-banana": _BANANA,
    "fal-ai/nano-banana/edit": _edit(_BANANA, "image_urls", image_urls=_urls(), **_AUTO10),
    "fal-ai/nano-banana-pro": _BANANA_PRO,
    "fal-ai/nano-banana-pro/edit": _edit(_BANANA_PRO, "image_urls", image_urls=_urls()),
    "fal-ai/nano-banana-2/edit": _edit(_BANANA_2, "image_urls", image_urls=_urls()),
    "fal-ai/bytedance/seedream/v4/edit": _edit(_SEEDREAM_4, "image_urls", image_urls=_urls()),
    "fal-ai/bytedance/seedream/v4.5/text-to-image": _SEEDREAM_45,
    "fal-ai/bytedance/seedream/v4.5/edit": _edit(_SEEDREAM_45, "image_urls", image_urls=_urls()),
    "bytedance/seedream/v5/lite/edit": _edit(_SEEDREAM_5, "image_urls", image_urls=_urls()),
    "fal-ai/qwen-image-edit": _QWEN,
    "fal-ai/qwen-image-edit-plus": _endpoint(
        *_QWEN_PLUS["required"], **{name: one for name, one in _QWEN_PLUS["properties"].items() if name != "image_url"}
    ),
    "fal-ai/z-image/turbo": _endpoint(
        "prompt",
        **_BASE, **_FOUR, **_ANY, **_SPEED, **_CHECKED, image_size=_size(), num_inference_steps=_count(8),
        enable_prompt_expansion=_FLAG,
    ),
    "reve/2.1/edit": _endpoint(
        "prompt", "image_url",
        **_ANY, prompt=_text(), image_url=_URL, num_images=_WHOLE,
        aspect_ratio=_one_of(
            "4:1", "3:1", "21:9", "2:1", "17:9", "16:9", "3:2", "4:3", "5:4", "1:1",
            "4:5", "3:4", "2:3", "9:16", "1:2", "1:3", "1:4", "auto",
        ),
    ),
    "fal-ai/topaz/upscale/image": _endpoint(
        "image_url",
        **_JPEG, image_url=_URL, upscale_factor=_from(1, 4), crop_to_fill=_FLAG, face_enhancement=_FLAG,
        model=_one_of(
            "Standard V2", "High Fidelity V2", "Low Resolution V2", "CGI", "Text Refine", "Recovery", "Recovery V2",
            "Redefine", "Wonder", "Wonder 3", "Standard MAX",
        ),
        subject_detection=_one_of("All", "Foreground", "Background"), face_enhancement_creativity=_from(0, 1),
        face_enhancement_strength=_from(0, 1), denoise=_from(0, 1), sharpen=_from(0, 1), fix_compression=_from(0, 1),
        detail=_from(0, 1), strength=_from(0.01, 1), creativity=_count(6), texture=_count(5), autoprompt=_FLAG,
        prompt=_text(0, 1024), enhancement_strength=_one_of("low", "medium", "high"),
    ),
    "fal-ai/ideogram/v3/reframe": _endpoint(
        "image_url", "image_size",
        image_url=_URL, image_size=_size(), num_images=_count(8), seed=_WHOLE,
        rendering_speed=_one_of("TURBO", "BALANCED", "QUALITY"),
        style=_one_of("AUTO", "GENERAL", "REALISTIC", "DESIGN"),
    ),
    "fal-ai/gpt-image-1.5": _GPT_15,
    "fal-ai/gpt-image-1.5/edit": _edit(
        _GPT_15, "image_urls",
        image_urls=_urls(), mask_image_url=_URL, input_fidelity=_one_of("low", "high"),
        image_size=_one_of("1024x1024", "1536x1024", "1024x1536", "auto"),
    ),
    "openai/gpt-image-2": _GPT_2,
    "openai/gpt-image-2/edit": _edit(_GPT_2, "image_urls", image_urls=_urls(16), mask_url=_URL),
    "fal-ai/veo3.1/image-to-video": _endpoint(
        "prompt", "image_url",
        prompt=_text(0, 20_000), seed=_WHOLE, image_url=_URL, duration=_one_of("4s", "6s", "8s"),
        resolution=_one_of("720p", "1080p", "4k"), aspect_ratio=_one_of("auto", "16:9", "9:16"), generate_audio=_FLAG,
        auto_fix=_FLAG, negative_prompt=_text(), safety_tolerance=_one_of("1", "2", "3", "4", "5", "6"),
    ),
}  # fmt: skip
_TOTALS: Final = {  # pixels of an exact size, from the least to the most
    "fal-ai/bytedance/seedream/v4/": (960 * 960, 4096 * 4096),
    "fal-ai/bytedance/seedream/v4.5/": (2560 * 1440, 4096 * 4096),
    "openai/gpt-image-2": (655_360, 8_294_400),
}


def refusals(endpoint: str, inputs: Mapping[str, Any]) -> list[str]:
    """Why an endpoint would not take these inputs; nothing when it would. An unknown endpoint takes none."""
    schema = ENDPOINTS.get(endpoint)
    if schema is None:
        return [f"there is no endpoint {endpoint}"]
    faults = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(dict(inputs))]
    size = inputs.get("image_size")
    for prefix, (least, most) in _TOTALS.items():
        if endpoint.startswith(prefix) and isinstance(size, Mapping):
            width, height = int(size["width"]), int(size["height"])
            is_within = least <= width * height <= most
            is_lanky = prefix.startswith("openai") and max(width, height) > 3 * min(width, height)
            faults += [] if is_within and not is_lanky else [f"image_size: {width}x{height} is out of bounds"]
    return faults
