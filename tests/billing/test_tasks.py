"""What the worker and the clock call."""

from typing import Any

from django.conf import settings

from apps.billing import dispatch, tasks
from apps.billing.models import StripeEvent
from tests.billing.stage import Stage
from tests.ledger.calls import totals


def test_every_sweep_stands_in_the_clock_on_a_queue_that_is_served() -> None:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE  # Celery's own shape
    planned = {row["task"]: row["options"]["queue"] for row in schedule.values()}
    swept = (dispatch.HANDLE_EVENTS, dispatch.SWEEP_PURCHASES, dispatch.SWEEP_TOP_UPS, dispatch.PRUNE)
    assert {planned[name] for name in swept} == {dispatch.QUEUE}
    assert dispatch.QUEUE in settings.EASEL_QUEUES


def test_the_tasks_bring_a_purchase_home(stage: Stage) -> None:
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    tasks.sync(purchase_id=str(purchase.pk), added_later=True)
    assert totals(stage.workspace) == (1_000_000, 0, 0, 0)
    stage.fake.play.refund(stage.payment_of(purchase))
    stage.deliver()
    StripeEvent.objects.update(processed_at=None, due_at=stage.now)
    tasks.handle_events()
    assert StripeEvent.objects.filter(processed_at=None).count() == 0
    assert totals(stage.workspace) == (0, 0, 0, 0)
    tasks.sweep_purchases()
    assert stage.faults() == []
