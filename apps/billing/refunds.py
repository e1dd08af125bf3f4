"""Giving money back, up to what is unused. The credits go when Stripe tells of it, by the same sync as ever."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Sum

from apps.accounts import audit
from apps.accounts.tenancy import Workspace
from apps.billing import payments, syncing
from apps.billing.currencies import step_of
from apps.billing.gateway import StripeRefused
from apps.billing.models import Purchase, Refund
from apps.errors import DomainError
from apps.ids import to_public
from apps.ledger import seams
from apps.ledger.models import Lot
from apps.ledger.operations import IdempotencyMismatch, retry_conflicts

log = structlog.get_logger(__name__)


class RefundTooLarge(DomainError):
    """More than is unused of this purchase. ``details.refundable_minor`` is the most, in minor units."""

    code = "refund_too_large"


class RefundNotWhole(DomainError):
    """The currency has no coins so small."""

    code = "refund_not_whole"


class RefundRefused(DomainError):
    """Stripe would not give this money back. Another try needs another attempt."""

    code = "refund_refused"


def refund_purchase(
    *, purchase: Purchase, amount_minor: int, reason: str, actor_id: UUID, attempt_key: str, now: datetime
) -> Refund:
    """Send money back for credits of a purchase that are unused, and take those credits.

    Staff decide this; ``actor_id`` is the person. The same attempt again goes on with the same refund, which is asked
    of Stripe once. Credits that are spent while Stripe works on it become debt.

    :raises RefundTooLarge, RefundNotWhole, RefundRefused: :raises IdempotencyMismatch: the attempt was for another
    amount. :raises StripeUnavailable: it may have been done; the same attempt later finds out. :raises PaymentsOff:
    """
    assert reason, "a refund says why"
    gateway = payments.gateway()
    purchase = syncing.sync_purchase(purchase=purchase, now=now)  # what Stripe knows of counts first
    refund = _write(
        purchase_id=purchase.pk,
        amount_minor=amount_minor,
        reason=reason,
        actor_id=actor_id,
        attempt_key=attempt_key,
        now=now,
    )
    seams.step("refund written")
    if refund.refusal:
        raise RefundRefused(f"Stripe has refused this refund: {refund.refusal}.")
    if refund.reference is None:
        # The sync above has looked for it among the payment's refunds, so a key that has aged is no danger.
        assert purchase.payment_intent is not None, "what can be refunded was paid"
        try:
            gateway.refund(
                key=f"refund:{refund.pk}",
                payment_intent=purchase.payment_intent,
                amount_minor=refund.amount_minor,
                our_id=to_public("refund", refund.pk),
            )
        except StripeRefused as refused:
            Refund.objects.filter(pk=refund.pk).update(refusal=refused.details["reason"])
            log.warning("refund_refused", purchase=purchase.public_id, reason=refused.details["reason"])
            raise RefundRefused(f"Stripe has refused this refund: {refused.details['reason']}.") from refused
        seams.step("refund made")
        # The sync notes its reference beside the new totals. Noted before, it would for a moment be neither under way
        # nor given back, and could be given back once more.
        syncing.sync_purchase(purchase=purchase, now=now)
    refund.refresh_from_db()
    return refund


def refundable_minor(*, purchase: Purchase) -> int:
    """The most that can be given back now: the money of what is unused, without what is on its way already."""
    return refundable_of(workspace_id=purchase.workspace_id, purchases=[purchase])[purchase.pk]


def refundable_of(*, workspace_id: UUID, purchases: Sequence[Purchase]) -> dict[UUID, int]:
    """``refundable_minor`` of many purchases of a workspace, by purchase, in two queries."""
    ids = [one.lot_id for one in purchases if one.lot_id is not None]
    lots = {lot.pk: lot for lot in Lot.objects.filter(workspace_id=workspace_id, pk__in=ids)}
    waiting = Refund.objects.filter(purchase__in=purchases, reference=None, refusal="").values("purchase")
    under_way = dict(waiting.order_by("purchase").annotate(sum=Sum("amount_minor")).values_list("purchase", "sum"))
    return {
        one.pk: _most(one, lots.get(one.lot_id) if one.lot_id else None, under_way.get(one.pk, 0)) for one in purchases
    }


def _most(purchase: Purchase, lot: Lot | None, under_way: int) -> int:
    if lot is None:
        return 0
    left = purchase.paid_minor - purchase.refunded_minor - purchase.lost_minor - purchase.open_minor
    unused = lot.available_mc * purchase.total_minor // lot.granted_mc
    most = max(0, min(left, unused) - under_way)
    return most - most % step_of(purchase.currency)


@retry_conflicts
def _write(
    *, purchase_id: UUID, amount_minor: int, reason: str, actor_id: UUID, attempt_key: str, now: datetime
) -> Refund:
    """Decide under the purchase's lock, and write it down before Stripe is asked."""
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        known = purchase.refunds.filter(attempt_key=attempt_key).first()
        if known is not None:
            if known.amount_minor != amount_minor:
                raise IdempotencyMismatch("This attempt was for another amount.")
            return known
        most = refundable_minor(purchase=purchase)
        if amount_minor % step_of(purchase.currency):
            raise RefundNotWhole(f"Stripe takes multiples of {step_of(purchase.currency)} in this currency.")
        if not 0 < amount_minor <= most:
            raise RefundTooLarge(
                "More than is unused of this purchase." if most else "Nothing of this purchase can be refunded.",
                refundable_minor=most,
            )
        audit.record(
            action="purchase.refund",
            subject=purchase.public_id,
            now=now,
            actor_id=actor_id,
            workspace_id=purchase.workspace_id,
            after={"amount_minor": amount_minor, "currency": purchase.currency, "reason": reason},
        )
        return Refund.objects.create(
            workspace=Workspace(pk=purchase.workspace_id),
            purchase=purchase,
            attempt_key=attempt_key,
            amount_minor=amount_minor,
            reason=reason,
            actor_id=actor_id,
            created_at=now,
        )
