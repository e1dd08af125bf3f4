"""Words of advice beside the composer, by what the chosen model does."""

from dataclasses import dataclass
from typing import Final

from apps.catalog.models import AIModel, Kind

_FIVE_TIPS: Final = (
    "Name the thing and the change: “the left chair in red leather”, not “make it nicer”.",
    "Begin with one small change. Add the next one to its result.",
    "Say what must stay: the face, the label, the camera angle. The field below the prompt is for that.",
    "Edit the result again, as often as you like. Every step stays, and any of them can be taken up anew.",
    "Describe light, palette and medium as they already are, so that the edit matches the rest.",
)
_THREE_HINTS: Final = (
    "Describe what would be seen: subject, place, light, lens or medium, mood. Whole sentences work best.",
    "Take the size you need and no more. Decide small, then make the chosen one large.",
    "Ask for several variants of a good prompt before you rewrite it.",
)
_TEXTURE: Final = (
    "An edit keeps the structure of a picture and paints its surface anew. How close it stays differs by model: "
    "the picker says it as “likeness”."
)


@dataclass(frozen=True, slots=True)
class Guidance:
    """A disclosure: its title, numbered sentences, and notes under them."""

    title: str
    tips: tuple[str, ...]
    notes: tuple[str, ...] = ()


def guidance_of(ai_model: AIModel, *, most_pictures: int, masks_with: str) -> Guidance | None:
    """What helps with this model; None where there is nothing to say.

    :param masks_with: the model that works with masks; empty: there is none.
    """
    kinds = {ai_model.kind, *ai_model.also_kinds}
    if ai_model.kind == Kind.IMAGE_EDIT:
        return Guidance("Five tips for edits", _FIVE_TIPS, _edit_notes(ai_model, most_pictures, masks_with))
    if Kind.TEXT_TO_IMAGE in kinds:
        also = (_TEXTURE,) if Kind.IMAGE_EDIT in kinds else ()
        return Guidance("Three hints for new pictures", _THREE_HINTS, also)
    return None


def _edit_notes(ai_model: AIModel, most_pictures: int, masks_with: str) -> tuple[str, ...]:
    count = f"up to {most_pictures} pictures"
    notes = [
        f"{ai_model.name} draws from {count}."
        if most_pictures > 1
        else f"{ai_model.name} works on one picture at a time."
    ]
    if masks_with and not ai_model.capabilities.get("mask_edit"):
        notes.append(f"To change only what a mask marks, take {masks_with}.")
    return (*notes, _TEXTURE)
