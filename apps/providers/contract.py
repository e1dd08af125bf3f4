"""What every provider adapter is: three methods, three errors, and the plain values they exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the caller's, as an adapter gets it: readable here, and perhaps at a public address.

    ``open`` raises OSError when the file cannot be had just now. Width and height are as shown, after EXIF's turn.
    """

    open: Callable[[], BinaryIO]
    content_type: str
    size_bytes: int
    width: int
    height: int
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What we expect to come back: at most ``count`` files of this size; 0 x 0 where the model decides.

    ``seconds`` is the length of a clip; None for pictures. ``is_cut_out`` says that the ground is to be transparent.
    """

    count: int
    width: int
    height: int
    content_type: str
    seconds: int | None = None
    is_cut_out: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One run to be handed over.

    ``inputs`` are the model's own fields, renamed for this provider; wherever a picture goes stands a ``Picture`` (also
    inside lists). ``attempt_id`` is our reference, sent along where a provider takes one.
    """

    attempt_id: str
    provider_model: str
    inputs: Mapping[str, Any]  # JSON values and Pictures, in the model's own schema
    planned: Planned
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file as the provider offers it: an address, or the bytes themselves; exactly one of the two."""

    url: str | None = None
    content: bytes | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the job. Both fields are kept and come back with every poll."""

    reference: str
    urls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pending:
    """Not done yet; look again after ``poll_after`` seconds."""

    poll_after: float
    is_started: bool = True
    progress: int | None = None  # percent


@dataclass(frozen=True, slots=True)
class Done:
    """Delivered, perhaps fewer files than asked. ``facts`` are JSON values worth keeping: seed, billable units."""

    artifacts: tuple[Artifact, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)  # JSON, as the provider says it


class ProviderError(Exception):
    """What an adapter raises; one of the three below."""


class ProviderUnavailable(ProviderError):
    """Surely not accepted, or not answered just now: the same call may be made again later."""

    def __init__(self, message: str, *, retry_after: float | None = None, setting: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, when the provider says so
        self.setting = setting  # the environment variable that is missing, when nothing is configured


class Refusal(StrEnum):
    """Why a provider will never run this: the job's public error types."""

    INVALID_INPUT = "invalid_input"
    CONTENT_REJECTED = "content_rejected"
    PROVIDER_ERROR = "provider_error"
    CANCELED = "canceled"


class ProviderRejected(ProviderError):
    """Surely not delivered, and asking again would not help."""

    def __init__(
        self, message: str, *, refusal: Refusal = Refusal.PROVIDER_ERROR, facts: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.facts: Mapping[str, Any] = facts or {}  # JSON, as the provider says it: billable units of a refusal


class OutcomeUnknown(ProviderError):
    """The request may have been accepted: never send it again."""


class Cancellation(StrEnum):
    """What came of asking a provider to stop."""

    STOPPED = "stopped"  # surely nothing will be delivered: the job may end at once
    ASKED = "asked"  # it may still deliver: go on polling, the answer decides


class Adapter(Protocol):
    """One provider. Options and transport come through the constructor; nothing is kept between calls.

    A call that waits on the network ends within 140 seconds, whatever the other side does.

    ``repeatable`` says that a run which was lost with its worker may simply be run again: it costs nothing elsewhere.
    ``queue`` names the kind of worker a step needs: ``"providers"`` waits on the network, ``"pictures"`` uses the CPU.
    """

    slug: str
    repeatable: bool
    queue: str

    def submit(self, request: Request) -> Accepted | Done:
        """Hand a run over, once.

        :raises ProviderUnavailable: surely not accepted.
        :raises ProviderRejected: never.
        :raises OutcomeUnknown: perhaps accepted.
        """

    def poll(self, request: Request, accepted: Accepted) -> Pending | Done:
        """Ask how a run is; after Done, the same again.

        :raises ProviderUnavailable: ask later.
        :raises ProviderRejected: it failed or was canceled.
        """

    def cancel(self, accepted: Accepted) -> Cancellation:
        """Ask that a run be stopped; asking again, or after its end, harms nothing.

        :raises ProviderUnavailable: ask later.
        """
