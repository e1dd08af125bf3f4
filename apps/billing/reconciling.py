"""Whether Stripe and our purchases tell the same story: what differs is told, and put right where a sync can do so.

Nothing is written but by ordinary syncs, so this is safe at any time, any number of times, beside any message.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from apps.billing import payment_state, payments, purchases
from apps.billing.gateway import Listing, StripeRefused, StripeUnavailable
from apps.billing.models import Purchase
from apps.billing.payment_state import Sale
from apps.errors import DomainError
from apps.ledger.check import Fault
from apps.ledger.models import Lot, LotKind

DAYS: Final = 30  # Stripe keeps its events for as long
_MOST: Final = 5000  # rows of one list
_FRESH: Final = timedelta(minutes=10)  # messages about it may still be under way

Claims = tuple[int, int]


@dataclass(slots=True)
class _Survey:
    """What Stripe's lists tell of payments: by payment its purchase, and when it was last heard of."""

    purchases: dict[UUID, Purchase] = field(default_factory=dict)
    named: defaultdict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    strays: list[str] = field(default_factory=list)  # made by us, and for no purchase that is there
    warned: set[str] = field(default_factory=set)  # of fraud
    latest: dict[str, datetime] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def reconcile(*, now: datetime, days: int = DAYS, most: int = _MOST) -> list[Fault]:
    """Sync every purchase that Stripe or we know of for these days, and list what differed.

    What a sync has put right says so, and is not found again. Other installations' payments are none of ours.

    :raises PaymentsOff: there is nothing to compare with. :raises StripeUnavailable, StripeRefused: it did not end.
    """
    since = now - timedelta(days=days)
    survey = _survey(since, most)
    _add_ours(survey, since, most)
    faults = list(survey.faults)
    for purchase in survey.purchases.values():
        faults += _compare(purchase, survey, now)
    for payment_intent in survey.strays:
        faults += _left_over(payment_intent, "made for no purchase that is there")
    return [*faults, *_lots_without_purchase()]


def _survey(since: datetime, most: int) -> _Survey:
    gateway, survey = payments.gateway(), _Survey()
    carried: dict[str, dict[str, str]] = {}
    for listing in Listing:
        mentions = gateway.list_mentions(listing, since=since, most=most + 1)
        if len(mentions) > most:
            survey.faults.append(Fault("cut-short", listing.value, f"more than {most}: ask for fewer days"))
        for mention in mentions[:most]:
            if (key := mention.payment_intent) is None:
                continue
            survey.latest[key] = max(mention.created_at, survey.latest.get(key, mention.created_at))
            if mention.is_warning:
                survey.warned.add(key)
            # A refund's metadata are of its own; a payment and its page say whose they are.
            carried[key] = carried.get(key, {}) | (dict(mention.metadata) if "env" in mention.metadata else {})
    known = {
        purchase.payment_intent: purchase
        for purchase in Purchase.objects.exclude(payment_intent=None).filter(
            payment_intent__in=list(carried), is_livemode=gateway.is_livemode
        )
    }
    for key, metadata in carried.items():
        purchase = known.get(key) or purchases.find_by_metadata(metadata)
        if purchase is not None:
            survey.purchases[purchase.pk] = purchase
            survey.named[purchase.pk].append(key)
        elif metadata.get("env") == payments.terms().environment:
            survey.strays.append(key)
    return survey


def _add_ours(survey: _Survey, since: datetime, most: int) -> None:
    """Add purchases that Stripe's lists may not tell of: paid ones, open ones, and disputes however old."""
    rows = Purchase.objects.filter(is_livemode=payments.gateway().is_livemode).filter(
        Q(open_minor__gt=0)
        | Q(status=Purchase.Status.PAID, paid_at__gte=since)
        | Q(status__in=Purchase.OPEN, created_at__gte=since)
    )
    found = list(rows.order_by("-pk")[: most + 1])
    if len(found) > most:
        survey.faults.append(Fault("cut-short", "purchases", f"more than {most}: ask for fewer days"))
    for purchase in found[:most]:
        if purchase.payment_intent or purchase.session_id:
            survey.purchases.setdefault(purchase.pk, purchase)


