"""What an edit must leave alone: asked for in a field of its own, sent at the end of the prompt. Pure."""

from typing import Final

from apps.catalog.models import AIModel, Kind
from apps.studio.fields import PROMPT

FIELD: Final = "keep"
_LEAD: Final = "Keep unchanged: "


def is_asked(ai_model: AIModel) -> bool:
    """Whether a model is asked what should stay: it edits a picture, by words."""
    return Kind.IMAGE_EDIT in {ai_model.kind, *ai_model.also_kinds} and PROMPT in ai_model.schema["properties"]


def sentence_of(keep: str) -> str:
    """``Keep unchanged: the face, the sign.``; empty when nothing is to be kept."""
    words = " ".join(keep.split())
    return f"{_LEAD}{words}" if words else ""


def join(prompt: str, keep: str) -> str:
    """The prompt as it is sent. Without a prompt there is nothing to keep something from."""
    said = sentence_of(keep)
    return f"{prompt.rstrip()}\n\n{said}" if said and prompt.strip() else prompt


def part(prompt: str) -> tuple[str, str]:
    """A prompt that was sent, as it was typed: the words, and what was to be kept."""
    words, mark, keep = prompt.rpartition(f"\n\n{_LEAD}")
    return (words, keep) if mark and "\n" not in keep else (prompt, "")
