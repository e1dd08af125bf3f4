"""Celery's side of billing: a few lines a task; ids in, rows are the truth."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.billing import approvals, check_runs, dispatch, inbox, notices, purchases, retention, sweeping, top_up
from apps.billing.models import Purchase


@shared_task(name=dispatch.SYNC)
def sync(*, purchase_id: str, **_: object) -> None:
    purchases.refresh(purchase=Purchase.objects.get(pk=UUID(purchase_id)), now=timezone.now())


@shared_task(name=dispatch.HANDLE_EVENTS)
def handle_events(**_: object) -> None:
    inbox.handle_due(now=timezone.now())


@shared_task(name=dispatch.SWEEP_PURCHASES)
def sweep_purchases(**_: object) -> None:
    sweeping.sweep_purchases(now=timezone.now())


@shared_task(name=dispatch.PRUNE)
def prune(**_: object) -> None:
    retention.prune(now=timezone.now())


@shared_task(name=dispatch.HANDLE_NOTICES)
def handle_notices(**_: object) -> None:
    notices.handle_due(now=timezone.now())


@shared_task(name=dispatch.REPORT_DEAD)
def report_dead(**_: object) -> None:
    check_runs.report_dead(now=timezone.now())


@shared_task(name=dispatch.LAPSE_REQUESTS)
def lapse_requests(**_: object) -> None:
    approvals.lapse_due(now=timezone.now())


@shared_task(name=dispatch.TOP_UP)
def buy_what_is_low(*, workspace_id: str, **_: object) -> None:
    top_up.consider(workspace_id=UUID(workspace_id), now=timezone.now())


@shared_task(name=dispatch.SWEEP_TOP_UPS)
def sweep_top_ups(**_: object) -> None:
    top_up.sweep_top_ups(now=timezone.now())
