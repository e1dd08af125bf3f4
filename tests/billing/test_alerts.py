"""What a person should look at stands until somebody has: no later sync takes it away, none brings it back."""

from uuid import UUID

import pytest

from apps.accounts.models import AuditEntry
from apps.billing import alerts
from apps.billing.models import Purchase, PurchaseAlert
from tests.billing.stage import Stage

STAFF = UUID(int=9)


def standing() -> list[tuple[str, str]]:
    return [(one.purchase.public_id, one.text) for one in alerts.list_standing(most=10)]


@pytest.fixture
def odd(stage: Stage) -> Purchase:
    """A purchase that was paid, and not as asked for."""
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    Purchase.objects.update(amount_minor=999)
    stage.deliver()
    return stage.fresh(purchase)


def test_an_alert_is_told_once_however_often_it_is_seen(stage: Stage, odd: Purchase) -> None:
    told = [
        (odd.public_id, "the Checkout page asked for 1000 usd"),
        (odd.public_id, "received 1000, asked for 999"),
    ]
    assert standing() == told
    stage.sync(odd)
    assert standing() == told
    assert odd.alert == "received 1000, asked for 999; the Checkout page asked for 1000 usd"


def test_an_alert_outlasts_what_it_was_about(stage: Stage, odd: Purchase) -> None:
    Purchase.objects.update(amount_minor=1000)
    stage.sync(odd)
    assert (stage.fresh(odd).status, stage.fresh(odd).alert) == ("paid", "")
    assert len(standing()) == 2


def test_whoever_clears_an_alert_is_noted_and_it_does_not_come_back(stage: Stage, odd: Purchase) -> None:
    [_, alert] = alerts.list_standing(most=10)
    assert alerts.clear(alert_id=alert.pk, actor_id=STAFF, now=stage.now)
    assert not alerts.clear(alert_id=alert.pk, actor_id=UUID(int=8), now=stage.now)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("purchase.clear_alert", odd.public_id, STAFF)
    assert (entry.workspace_id, entry.before) == (stage.workspace.pk, {"alert": "received 1000, asked for 999"})
    stage.sync(odd)
    assert standing() == [(odd.public_id, "the Checkout page asked for 1000 usd")]
    assert PurchaseAlert.objects.get(pk=alert.pk).cleared_by_id == STAFF


def test_an_unknown_alert_is_none(stage: Stage) -> None:
    assert not alerts.clear(alert_id=UUID(int=1), actor_id=STAFF, now=stage.now)
    assert AuditEntry.objects.count() == 0
