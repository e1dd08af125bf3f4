"""Names of billing's tasks, and how one is sent. A lost one costs time, never money: the sweeps find what is due."""

from typing import Final
from uuid import UUID

import structlog
from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

SYNC: Final = "billing.sync"
HANDLE_EVENTS: Final = "billing.handle_events"
SWEEP_PURCHASES: Final = "billing.sweep_purchases"
HANDLE_NOTICES: Final = "billing.handle_notices"
LAPSE_REQUESTS: Final = "billing.lapse_requests"
TOP_UP: Final = "billing.top_up"
SWEEP_TOP_UPS: Final = "billing.sweep_top_ups"
CHECK_BOOKS: Final = "billing.check_books"
PRUNE: Final = "billing.prune"
REPORT_DEAD: Final = "billing.report_dead"

QUEUE: Final = "providers"  # waits on the network

log = structlog.get_logger(__name__)


def send_sync(*, purchase_id: UUID) -> None:
    """Ask a worker to ask Stripe about a purchase."""
    try:
        current_app.send_task(SYNC, kwargs={"purchase_id": str(purchase_id)}, queue=QUEUE, retry=False)
    except (OperationalError, RedisError, OSError) as fault:
        log.warning("sync_not_sent", purchase=str(purchase_id), fault=str(fault))


def send_top_up(*, workspace_id: UUID) -> None:
    """Ask a worker to see whether a workspace needs credits bought."""
    try:
        current_app.send_task(TOP_UP, kwargs={"workspace_id": str(workspace_id)}, queue=QUEUE, retry=False)
    except (OperationalError, RedisError, OSError) as fault:
        log.warning("top_up_not_sent", workspace=str(workspace_id), fault=str(fault))


def send_check() -> bool:
    """Ask a worker to look at the books now; False where nobody could be asked."""
    try:
        current_app.send_task(CHECK_BOOKS, queue=QUEUE, retry=False)
    except (OperationalError, RedisError, OSError) as fault:
        log.warning("check_not_sent", fault=str(fault))
        return False
    return True
