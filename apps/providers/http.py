"""send(): one request, one time-out; a status or a fault becomes one of the three errors."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from apps.outbound import Client, NoAnswer, NotSent, Response
from apps.providers.contract import OutcomeUnknown, ProviderRejected, ProviderUnavailable, Refusal

logger = logging.getLogger(__name__)

_ACCOUNT = frozenset({401, 402, 403})  # our key, our balance, our contract: nothing the caller could mend
_LATER = frozenset({409, 425, 429})
_LONGEST_RETRY_AFTER = 3600.0


class Purpose(Enum):
    """What a request is for, which decides what a bad answer to it means."""

    START = auto()  # begins a run that costs money: must not be sent twice
    ASK = auto()  # may be sent as often as we like
    COLLECT = auto()  # fetches the end of a run: a provider repeats there the status its model ended with


@dataclass(frozen=True, slots=True)
class Reason:
    """What a provider's own error body says.

    ``is_typed``: it names the fault in the provider's vocabulary: the run's own end, not a passing disturbance.
    """

    message: str
    refusal: Refusal = Refusal.PROVIDER_ERROR
    is_typed: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)  # JSON, as the provider says it


ReadReason = Callable[[Response], Reason | None]
"""Read an error body; None when the provider did not write it (a gateway's page)."""


def send(
    client: Client,
    purpose: Purpose,
    method: str,
    url: str,
    *,
    provider: str,
    read_reason: ReadReason,
    headers: Mapping[str, str],
    json: object = None,
    content: bytes | Iterable[bytes] | None = None,
    answer_seconds: float = 30.0,
    max_bytes: int = 5_000_000,
) -> Response:
    """Send once and return an answer of the 200 family. ``provider`` is its name in messages and logs.

    ==========================  ===========  ===========  ===========
    instead came                START        ASK          COLLECT
    ==========================  ===========  ===========  ===========
    no connection               unavailable  unavailable  unavailable
    no answer                   unknown      unavailable  unavailable
    401 402 403                 unavailable  unavailable  unavailable
    409 425 429                 unavailable  unavailable  unavailable
    other 4xx, its own body     rejected     rejected     rejected
    other 4xx, another's body   rejected     unavailable  unavailable
    503, its own body           unavailable  unavailable  rejected (*)
    other 5xx, its own body     unknown      unavailable  rejected (*)
    anything else               unknown      unavailable  unavailable
    ==========================  ===========  ===========  ===========

    (*) when the reason is typed, else unavailable. An account that is refused is logged as a warning.

    :raises ProviderUnavailable: surely nothing was begun, or nothing was learned: later.
    :raises ProviderRejected: asking again would not help.
    :raises OutcomeUnknown: the run may have begun.
    """
    try:
        response = client.request(
            method, url, headers=headers, json=json, content=content, answer_seconds=answer_seconds, max_bytes=max_bytes
        )
    except NotSent as error:
        raise ProviderUnavailable(f"{provider} cannot be reached.") from error
    except NoAnswer as error:
        if purpose is Purpose.START:
            raise OutcomeUnknown(f"{provider} was sent the run and did not answer.") from error
        raise ProviderUnavailable(f"{provider} did not answer.") from error
    if 200 <= response.status < 300:
        return response
    raise _fault(purpose, response, read_reason(response), provider)


def read_object(response: Response, *, provider: str) -> dict[str, Any]:  # JSON, as the provider says it
    """Read a JSON object. :raises ProviderUnavailable: it is something else, as from a gateway in between."""
    try:
        body = response.json()
    except ValueError as error:
        raise ProviderUnavailable(f"{provider} answered with something that is not JSON.") from error
    if not isinstance(body, dict):
        raise ProviderUnavailable(f"{provider} answered with something that is not an object.")
    return body


def _fault(
    purpose: Purpose, response: Response, reason: Reason | None, provider: str
) -> ProviderUnavailable | ProviderRejected | OutcomeUnknown:
    status = response.status
    if status in _ACCOUNT:
        logger.warning(
            "%s refuses our account with %s: %s", provider, status, reason.message if reason else "no reason"
        )
        return ProviderUnavailable(f"{provider} refuses this installation's account.")
    if status in _LATER:
        return ProviderUnavailable(f"{provider} is busy.", retry_after=_retry_after(response))
    is_ours_to_mend = 400 <= status < 500 and (reason is not None or purpose is Purpose.START)
    is_end_of_run = status >= 500 and purpose is Purpose.COLLECT and reason is not None and reason.is_typed
    if is_ours_to_mend or is_end_of_run:
        reason = reason or Reason(f"{provider} answered {status}.")
        return ProviderRejected(reason.message, refusal=reason.refusal, facts=reason.facts)
    message = f"{provider} answered {status}."
    if purpose is Purpose.START and not (status == 503 and reason is not None):
        return OutcomeUnknown(message)
    return ProviderUnavailable(message, retry_after=_retry_after(response))


def _retry_after(response: Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_AFTER) if text.isdecimal() else None
