"""Which model can do which task. Pure."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from apps.catalog.kinds import Kind, Task

KIND_OF: Final[Mapping[str, Kind]] = {
    Task.CREATE: Kind.TEXT_TO_IMAGE,
    Task.IMAGE_EDIT: Kind.IMAGE_EDIT,
    Task.LOCAL_EDIT: Kind.IMAGE_EDIT,
    Task.MASK_EDIT: Kind.IMAGE_EDIT,
    Task.UPSCALE: Kind.UPSCALE,
    Task.BACKGROUND_REMOVAL: Kind.BACKGROUND_REMOVAL,
    Task.REFRAME: Kind.REFRAME,
    Task.IMAGE_TO_VIDEO: Kind.IMAGE_TO_VIDEO,
}


def can_do(*, task: str, kinds: Collection[str], capabilities: Mapping[str, Any]) -> bool:
    """Whether a model does a task.

    :param kinds: its kind and its further kinds. :param capabilities: JSON, as in the catalogue's files.
    """
    if task == Task.MASK_EDIT and not capabilities.get("mask_edit"):
        return False
    return KIND_OF[task] in kinds
