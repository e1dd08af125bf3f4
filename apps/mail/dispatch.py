"""The names of mail's tasks, and how one is sent. A lost one costs time, never a letter: the clock calls it, too."""

from typing import Final

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

SEND: Final = "mail.send"
PRUNE: Final = "mail.prune"

QUEUE: Final = "providers"  # waits on the network

log = structlog.get_logger(__name__)


def wake() -> None:
    """Ask a worker to send what is due once this transaction has committed; without one, at once."""

    def send() -> None:
        try:
            current_app.send_task(SEND, queue=QUEUE, retry=False)
        except (OperationalError, RedisError, OSError) as fault:
            log.warning("letters_not_announced", fault=str(fault))

    transaction.on_commit(send, robust=True)
