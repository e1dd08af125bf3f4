"""Whether purchases and the ledger tell the same story (I13); rows that break it. Reads only."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from apps.billing import payment_state
from apps.billing.models import Purchase, StripeEvent, TopUpAttempt
from apps.billing.payment_state import Totals
from apps.ledger.check import Fault
from apps.ledger.models import Lot, LotKind, Notice

_LATE: Final = timedelta(days=1)


def check_purchases(*, now: datetime) -> list[Fault]:
    """List purchases and lots that contradict each other, and messages, notices and top-ups that are left lying.

    A paid purchase has its one lot, of its workspace and its credits, on which as much is claimed as its money says;
    every bought lot has its paid purchase.
    """
    return [*_purchases(), *_lots(), *_top_ups(now), *_events(now), *_notices(now)]


def _purchases() -> Iterator[Fault]:
    lots = {lot.purchase_id: lot for lot in Lot.objects.filter(kind=LotKind.PURCHASE).iterator()}
    for purchase in Purchase.objects.filter(status=Purchase.Status.PAID).iterator():
        lot = lots.get(purchase.pk)
        if lot is None or (lot.pk, lot.workspace_id) != (purchase.lot_id, purchase.workspace_id):
            yield Fault("I13", purchase.public_id, "paid, and without its lot")
            continue
        if lot.granted_mc != purchase.credits_mc:
            yield Fault("I13", purchase.public_id, f"sold {purchase.credits_mc} mc, its lot has {lot.granted_mc}")
        claims = payment_state.claims_on(purchase.credits_mc, _totals(purchase))
        if (lot.pay_revoke_mc, lot.pay_freeze_mc) != (claims.revoke_mc, claims.freeze_mc):
            yield Fault("I13", purchase.public_id, "its lot is not claimed as its money says")


def _lots() -> Iterator[Fault]:
    paid = Purchase.objects.filter(status=Purchase.Status.PAID)
    for lot in Lot.objects.filter(kind=LotKind.PURCHASE).exclude(purchase_id__in=paid.values("pk")).iterator():
        yield Fault("I13", str(lot.pk), "a bought lot without its paid purchase")


def _top_ups(now: datetime) -> Iterator[Fault]:
    """Attempts end within a day of Stripe's keys. What has not waits for a person, and stops all others till then."""
    pending = TopUpAttempt.objects.filter(status=TopUpAttempt.Status.PENDING, created_at__lt=now - 2 * _LATE)
    for attempt in pending.select_related("purchase").iterator():
        yield Fault("top-ups", attempt.public_id, f"under way for two days: {attempt.purchase.public_id}")


def _events(now: datetime) -> Iterator[Fault]:
    for event in StripeEvent.objects.filter(processed_at=None, received_at__lt=now - _LATE).iterator():
        yield Fault("events", event.pk, f"not handled for a day: {event.last_error}")


def _notices(now: datetime) -> Iterator[Fault]:
    for notice in Notice.objects.filter(handled_at=None, created_at__lt=now - _LATE).iterator():
        yield Fault("notices", str(notice.pk), f"not handled for a day: {notice.kind}")


def _totals(purchase: Purchase) -> Totals:
    return Totals(
        paid_minor=purchase.paid_minor,
        refunded_minor=purchase.refunded_minor,
        lost_minor=purchase.lost_minor,
        open_minor=purchase.open_minor,
        total_minor=purchase.total_minor,
    )
