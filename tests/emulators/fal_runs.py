"""Runs at the emulated fal.ai: how they are told to go, and how far they are."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

Json = Mapping[str, Any]


class Progress(StrEnum):
    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True)
class Failure:
    """How a run ends that brings no picture: what its result answers."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)
    status_fields: Mapping[str, str] = field(default_factory=dict)  # error and error_type beside COMPLETED

    @classmethod
    def of_model(cls, error_type: str, *, status: int = 422, message: str = "Refused.", loc: str = "prompt") -> Self:
        """An error of the model, as fal writes it."""
        fault = {
            "loc": ["body", loc],
            "msg": message,
            "type": error_type,
            "url": f"https://docs.fal.ai/errors#{error_type}",
        }
        return cls(status, {"detail": [fault]}, {"x-fal-billable-units": "0"})

    @classmethod
    def of_request(cls, error_type: str, *, status: int, message: str = "It did not work.") -> Self:
        """An error of the platform, as fal writes it."""
        said = {"error": message, "error_type": error_type}
        return cls(status, {"detail": message, "error_type": error_type}, {"x-fal-error-type": error_type}, said)


CANCELED = Failure.of_request("client_cancelled", status=499, message="Request was cancelled by the client.")
GONE = Failure(404, {"detail": "Request not found"})


@dataclass(frozen=True, slots=True)
class Behavior:
    """How a run goes that is submitted from now on."""

    polls_in_queue: int = 1  # so many questions for its status find it waiting,
    polls_in_progress: int = 1  # so many then find it running,
    seconds: float = 0.0  # and it takes at least so long
    pictures: int | None = None  # None: as many as asked
    size: tuple[int, int] | None = None  # None: as asked
    is_nsfw: bool = False
    is_inline: bool = False  # pictures come as data URIs
    billable_units: str = "1"
    failure: Failure | None = None
    finishes_although_canceled: bool = False
    urls_at: str | None = None  # another host for the three addresses


@dataclass(slots=True)
class Run:
    """One accepted run."""

    request_id: str
    endpoint: str
    inputs: Mapping[str, Any]  # whatever was sent
    behavior: Behavior
    submitted_at: float
    polls: int = 0
    failure: Failure | None = None

    @property
    def path(self) -> str:
        parts = self.endpoint.split("/")
        depth = 3 if parts[0] in {"workflows", "comfy"} else 2
        return f"/{'/'.join(parts[:depth])}/requests/{self.request_id}"

    @property
    def progress(self) -> Progress:
        if self.failure is CANCELED:
            return Progress.COMPLETED
        behavior = self.behavior
        if self.polls < behavior.polls_in_queue:
            return Progress.IN_QUEUE
        is_early = time.monotonic() < self.submitted_at + behavior.seconds
        is_running = self.polls < behavior.polls_in_queue + behavior.polls_in_progress
        return Progress.IN_PROGRESS if is_early or is_running else Progress.COMPLETED
