"""What can be done to a picture: each purpose begins with a fitting model and words to start from."""

from dataclasses import dataclass
from typing import Final

from apps.catalog.models import Task
from apps.catalog.tasks import can_do
from apps.studio.catalog import Assortment, Offered


@dataclass(frozen=True, slots=True)
class Purpose:
    """One of them. ``starter`` is empty where the work needs no words."""

    id: str
    label: str
    icon: str
    task: Task
    starter: str


PURPOSES: Final = (
    Purpose(
        "quick",
        "Quick edit",
        "pencil",
        Task.IMAGE_EDIT,
        "Swap the jacket for a dark green raincoat and move the light to late afternoon. Leave everything else.",
    ),
    Purpose(
        "style",
        "Style",
        "sun",
        Task.IMAGE_EDIT,
        "Give the whole picture the look of a gouache poster with three muted colors, same subject, same framing.",
    ),
    Purpose(
        "detail",
        "Detail",
        "star",
        Task.IMAGE_EDIT,
        "Correct the hands on the railing so that every finger is natural, and sharpen the weave of the sleeve.",
    ),
    Purpose(
        "spot",
        "Small spot",
        "ring",
        Task.LOCAL_EDIT,
        "Take the paper cup off the windowsill. Touch nothing else in the picture.",
    ),
    Purpose("cutout", "Remove background", "cut", Task.BACKGROUND_REMOVAL, ""),
    Purpose("shape", "New shape", "crop", Task.REFRAME, ""),
    Purpose("enlarge", "Enlarge", "enlarge", Task.UPSCALE, ""),
    Purpose(
        "animate",
        "Animate",
        "film",
        Task.IMAGE_TO_VIDEO,
        "The camera drifts in slowly while the curtain lifts in the wind. Nobody moves but the cat, who looks up.",
    ),
)
_BY_ID: Final = {one.id: one for one in PURPOSES}


def find(purpose_id: str) -> Purpose | None:
    """The purpose of this id."""
    return _BY_ID.get(purpose_id)


def model_for(everything: Assortment, purpose: Purpose) -> Offered | None:
    """The model that a purpose begins with: its task's default, else the first that can do it; None: nothing can."""
    able = (
        one
        for one in everything.models
        if can_do(task=purpose.task, kinds=one.on_shelf.kinds, capabilities=one.ai_model.capabilities)
    )
    return everything.default_of(purpose.task) or next(able, None)


def words_for(purpose: Purpose, prompt: str) -> str:
    """The prompt to begin with: the starter replaces nothing or another starter, never somebody's own words."""
    is_theirs = bool(prompt.strip()) and prompt not in {one.starter for one in PURPOSES}
    return prompt if is_theirs else purpose.starter
