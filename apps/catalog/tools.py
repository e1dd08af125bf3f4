"""The tools: families of models that are shown together and switched off as one. Pure but for the row it reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from apps.catalog.models import AIModel


@dataclass(frozen=True, slots=True)
class Tool:
    id: str
    name: str
    group: str  # core, specialized, or other: a model that is a family of its own


TOOLS: Final[Mapping[str, Tool]] = {
    tool.id: tool
    for tool in (
        Tool("bytedance_seedream", "Seedream", "core"),
        Tool("qwen", "Qwen", "core"),
        Tool("flux_kontext", "Flux Kontext", "core"),
        Tool("openai_4o", "OpenAI 4o Image", "core"),
        Tool("nano_banana", "Nano Banana", "core"),
        Tool("recraft", "Recraft", "specialized"),
        Tool("ideogram_reframe", "Ideogram Reframe", "specialized"),
    )
}


def tool_of(ai_model: AIModel) -> Tool:
    """Find the family of a model; one that no family claims is a family of its own, in its own name."""
    return TOOLS.get(ai_model.tool) or Tool(ai_model.tool, ai_model.name, "other")
