"""What lies between an idea and a run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.catalog.spec import picture_fields
from apps.jobs.preparation import JobRequest
from apps.studio import keep_unchanged
from apps.studio.catalog import Offered
from apps.studio.fields import PROMPT


@dataclass(frozen=True, slots=True)
class Draft:
    """What is in the composer, and what was wrong with it."""

    chosen: Offered
    request: JobRequest  # as it was typed
    prompt: str = ""  # the words, kept also while a model is chosen that takes none
    keep: str = ""  # what should stay unchanged, kept likewise
    purpose: str = ""  # what it is for, if that was said
    sort: str = ""  # the picker's order
    blurred: frozenset[str] = frozenset()  # pictures that were found to be
    faults: Sequence[Mapping[str, Any]] = ()  # as InvalidInputs lists them
    refusal: str = ""
    dropped: Sequence[str] = ()
    upload_faults: tuple[str, ...] = ()

    @property
    def kept(self) -> str:
        """What should stay unchanged, where the model is asked that."""
        return self.keep if keep_unchanged.is_asked(self.chosen.ai_model) else ""

    @property
    def sent(self) -> JobRequest:
        """The request as it goes out: what should stay unchanged is said at the end of the prompt."""
        prompt = self.request.inputs.get(PROMPT)
        if not self.kept or not isinstance(prompt, str):
            return self.request
        return replace(self.request, inputs={**self.request.inputs, PROMPT: keep_unchanged.join(prompt, self.kept)})

    @property
    def pictures(self) -> dict[str, Any]:  # JSON
        """The inputs that are pictures."""
        names = picture_fields(self.chosen.ai_model.schema)
        return {name: self.request.inputs[name] for name in names if name in self.request.inputs}
