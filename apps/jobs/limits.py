"""The bounds of jobs, in one place."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings

QUOTE_STANDS: Final = timedelta(minutes=5)
KEY_STANDS: Final = timedelta(hours=24)  # an Idempotency-Key; a PUT address stands for ever
QUEUE_TIME: Final = timedelta(hours=1)  # ours and the provider's together, until work starts
STORE_TIME: Final = timedelta(hours=2)  # a delivered result is kept for this long while storage is away
HOLD_SLACK: Final = timedelta(hours=3)  # a hold outlives every deadline of its job; checks alarm past it
DISCARD_AFTER: Final = timedelta(minutes=15)  # files of a sync_mode job, after its end

MAX_TRIES: Final = 8  # steps in a row that ended in «later»
MAX_CRASHES: Final = 4  # lost workers, where a job may be run again
FETCH_SECONDS: Final = 30  # a customer's pictures, all of them
DOWNLOAD_SECONDS: Final = 120  # one result


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator may set."""

    max_open_jobs: int
    max_picture_bytes: int
    max_output_bytes: int
    allow_private_urls: bool


def current() -> Limits:
    """Read the operator's limits."""
    return Limits(
        max_open_jobs=settings.EASEL_MAX_OPEN_JOBS,
        max_picture_bytes=settings.EASEL_MAX_UPLOAD_BYTES,
        max_output_bytes=settings.EASEL_MAX_OUTPUT_BYTES,
        allow_private_urls=settings.EASEL_ALLOW_PRIVATE_URLS,
    )


def backoff(tries: int) -> timedelta:
    """How long to wait after the n-th «later» in a row: 1, 2, 4 … 60 seconds."""
    return timedelta(seconds=min(60, 2**tries))
