"""The only writer of what was paid: asks Stripe how a payment stands now, and lets purchase and lot converge on it.

Whatever happened, in whichever order it was heard of, the answer is fetched whole and counts as a whole. A number is
drawn before each fetch, so that a slow old answer never overwrites a fresh one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F

from apps.accounts.tenancy import Workspace
from apps.billing import alerts, cards, letters, payment_state, payments
from apps.billing.letters import Before, Claimed
from apps.billing.models import Purchase, Refund, TopUpAttempt
from apps.billing.payment_state import Sale, Standing, Totals
from apps.billing.stripe_objects import CheckoutSession, Payment
from apps.ids import from_public, to_public
from apps.ledger import posting, seams
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Lot, LotKind
from apps.ledger.operations import retry_conflicts

_SOONEST: Final = timedelta(minutes=5)  # between two unbidden looks at an open purchase
_LATEST: Final = timedelta(hours=12)
_LONGEST: Final = timedelta(days=30)  # no way of paying takes longer

log = structlog.get_logger(__name__)


def sync_payment(*, payment_intent: str, now: datetime) -> Purchase | None:
    """Let the purchase behind a payment converge on how the payment stands; None when it is none of ours.

    Safe at any time, any number of times, from anywhere. :raises StripeUnavailable, StripeRefused, PaymentsOff:
    """
    purchase = Purchase.objects.filter(payment_intent=payment_intent).first() or _claim(payment_intent)
    if purchase is None:
        return None
    return sync_purchase(purchase=purchase, payment_intent=payment_intent, now=now)


def sync_purchase(*, purchase: Purchase, now: datetime, payment_intent: str | None = None) -> Purchase:
    """Let a purchase converge on how it stands at Stripe, if it was paid at all; return it as it is then.

    ``payment_intent`` names the payment where it is heard of first. :raises: as ``sync_payment``.
    """
    number = _draw(purchase.pk)
    seams.step("sync drawn")
    session, payment = _look(purchase, payment_intent)
    seams.step("payment fetched")
    synced = _apply(purchase_id=purchase.pk, number=number, session=session, payment=payment, now=now)
    seams.step("sync applied")
    cards.read_after_sale(purchase=synced, now=now)
    return synced


def belongs_here(metadata: Any) -> bool:  # whatever an object of Stripe's carries
    """Whether an object at Stripe was made by this installation."""
    return isinstance(metadata, dict) and metadata.get("env") == payments.terms().environment


def metadata_of_workspace(workspace: Workspace) -> dict[str, str]:
    """What is written on an object at Stripe to say whose it is."""
    return {"workspace": to_public("ws", workspace.pk), "env": payments.terms().environment}


def metadata_of(purchase: Purchase) -> dict[str, str]:
    """What is written on an object at Stripe to say which purchase it was made for."""
    return metadata_of_workspace(purchase.workspace) | {"purchase": purchase.public_id}


def find_by_metadata(metadata: Any) -> Purchase | None:  # as above
    """Find the purchase that an object at Stripe was made for: ours, and of the workspace it names."""
    if not belongs_here(metadata):
        return None
    pk = from_public("purchase", str(metadata.get("purchase", "")))
    workspace = from_public("ws", str(metadata.get("workspace", "")))
    return Purchase.objects.filter(pk=pk, workspace_id=workspace).first() if pk and workspace else None


def _claim(payment_intent: str) -> Purchase | None:
    """Find the purchase of a payment that is new to us: by what we wrote on it, or by the page it was made on."""
    gateway = payments.gateway()
    payment = gateway.fetch_payment(payment_intent)
    purchase = find_by_metadata(payment.metadata)
    if purchase is None and not payment.metadata.get("env"):
        session = gateway.find_session(payment_intent)
        purchase = Purchase.objects.filter(session_id=session.id).first() if session else None
    if purchase is None:
        report = log.error if belongs_here(payment.metadata) else log.info
        report("payment_without_purchase", payment_intent=payment_intent, named=payment.metadata.get("purchase"))
    return purchase


@retry_conflicts
def _draw(purchase_id: UUID) -> int:
    """Take the next number, before anything is asked: whoever asks later has a greater one."""
    with transaction.atomic():
        rows = Purchase.objects.filter(pk=purchase_id)
        rows.update(sync_no_drawn=F("sync_no_drawn") + 1)
        return rows.values_list("sync_no_drawn", flat=True).get()


def _look(purchase: Purchase, named: str | None) -> tuple[CheckoutSession | None, Payment | None]:
    """Ask Stripe, outside any transaction. The page is looked at until it is paid and has its invoice."""
    gateway = payments.gateway()
    known = named or purchase.payment_intent
    payment = gateway.fetch_payment(known) if known else None
    session = None
    if purchase.origin == Purchase.Origin.CHECKOUT and not (purchase.lot_id and purchase.invoice_url):
        if purchase.session_id:
            session = gateway.fetch_session(purchase.session_id)
        elif known:
            session = gateway.find_session(known)
    if payment is None and session is not None and session.payment_intent:
        payment = gateway.fetch_payment(session.payment_intent)
    return session, payment


@retry_conflicts
def _apply(
    *, purchase_id: UUID, number: int, session: CheckoutSession | None, payment: Payment | None, now: datetime
) -> Purchase:
    """Write what was seen, unless something newer has been. Locks: the purchase, then its wallet."""
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        if number <= purchase.sync_no_applied:
            log.info("sync_dropped", purchase=purchase.public_id, number=number)
            return purchase
        before, claimed = Before.of(purchase), Claimed()
        notes = _strangers(purchase, session, payment)
        if not notes:
            notes = _differences(purchase, session, payment)
            _write_page(purchase, session)
            _write_standing(purchase, payment_state.stand(session, payment), has_faults=bool(notes), now=now)
            if payment is not None:
                totals = payment_state.total_up(payment, is_in_review=purchase.is_in_review)
                notes += totals.notes
                _write_money(purchase, payment, totals)
                claimed = _converge(purchase, totals, number, now)
            letters.tell(purchase=purchase, before=before, payment=payment, claimed=claimed, number=number, now=now)
        _raise_alerts(purchase, notes, now)
        purchase.due_at = _next_look(purchase, now)
        purchase.sync_no_applied = number
        _save(purchase, number)
        seams.step("purchase written")
        return purchase


def _strangers(purchase: Purchase, session: CheckoutSession | None, payment: Payment | None) -> tuple[str, ...]:
    """Say why what was found is not this purchase's page, or not its payment."""
    if session is not None and session.client_reference != purchase.public_id:
        return (f"the Checkout page {session.id} is another purchase's",)
    if payment is None:
        return ()
    if purchase.payment_intent not in (None, payment.id):
        return (f"a second payment, {payment.id}, names this purchase",)
    if purchase.lot_id is not None:
        return ()
    if purchase.origin == Purchase.Origin.AUTO_TOPUP:
        return _other_attempts(purchase, payment)
    if session is None:
        return (f"{payment.id} was made on no Checkout page",)
    if session.payment_intent != payment.id:
        return (f"{payment.id} was not made on its Checkout page",)
    return ()