def _compare(purchase: Purchase, survey: _Survey, now: datetime) -> Iterator[Fault]:
    """Sync a purchase; tell what that changed, and what is still wrong with it."""
    before = _claims(purchase)
    if purchase.lot_id is not None and before is None:
        yield Fault("paid-without-lot", purchase.public_id, "its lot is not there, or another's")
        return
    named = survey.named[purchase.pk]
    hint = None if purchase.session_id or purchase.payment_intent else next(iter(named), None)
    try:
        if purchase.review_began_at is None and survey.warned.intersection(named):
            purchases.begin_review(purchase=purchase, now=now)
        after = purchases.sync_purchase(purchase=purchase, payment_intent=hint, now=now)
    except StripeRefused as refusal:
        if refusal.is_missing and purchase.lot_id is not None:
            yield Fault(
                "lot-without-payment",
                purchase.public_id,
                f"Stripe does not know {purchase.payment_intent or purchase.session_id}",
            )
        else:
            yield Fault("not-answered", purchase.public_id, f"Stripe refused: {refusal.details['reason']}")
        return
    except StripeUnavailable:
        raise
    except DomainError as refusal:  # one purchase that the ledger does not take keeps no other from being looked at
        yield Fault("not-applied", purchase.public_id, f"the ledger refused: {refusal}")
        return
    heard_at = survey.latest.get(after.payment_intent or "")
    if heard_at is None or heard_at < now - _FRESH:
        yield from _put_right(purchase, after, before, _claims(after))
    yield from _standing(after)
    for key in named:
        if key != after.payment_intent:
            yield from _left_over(key, f"names {after.public_id}, which it did not pay")


def _put_right(before: Purchase, after: Purchase, claimed: Claims | None, claims: Claims | None) -> Iterator[Fault]:
    """Tell what was not so before the sync."""
    if before.lot_id is None:
        if after.lot_id is not None:
            yield Fault("paid-without-lot", after.public_id, "paid, and nobody had heard of it; put right")
        return
    if after.refunded_minor != before.refunded_minor:
        moved = f"{before.refunded_minor} to {after.refunded_minor} {after.currency}"
        yield Fault("refunded-not-applied", after.public_id, f"refunds went from {moved} unheard; put right")
    elif (after.lost_minor, after.open_minor) != (before.lost_minor, before.open_minor):
        yield Fault("dispute-not-applied", after.public_id, "a dispute or a warning of fraud went unheard; put right")
    elif claims != claimed:
        yield Fault("claims-not-applied", after.public_id, "its lot was not claimed as its money says; put right")


def _standing(purchase: Purchase) -> Iterator[Fault]:
    """Tell what no sync can put right: it is for people."""
    if purchase.lot_id is None:
        if purchase.paid_minor > purchase.refunded_minor + purchase.lost_minor:
            yield Fault(_why_no_lot(purchase), purchase.public_id, purchase.alert or "paid, and without its lot")
    elif purchase.paid_minor == 0:
        yield Fault("lot-without-payment", purchase.public_id, f"{purchase.payment_intent} is not paid at Stripe")
    elif purchase.paid_minor != purchase.amount_minor:
        amounts = f"paid {purchase.paid_minor}, sold for {purchase.amount_minor} {purchase.currency}"
        yield Fault("amount-mismatch", purchase.public_id, amounts)
    if purchase.open_minor:
        amount = f"{purchase.open_minor} {purchase.currency}"
        yield Fault("dispute-open", purchase.public_id, f"{amount} in dispute or under review")


def _why_no_lot(purchase: Purchase) -> str:
    assert purchase.payment_intent is not None, "money came by a payment"
    payment = payments.gateway().fetch_payment(purchase.payment_intent)
    sale = Sale(purchase.amount_minor, purchase.currency, purchase.is_livemode)
    return "amount-mismatch" if payment_state.differences(sale, None, payment) else "paid-without-lot"


def _left_over(payment_intent: str, what: str) -> Iterator[Fault]:
    """Tell of money that came in, bought nothing and has not gone back."""
    payment = payments.gateway().fetch_payment(payment_intent)
    totals = payment_state.total_up(payment)
    left = totals.paid_minor - totals.refunded_minor - totals.lost_minor
    if left > 0:
        yield Fault("second-payment", payment_intent, f"{left} {payment.currency}, {what}")


def _lots_without_purchase() -> Iterator[Fault]:
    paid = Purchase.objects.filter(status=Purchase.Status.PAID)
    for lot in Lot.objects.filter(kind=LotKind.PURCHASE).exclude(purchase_id__in=paid.values("pk")).iterator():
        yield Fault("lot-without-payment", str(lot.pk), "a bought lot without its paid purchase")


def _claims(purchase: Purchase) -> Claims | None:
    """What is claimed of a purchase's lot; None where it is not there."""
    if purchase.lot_id is None:
        return None
    rows = Lot.objects.filter(pk=purchase.lot_id, workspace_id=purchase.workspace_id, purchase_id=purchase.pk)
    return rows.values_list("pay_revoke_mc", "pay_freeze_mc").first()
