"""The states of a job and every move between them."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    QUEUED = "queued"  # accepted and paid for, waiting for its turn
    SENDING = "sending"  # being handed to the provider; lost here means: outcome unknown
    RUNNING = "running"  # the provider has it, or has delivered and we are storing
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.QUEUED: frozenset({State.SENDING, State.FAILED, State.CANCELED}),
    # Back to QUEUED: the provider surely did not take it. CANCELED: refused as canceled while it was handed over.
    State.SENDING: frozenset({State.QUEUED, State.RUNNING, State.FAILED, State.CANCELED}),
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELED: frozenset(),
}

ENDED: Final = frozenset(state for state, moves in MOVES.items() if not moves)


def public_status(state: State) -> str:
    """The word clients see: SENDING is ``running`` to them."""
    return State.RUNNING.value if state is State.SENDING else state.value