def _other_attempts(purchase: Purchase, payment: Payment) -> tuple[str, ...]:
    """Say why a payment is not the charge of a saved card that this purchase is."""
    attempt = TopUpAttempt.objects.get(purchase=purchase)
    named = metadata_of(purchase) | {"attempt": attempt.public_id}
    if {name: payment.metadata.get(name) for name in named} != named:
        return (f"{payment.id} is not the charge of {attempt.public_id}",)
    if payment.customer != attempt.customer_id:
        return (f"{payment.id} was not charged to this workspace's customer",)
    return ()


def _differences(purchase: Purchase, session: CheckoutSession | None, payment: Payment | None) -> tuple[str, ...]:
    """Say what keeps a sale from earning credits. Once it has earned them it is only added up."""
    if session is not None and session.payment_status == "no_payment_required":
        return ("the Checkout page was completed without a payment",)
    if payment is None or purchase.lot_id is not None or payment.status != "succeeded":
        return ()
    sale = Sale(purchase.amount_minor, purchase.currency, purchase.is_livemode)
    return payment_state.differences(sale, session, payment)


def _write_money(purchase: Purchase, payment: Payment, totals: Totals) -> None:
    purchase.payment_intent = payment.id
    purchase.paid_minor = totals.paid_minor
    purchase.refunded_minor = totals.refunded_minor
    purchase.lost_minor = totals.lost_minor
    purchase.open_minor = totals.open_minor
    purchase.total_minor = totals.total_minor
    purchase.receipt_url = payment.receipt_url or purchase.receipt_url
    for refund in payment.refunds:
        if our_id := from_public("refund", refund.our_id):
            Refund.objects.filter(purchase=purchase, pk=our_id, reference=None).update(reference=refund.id)


