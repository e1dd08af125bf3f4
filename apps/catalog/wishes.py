"""What somebody wants a model for, in the words of the recommender, and what each word stands for. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from django.db.models import TextChoices

from apps.catalog.kinds import Stage, Task
from apps.catalog.use_cases import UseCase

NOTHING_OFF: Final[Mapping[str, str]] = MappingProxyType({})


class Need(TextChoices):
    TEXT_IN_PICTURE = "text_in_picture", "Readable lettering"
    MACHINERY = "machinery", "Machinery and things that must fit together"
    REFERENCES = "references", "Reference pictures"
    RESOLUTION_4K = "4k", "4K"
    MASK = "mask", "A mask"
    SOUND = "sound", "Sound"
    CHARACTER_CONSISTENCY = "character_consistency", "The same character again and again"
    BRAND_CONSISTENCY = "brand_consistency", "One look for a brand"
    REALISM = "realism", "Like a photograph"
    SPEED = "speed", "Fast"
    SMALL_SPOT = "small_spot", "One small spot"
    EXACT_COLORS = "exact_colors", "Exact color values"
    BACKGROUND_REMOVAL = "background_removal", "No background"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a model is wanted for; whatever is left out does not matter."""

    task: str = ""  # a Task
    stage: str = ""  # a Stage
    use_case: str = ""  # a UseCase
    needs: frozenset[str] = frozenset()  # of Need
    references: int | None = None  # how many pictures it has to take
    max_mc: int | None = None  # for all pictures together
    seconds: int | None = None  # for one run
    pictures: int = 1

    def spelled_out(self) -> "Wish":
        """Say what this wish implies: a use case its task and needs, a need its task; of nothing at all, explore."""
        task, needs = _MEANT.get(self.use_case, ("", frozenset()))
        needs = self.needs | needs
        if Need.BACKGROUND_REMOVAL in needs:
            task = Task.BACKGROUND_REMOVAL  # whatever else was asked: no other tool does it as well
        elif not (task := self.task or task):
            task = next((meant for need, meant in _TASKS.items() if need in needs), "")
        if self.references:
            needs |= {Need.REFERENCES}
        references = self.references or (1 if Need.REFERENCES in needs else None)
        is_open = not (task or self.stage or needs)
        stage = Stage.EXPLORE if is_open else self.stage
        return replace(self, task=task, stage=stage, needs=frozenset(needs), references=references)

    def use_cases(self) -> tuple[str, ...]:
        """The use cases whose ranking speaks to this wish, the one that was asked for first."""
        meant = [use_case for need, use_cases in _RANKED_BY.items() if need in self.needs for use_case in use_cases]
        task = _RANKED_FOR.get(self.task, ())
        return _once((*([self.use_case] if self.use_case else []), *task, *meant))


# The models that lead a stage, in order: an editor's choice.
LEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    Stage.EXPLORE: ("bytedance_seedream",),
    Stage.REFINE: ("nano_banana_v1",),
    Stage.DELIVER: ("nano_banana_2",),
    Stage.PRECISION: ("flux_kontext",),
    Stage.MOTION: ("veo_3", "sora_2"),
}
# A use case → the task and the needs that it means.
_MEANT: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    UseCase.COMPLEX_REASONING_AND_TEXT: ("", frozenset({Need.TEXT_IN_PICTURE})),
    UseCase.CHARACTER_CONSISTENCY: ("", frozenset({Need.CHARACTER_CONSISTENCY})),
    UseCase.BRAND_CONSISTENCY: ("", frozenset({Need.BRAND_CONSISTENCY})),
    UseCase.HIGH_VOLUME_VARIANTS: (Task.IMAGE_EDIT, frozenset()),
    UseCase.BEST_QUALITY_WITHOUT_REFERENCE: (Task.CREATE, frozenset()),
    UseCase.FASTEST_WITHOUT_REFERENCE: (Task.CREATE, frozenset({Need.SPEED})),
    UseCase.BACKGROUND_REMOVAL: (Task.BACKGROUND_REMOVAL, frozenset()),
    UseCase.REFRAME: (Task.REFRAME, frozenset()),
    UseCase.UPSCALE: (Task.UPSCALE, frozenset()),
    UseCase.MASK_EDIT: (Task.MASK_EDIT, frozenset()),
    UseCase.LOCAL_EDIT: (Task.LOCAL_EDIT, frozenset()),
    UseCase.IMAGE_TO_VIDEO_WITH_SOUND: (Task.IMAGE_TO_VIDEO, frozenset({Need.SOUND})),
    UseCase.IMAGE_TO_VIDEO_CINEMATIC: (Task.IMAGE_TO_VIDEO, frozenset()),
    UseCase.STUDIO_IMAGE_EDIT: (Task.IMAGE_EDIT, frozenset()),
}
# A need that says what has to be done, where no task was named.
_TASKS: Final[Mapping[str, str]] = {
    Need.SOUND: Task.IMAGE_TO_VIDEO,
    Need.MASK: Task.MASK_EDIT,
    Need.SMALL_SPOT: Task.LOCAL_EDIT,
}
# Whose ranking of use cases counts for a need, and for a task.
_RANKED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    Need.TEXT_IN_PICTURE: (UseCase.COMPLEX_REASONING_AND_TEXT,),
    Need.MACHINERY: (UseCase.COMPLEX_REASONING_AND_TEXT,),
    Need.CHARACTER_CONSISTENCY: (UseCase.CHARACTER_CONSISTENCY,),
    Need.BRAND_CONSISTENCY: (UseCase.BRAND_CONSISTENCY,),
    Need.SPEED: (UseCase.FASTEST_WITHOUT_REFERENCE,),
    Need.SMALL_SPOT: (UseCase.LOCAL_EDIT,),
    Need.MASK: (UseCase.MASK_EDIT,),
    Need.SOUND: (UseCase.IMAGE_TO_VIDEO_WITH_SOUND,),
}
_RANKED_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    Task.LOCAL_EDIT: (UseCase.LOCAL_EDIT,),
    Task.MASK_EDIT: (UseCase.MASK_EDIT,),
    Task.UPSCALE: (UseCase.UPSCALE,),
    Task.BACKGROUND_REMOVAL: (UseCase.BACKGROUND_REMOVAL,),
    Task.REFRAME: (UseCase.REFRAME,),
}


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
