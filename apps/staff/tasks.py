"""What the clock calls of the staff's work."""

from celery import shared_task

from apps.billing import dispatch
from apps.staff import checking


# Comparing with Stripe asks a few times for each purchase of a month, which takes longer than other tasks may.
@shared_task(name=dispatch.CHECK_BOOKS, soft_time_limit=3500, time_limit=3600)
def check_books(**_: object) -> None:
    checking.check_everything()