def _write_page(purchase: Purchase, session: CheckoutSession | None) -> None:
    if session is None:
        return
    purchase.session_id = session.id
    purchase.checkout_url = session.url
    purchase.invoice_url = session.invoice_url or purchase.invoice_url


def _write_standing(purchase: Purchase, standing: Standing, *, has_faults: bool, now: datetime) -> None:
    """Move the status on. What is paid stays so; money that comes after all is taken, from wherever it stood."""
    if purchase.status == Purchase.Status.PAID:
        return
    if standing is Standing.PAID and not has_faults:
        lot = posting.grant(
            workspace=Workspace(pk=purchase.workspace_id),
            kind=LotKind.PURCHASE,
            amount_mc=Millicredits(purchase.credits_mc),  # ours: what Stripe carries for us is never an amount
            key=f"purchase:{purchase.pk}",
            now=now,
            reason=f"Pack: {purchase.pack_name}",
            actor_id=purchase.created_by_id,
            purchase_id=purchase.pk,
        )
        purchase.status, purchase.lot_id, purchase.paid_at = Purchase.Status.PAID, lot.pk, now
        log.info("purchase_paid", purchase=purchase.public_id, lot=str(lot.pk))
    elif purchase.is_open and standing in (Standing.FAILED, Standing.EXPIRED):
        purchase.status = Purchase.Status(standing.value)
    elif purchase.status == Purchase.Status.CREATED and purchase.session_id:
        purchase.status = Purchase.Status.PENDING


def _converge(purchase: Purchase, totals: Totals, number: int, now: datetime) -> Claimed:
    """Bring the claims on the lot up to date. A state may come again, so the key is the sync's number."""
    if purchase.lot_id is None:
        return Claimed()
    lot = Lot.objects.filter(pk=purchase.lot_id, workspace_id=purchase.workspace_id).get()
    claims = payment_state.claims_on(purchase.credits_mc, totals)
    if (lot.pay_revoke_mc, lot.pay_freeze_mc) == (claims.revoke_mc, claims.freeze_mc):
        return Claimed()
    key = f"pay:{purchase.payment_intent}:{number}"
    posting.apply_claims(
        workspace=Workspace(pk=purchase.workspace_id),
        lot_id=lot.pk,
        pay_revoke_mc=claims.revoke_mc,
        pay_freeze_mc=claims.freeze_mc,
        key=key,
        now=now,
    )
    return Claimed(key, claims.revoke_mc - lot.pay_revoke_mc, claims.freeze_mc - lot.pay_freeze_mc)


def _raise_alerts(purchase: Purchase, notes: Sequence[str], now: datetime) -> None:
    """Say on the purchase how things stand; what is new in it stands until a person has looked."""
    purchase.alert = "; ".join(notes)
    fresh = alerts.raise_once(purchase=purchase, texts=notes, now=now)
    for alert in fresh:
        log.error("purchase_alert", purchase=purchase.public_id, alert=alert)
    if fresh:
        letters.tell_alerts(purchase=purchase, alerts=fresh, now=now)


def _next_look(purchase: Purchase, now: datetime) -> datetime | None:
    """When to ask again unbidden, should no event come: seldom, the older it is, and at last never."""
    age = now - purchase.created_at
    if not purchase.is_open or age > _LONGEST:
        return None
    return now + min(max(age / 2, _SOONEST), _LATEST)


def _save(purchase: Purchase, number: int) -> None:
    """Write the row, with the condition in the statement."""
    names = [
        *("status", "session_id", "checkout_url", "payment_intent", "paid_minor", "refunded_minor", "lost_minor"),
        *("open_minor", "total_minor", "lot_id", "alert", "receipt_url", "invoice_url", "paid_at", "due_at"),
    ]
    written = Purchase.objects.filter(pk=purchase.pk, sync_no_applied__lt=number).update(
        sync_no_applied=number, **{name: getattr(purchase, name) for name in names}
    )
    assert written == 1, "the purchase is locked"
