"""The limits of a model in sentences. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.catalog.models import AIModel


def limits_of(ai_model: AIModel) -> list[str]:
    """Every limit that a person should know of before a run, and what it waits for."""
    limits: Mapping[str, Any] = ai_model.limits
    said = [sentence(limits[name]) for name, sentence in _SENTENCES.items() if limits.get(name)]
    if ai_model.spec().truncate_to_last:
        said.append(f"Of more than {ai_model.spec().truncate_to_last} pictures, the last ones are used.")
    said.append(f"A run that has not ended after {ai_model.timeout_seconds:,} s is stopped, and nothing is charged.")
    return said


def _span(span: Mapping[str, int], unit: str) -> str:
    least, most = span.get("min"), span.get("max")
    if least and most:
        return f"{least:,} to {most:,} {unit}"
    return f"at most {most:,} {unit}" if most else f"at least {least:,} {unit}"


_SENTENCES: Final[Mapping[str, Callable[[Any], str]]] = {  # JSON, as the catalogue has it
    "max_input_px": lambda pixels: f"No picture that goes in may have more than {pixels:,} pixels.",
    "max_output_px": lambda pixels: f"No result may have more than {pixels:,} pixels; a larger one is refused, free.",
    "recommended_max_px": lambda pixels: f"Above {pixels:,} pixels results get worse.",
    "delivered_max_px": lambda pixels: f"What comes back has at most {pixels:,} pixels.",
    "axis_px": lambda span: f"Each edge has {_span(span, 'pixels')}.",
    "custom_edge_px": lambda span: f"A size of your own has edges of {_span(span, 'pixels')}.",
    "total_px": lambda span: f"Results have {_span(span, 'pixels')} in all.",
    "total_images_max": lambda most: f"Pictures that go in and results asked for are at most {most} together.",
    "images_per_call": lambda most: f"One run gives at most {most} result{'' if most == 1 else 's'} a round.",
    "typical_px": lambda pixels: f"A usual result has {pixels:,} pixels.",
    "prompt_min_chars": lambda least: f"A prompt has at least {least:,} characters.",
    "prompt_max_chars": lambda most: f"A prompt has at most {most:,} characters.",
    "consistent_people_max": lambda most: f"Up to {most} people stay recognizable in one picture.",
    "input_formats": lambda names: f"Takes {', '.join(names)}.",
    "output_formats": lambda names: f"Gives {', '.join(names)}.",
    "clip_seconds": lambda length: f"A clip is {length} s long.",
    "aspect_ratio_note": lambda note: f"Shapes: {note}.",
}
