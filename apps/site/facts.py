"""What is said of a model, in the words of the public pages: marks, prices, times. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from apps.catalog.capabilities import state_of
from apps.catalog.kinds import Kind, PriceStatus, Stage
from apps.catalog.models import AIModel
from apps.catalog.shelf import OnShelf
from apps.catalog.statistics import MONTH, Measurement

RECOMMENDED: Final = "recommended"
SUPPORTED: Final = "supported"

KIND_NAMES: Final = {
    Kind.TEXT_TO_IMAGE: "Text to picture",
    Kind.IMAGE_EDIT: "Picture edit",
    Kind.UPSCALE: "Enlarge",
    Kind.BACKGROUND_REMOVAL: "Cut out",
    Kind.REFRAME: "Reframe",
    Kind.IMAGE_TO_VIDEO: "Picture to clip",
}
STAGE_GOALS: Final = {
    Stage.EXPLORE: "Try many ideas quickly and throw most of them away.",
    Stage.REFINE: "Make the chosen idea convincing while it stays recognizable.",
    Stage.DELIVER: "Larger finals, and several candidates to choose from.",
    Stage.PRECISION: "Change one part and hold everything else still.",
    Stage.MOTION: "Turn the finished still into a clip.",
}
PRICE_STATUSES: Final = {
    PriceStatus.STATED: "Stated: the price comes from a published price in credits.",
    PriceStatus.CONVERTED: "Converted: the published price is in dollars, and we turned it into credits.",
    PriceStatus.INFERRED: "Inferred: nobody publishes a price; we took that of the closest relative.",
    PriceStatus.ASSUMED: "Assumed: nobody publishes a price; this is our own, and the operator is asked to confirm it.",
}
CERTAIN: Final = frozenset({PriceStatus.STATED, PriceStatus.CONVERTED})  # prices that somebody publishes
CAPABILITY_NAMES: Final = {
    "text_to_image": "Makes pictures from text",
    "single_edit": "Edits a picture",
    "multi_image": "Works from several pictures",
    "mask_edit": "Keeps to a mask",
    "background_removal": "Cuts out the subject",
    "aspect_ratio": "Takes a shape",
    "variants": "Several results in one run",
    "upscaling": "Enlarges",
    "native_audio": "Adds sound",
    "web_search": "Searches the web",
}


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Mark:
    """An answer with its words; the text stands in the cell where a number says more than the sign."""

    answer: Answer
    words: str
    text: str = ""

    @property
    def icon(self) -> str:
        return {Answer.YES: "check", Answer.NO: "minus", Answer.LIMITED: "part"}[self.answer]


def mark_of(value: Any) -> Mark:  # a capability is true, false, null, a word or {min, max}
    """Read a capability: nothing that no source says counts as something a model can do."""
    answer = Answer(state_of(value) or "no")
    words = answer.value.capitalize()
    if isinstance(value, Mapping):
        text = _range(value.get("min"), value.get("max"))
        return Mark(answer, f"{words}: {text}", text)
    return Mark(answer, words)


def references_mark(ai_model: AIModel) -> Mark:
    """How many pictures a run takes; the third sign where several are only taken with care."""
    most = ai_model.max_references
    if most == 0:
        return Mark(Answer.NO, "None", "0")
    several = mark_of(ai_model.capabilities.get("multi_image"))
    words = "any number" if most is None else f"up to {most}" if most > 1 else "1"
    text = "any" if most is None else str(most)
    if several.answer is Answer.LIMITED:
        return Mark(Answer.LIMITED, f"{words}, limited", text)
    return Mark(Answer.YES, words, text)


def variants_mark(ai_model: AIModel) -> Mark:
    """How many results one run gives at most."""
    value = ai_model.capabilities.get("variants")
    mark = mark_of(value)
    most = value.get("max") if isinstance(value, Mapping) else None
    return Mark(mark.answer, f"up to {most}", str(most)) if most else mark


def scale_mark(ai_model: AIModel) -> Mark:
    """Whether it enlarges, and how many times over at most."""
    mark, value = kind_mark(ai_model, Kind.UPSCALE, "upscaling"), ai_model.capabilities.get("upscaling")
    most = value.get("max") if isinstance(value, Mapping) else None
    return Mark(mark.answer, f"up to {most} times", f"{most}×") if most else mark


def kind_mark(ai_model: AIModel, kind: Kind, capability: str = "") -> Mark:
    """Whether a kind of work is what the model does, or one of its capabilities."""
    if kind in (ai_model.kind, *ai_model.also_kinds):
        return mark_of(ai_model.capabilities.get(capability) or True)
    return mark_of(ai_model.capabilities.get(capability))


def seconds(number: int | float | None) -> str:
    """``25 s``, never parted from its unit; empty when nobody knows."""
    return "" if number is None else f"{number:g}\N{NO-BREAK SPACE}s"


def usual_time(ai_model: AIModel) -> str:
    return f"~{seconds(ai_model.average_seconds)}" if ai_model.average_seconds else ""


def measured(on_shelf: OnShelf) -> Measurement | None:
    """What real runs of the last month showed, when there were enough of them."""
    return on_shelf.measured.get(MONTH)


def measured_time(on_shelf: OnShelf) -> str:
    """The median of real runs; empty when there are too few to tell."""
    found = measured(on_shelf)
    return seconds(round(found.median_ms / 1000)) if found and found.median_ms else ""


def watermark(ai_model: AIModel) -> str:
    return str(ai_model.limits.get("watermark") or "")


def _range(least: int | None, most: int | None) -> str:
    if most is None:
        return "any number" if least in (None, 1) else f"{least} or more"
    return f"up to {most}" if least in (None, 1) else f"{least} to {most}"
