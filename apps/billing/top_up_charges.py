"""One charge of a saved card: asked of Stripe once, found again whatever happened, and followed to its end.

Rows first, then the call, with a key of the row's own. What came of it is written by the sync that writes every sale;
here the attempt and the plan follow.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from apps.billing import cards, payments, syncing, top_up_letters
from apps.billing.gateway import StripeRefused, StripeUnavailable
from apps.billing.models import Purchase, TopUpAttempt, TopUpPlan
from apps.billing.stripe_objects import Payment
from apps.billing.stripe_requests import SavedCharge
from apps.billing.top_up_plans import switch_off
from apps.ledger import seams
from apps.ledger.balances import read_available
from apps.ledger.operations import retry_conflicts

Status = TopUpAttempt.Status

BACK_OFF: Final = timedelta(hours=1)  # after a card said no
MOST_DECLINES: Final = 3  # in a row
_KEY_LIVES: Final = timedelta(hours=23)  # Stripe forgets keys after a day, and would charge again
_SETTLED: Final = timedelta(hours=1)  # by then Stripe lists what an answer that never came had done
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_ASKING: Final = "authentication_required"
_CARD_GONE: Final = "card_gone"
_NOT_DONE: Final = "not_carried_out"

log = structlog.get_logger(__name__)


def carry_out(*, attempt: TopUpAttempt, now: datetime, is_new: bool = False) -> TopUpAttempt:
    """Charge the card, unless that has been done, and let purchase and plan follow; return the attempt as it is then.

    ``is_new``: nobody has asked Stripe yet. Safe at any time, any number of times; it stays pending while Stripe has
    not decided. :raises StripeUnavailable: it may have been done; call again later. :raises PaymentsOff:
    """
    purchase = attempt.purchase
    known = purchase.payment_intent
    if known is None:
        try:
            payment = _ask(attempt, now) if is_new else _ask_again(attempt, now)
        except StripeRefused as refused:
            return _end(attempt, Status.FAILED, _refusal_of(refused), now)
        if payment is None:
            return _end(attempt, Status.FAILED, _NOT_DONE, now)
        known = payment.id
    seams.step("card charged")
    purchase = syncing.sync_purchase(purchase=purchase, payment_intent=known, now=now)
    if purchase.status == Purchase.Status.PAID:
        return _end(attempt, Status.SUCCEEDED, "", now)
    payment = payments.gateway().fetch_payment(known)
    if payment.status == "requires_action":  # nobody is there to act
        payments.gateway().cancel_payment(known)
        syncing.sync_purchase(purchase=purchase, payment_intent=known, now=now)
        return _end(attempt, Status.NEEDS_ACTION, _ASKING, now)
    if payment.decline == _ASKING or payment.status == "canceled":
        return _end(attempt, Status.NEEDS_ACTION, payment.decline or _ASKING, now)
    if payment.decline and payment.status == "requires_payment_method":
        return _end(attempt, Status.DECLINED, payment.decline, now)
    return attempt


def follow(*, purchase: Purchase, now: datetime) -> None:
    """Let the attempt behind a purchase end as its payment did, after a message. :raises StripeUnavailable:"""
    attempt = TopUpAttempt.objects.select_related("purchase__workspace").filter(purchase=purchase).first()
    if attempt is None or attempt.status == Status.SUCCEEDED:
        return
    if attempt.status == Status.PENDING:
        carry_out(attempt=attempt, now=now)
    elif attempt.purchase.status == Purchase.Status.PAID:
        _end(attempt, Status.SUCCEEDED, "", now)


def _ask(attempt: TopUpAttempt, now: datetime) -> Payment | None:
    """Charge the card. The same attempt asks for the same, with the same key, so that Stripe does it once."""
    purchase = attempt.purchase
    try:
        return payments.gateway().charge_saved(
            SavedCharge(
                key=f"topup:{attempt.pk}",
                customer=attempt.customer_id,
                payment_method=attempt.payment_method,
                metadata=syncing.metadata_of(purchase) | {"attempt": attempt.public_id},
                description=f"{purchase.credits_mc // 1000:,} credits, automatic top-up",
                amount_minor=purchase.amount_minor,
                currency=purchase.currency,
            )
        )
    except StripeUnavailable as fault:
        if not fault.is_kept:
            raise
        found = _find(attempt)  # whoever asks again hears the same: it has to be looked for
        if found is None and now - attempt.created_at < _SETTLED:
            raise
        return found


def _ask_again(attempt: TopUpAttempt, now: datetime) -> Payment | None:
    """Find what became of a charge, or ask for it once more while that is surely the same charge, and still wanted."""
    age = now - attempt.created_at
    found = _find(attempt)
    if found is not None or age > _KEY_LIVES:
        return found
    if _is_wanted(attempt, now):
        return _ask(attempt, now)
    if age < _SETTLED:
        raise StripeUnavailable("It is not known yet what became of this charge.")
    return None


def _find(attempt: TopUpAttempt) -> Payment | None:
    """Look for the payment of an attempt. Where Stripe refuses to look, nothing is known: no attempt ends by that."""
    try:
        return payments.gateway().search_payment(
            customer=attempt.customer_id, attempt=attempt.public_id, since=attempt.created_at - _CLOCKS_DIFFER
        )
    except StripeRefused as refused:
        raise StripeUnavailable(f"Stripe refuses to look for this charge: {refused.details['reason']}.") from refused


def _is_wanted(attempt: TopUpAttempt, now: datetime) -> bool:
    plan = TopUpPlan.objects.select_related("workspace").get(pk=attempt.plan_id)
    return plan.is_on and read_available(workspace=plan.workspace, now=now) < plan.line_mc


def _refusal_of(refused: StripeRefused) -> str:
    is_gone = refused.details["param"] == "payment_method" or (
        refused.is_missing and refused.details["param"] == "customer"
    )
    return _CARD_GONE if is_gone else str(refused.details["reason"])[:255]


@retry_conflicts
def _end(attempt: TopUpAttempt, status: Status, refusal: str, now: datetime) -> TopUpAttempt:
    """Write how an attempt ended, once, and what its plan makes of it. Locks: the plan, then the attempt.

    Money that comes after all turns a failure into a success.
    """
    with transaction.atomic():
        plans = TopUpPlan.objects.select_for_update(no_key=True, of=("self",)).select_related("workspace")
        plan = plans.get(pk=attempt.plan_id)
        rows = TopUpAttempt.objects.filter(pk=attempt.pk)
        rows = rows.exclude(status=status) if status == Status.SUCCEEDED else rows.filter(status=Status.PENDING)
        if rows.update(status=status, refusal=refusal, ended_at=now, due_at=None):
            if status == Status.FAILED:
                unpaid = Purchase.objects.filter(pk=attempt.purchase_id, payment_intent=None)
                unpaid.filter(status=Purchase.Status.CREATED).update(status=Purchase.Status.FAILED, due_at=None)
            _follow(plan, attempt, status, refusal, now)
            log.info("top_up_ended", attempt=attempt.public_id, status=str(status), refusal=refusal)
    seams.step("top-up ended")
    return TopUpAttempt.objects.select_related("purchase").get(pk=attempt.pk)


def _follow(plan: TopUpPlan, attempt: TopUpAttempt, status: Status, refusal: str, now: datetime) -> None:
    rows = TopUpPlan.objects.filter(pk=plan.pk)
    if status == Status.SUCCEEDED:
        rows.update(declines=0)
    elif status == Status.NEEDS_ACTION:
        switch_off(plan=plan, why=TopUpPlan.WhyOff.AUTHENTICATION, now=now)
    elif refusal == _CARD_GONE:
        card = cards.saved_card(workspace=plan.workspace)
        if card is None or card.id == attempt.payment_method:  # another one is tried the next time
            switch_off(plan=plan, why=TopUpPlan.WhyOff.CARD_GONE, now=now)
    elif status == Status.FAILED and refusal != _NOT_DONE:
        rows.update(next_try_at=now + BACK_OFF)  # no fault of the card's, and nothing its owner could do
        log.error("top_up_refused", plan=plan.public_id, refusal=refusal)
    elif status == Status.DECLINED:
        declines = plan.declines + 1
        rows.update(declines=declines, next_try_at=now + BACK_OFF)
        if declines >= MOST_DECLINES:
            switch_off(plan=plan, why=TopUpPlan.WhyOff.DECLINED, now=now)
        elif plan.is_on:
            top_up_letters.tell_decline(plan=plan, attempt=attempt, next_try_at=now + BACK_OFF, now=now)
