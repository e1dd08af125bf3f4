"""Why a job came to nothing, as its owner is told."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from apps.providers.contract import Refusal


@dataclass(frozen=True, slots=True)
class Failure:
    """``type`` is one of the API's job error types; ``is_retryable`` says whether the same request may work later."""

    type: str
    message: str
    is_retryable: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether credits that come back too late to be spent are given anew: not where the request was at fault."""
        return self.type not in {Refusal.INVALID_INPUT, Refusal.CONTENT_REJECTED}

    def to_json(self) -> dict[str, Any]:  # JSON
        return asdict(self)


QUEUE_TIMEOUT: Final = Failure(
    "timeout", "The job waited too long for its turn. Nothing was charged.", is_retryable=True
)
RUN_TIMEOUT: Final = Failure("timeout", "The provider did not finish in time. Nothing was charged.", is_retryable=True)
OUTCOME_UNKNOWN: Final = Failure(
    "outcome_unknown",
    "The connection broke while the job was handed over; whether it ran cannot be told. Nothing was charged.",
)
UNAVAILABLE: Final = Failure(
    "provider_unavailable",
    "The provider could not take the job, also after several tries. Nothing was charged.",
    is_retryable=True,
)
NOT_SERVED: Final = Failure("provider_unavailable", "Nobody serves this model any more. Nothing was charged.")
NOTHING_DELIVERED: Final = Failure(
    "provider_error",
    "The provider reported success but delivered no usable picture. Nothing was charged.",
    is_retryable=True,
)
NOT_FETCHED: Final = Failure(
    "provider_error", "The provider's result could not be fetched. Nothing was charged.", is_retryable=True
)
NOT_STORED: Final = Failure("internal", "The result could not be stored. Nothing was charged.", is_retryable=True)
CRASHED: Final = Failure("internal", "The job broke its worker several times and was stopped. Nothing was charged.")


def refused(refusal: Refusal, message: str) -> Failure:
    """A provider's refusal, in its own words cut to a sentence."""
    return Failure(
        refusal.value, f"{message[:300]} Nothing was charged.", is_retryable=refusal is Refusal.PROVIDER_ERROR
    )
