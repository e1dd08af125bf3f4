"""An adapter that answers as a test wrote down, and keeps what it was asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from apps.providers.contract import (
    Accepted,
    Artifact,
    Cancellation,
    Done,
    Pending,
    ProviderError,
    Request,
)

Answer = Accepted | Pending | Done | ProviderError | Callable[[], Accepted | Pending | Done]


def png(width: int = 64, height: int = 48, color: str = "teal") -> bytes:
    """A small whole picture."""
    file = BytesIO()
    Image.new("RGB", (width, height), color).save(file, "PNG")
    return file.getvalue()


def done(*pictures: bytes) -> Done:
    """A delivery of these pictures, inline."""
    return Done(tuple(Artifact(content=picture, content_type="image/png") for picture in pictures), {"seed": 7})


@dataclass
class ScriptedAdapter:
    """Gives its answers in turn; the last one again and again."""

    submits: list[Answer] = field(default_factory=list)
    polls: list[Answer] = field(default_factory=list)
    cancels: list[Cancellation | ProviderError] = field(default_factory=lambda: [Cancellation.ASKED])
    slug: str = "fal"
    repeatable: bool = False
    queue: str = "providers"
    submitted: list[Request] = field(default_factory=list)
    canceled: list[Accepted] = field(default_factory=list)

    def submit(self, request: Request) -> Accepted | Done:
        self.submitted.append(request)
        answer = _give(self.submits)
        assert not isinstance(answer, Pending)
        return answer

    def poll(self, request: Request, accepted: Accepted) -> Pending | Done:
        answer = _give(self.polls)
        assert not isinstance(answer, Accepted)
        return answer

    def cancel(self, accepted: Accepted) -> Cancellation:
        self.canceled.append(accepted)
        answer = self.cancels.pop(0) if len(self.cancels) > 1 else self.cancels[0]
        if isinstance(answer, ProviderError):
            raise answer
        return answer


def _give(answers: list[Answer]) -> Accepted | Pending | Done:
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, ProviderError):
        raise answer
    return answer() if callable(answer) else answer
