"""Automatic top-up: a workspace that runs low has its pack bought, as its owner agreed, and never twice.

A plan's row is the lock of every decision; that one charge is under way at most, the database decides besides.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Sum

from apps.billing import cards, dispatch, payments
from apps.billing.cards import NoSavedCard, SavedCard
from apps.billing.gateway import StripeUnavailable
from apps.billing.models import Purchase, StripeCustomer, TopUpAttempt, TopUpPlan
from apps.billing.packs import CurrencyNotOffered, PackNotFound
from apps.billing.top_up_charges import carry_out, follow
from apps.billing.top_up_plans import (
    CONSENT,
    InvalidTopUp,
    Summary,
    TopUpOff,
    charged_minor,
    check_offered,
    find_trouble,
    list_attempts,
    next_month,
    summary,
    switch_off,
    turn_off,
    turn_on,
)
from apps.ids import uuid7
from apps.ledger import seams
from apps.ledger.balances import read_available
from apps.ledger.models import Wallet
from apps.ledger.operations import retry_conflicts

__all__ = [
    "CONSENT",
    "InvalidTopUp",
    "NoSavedCard",
    "Summary",
    "TopUpOff",
    "check_offered",
    "consider",
    "follow",
    "list_attempts",
    "note_card_change",
    "note_customer_gone",
    "summary",
    "sweep_top_ups",
    "turn_off",
    "turn_on",
]

INTERVAL: Final = timedelta(minutes=10)  # between two charges
_UNDER_WAY: Final = timedelta(minutes=2)  # a charge is left to whoever began it
_LONGEST_PATIENCE: Final = timedelta(hours=1)
_LOOK_AGAIN: Final = timedelta(minutes=1)
_SLOWEST: Final = timedelta(days=14)  # money of a purchase is waited for, for so long
_MOST: Final = 200  # workspaces a sweep

log = structlog.get_logger(__name__)


def consider(*, workspace_id: UUID, now: datetime) -> TopUpAttempt | None:
    """Buy credits for a workspace if its plan says so, or go on with what was begun; None: there is nothing to do.

    For whoever hears that a balance fell, and for the sweep: safe at any time, any number of times, from many
    processes, not within a transaction. What Stripe has not answered stays pending, and the sweep goes on with it.
    """
    try:
        check_offered()
    except (payments.PaymentsOff, TopUpOff):
        return None
    attempt = _take_up(workspace_id, now)
    is_new = attempt is None
    if attempt is None:
        attempt = _begin(workspace_id=workspace_id, is_livemode=payments.gateway().is_livemode, now=now)
    if attempt is None:
        return None
    seams.step("top-up written")
    try:
        return carry_out(attempt=attempt, now=now, is_new=is_new)
    except StripeUnavailable as fault:
        log.warning("top_up_not_answered", attempt=attempt.public_id, fault=str(fault))
        return attempt


def sweep_top_ups(*, now: datetime) -> int:
    """Send for every workspace that is low or has a charge to go on with; return how many. Safe at any time."""
    try:
        check_offered()
    except (payments.PaymentsOff, TopUpOff):
        return 0
    mode = payments.gateway().is_livemode
    pending = TopUpAttempt.objects.filter(status=TopUpAttempt.Status.PENDING, due_at__lte=now, plan__is_livemode=mode)
    due = list(pending.order_by("due_at").values_list("workspace_id", flat=True)[:_MOST])
    is_low = Exists(Wallet.objects.filter(pk=OuterRef("workspace_id"), available_mc__lt=OuterRef("line_mc")))
    plans = TopUpPlan.objects.filter(is_low, Q(next_try_at=None) | Q(next_try_at__lte=now), is_on=True)
    low = plans.filter(is_livemode=mode).order_by("next_try_at", "pk").values_list("workspace_id", flat=True)
    found = list(dict.fromkeys([*due, *low[:_MOST]]))
    for workspace_id in found:
        dispatch.send_top_up(workspace_id=workspace_id)
    if found:
        log.info("top_ups_swept", workspaces=len(found))
    return len(found)


def note_card_change(*, card_id: str, customer_id: str, now: datetime) -> bool:
    """Look at a customer's card again, after a message about one; False when they are none of ours.

    A card that was taken away ends the plan it paid for, unless its owner has made another their default.
    :raises StripeUnavailable, StripeRefused:
    """
    rows = StripeCustomer.objects.filter(Q(customer_id=customer_id) if customer_id else Q(card_id=card_id))
    row = rows.filter(is_livemode=payments.gateway().is_livemode).first()
    if row is None or row.customer_id is None:
        return False
    card = cards.read_card(customer_id=row.customer_id, now=now)
    if card is None or (row.card_id == card_id != card.id and not card.is_default):
        _lose_card(row, now)
    return True


def note_customer_gone(*, customer_id: str, now: datetime) -> None:
    """Forget a customer that Stripe has no more: the next purchase makes another. With it went the card."""
    for row in StripeCustomer.objects.filter(customer_id=customer_id):
        _lose_card(row, now)
        row.delete()


@retry_conflicts
def _lose_card(row: StripeCustomer, now: datetime) -> None:
    with transaction.atomic():
        for plan in _locked(workspace_id=row.workspace_id, is_livemode=row.is_livemode):
            switch_off(plan=plan, why=TopUpPlan.WhyOff.CARD_GONE, now=now)


def _take_up(workspace_id: UUID, now: datetime) -> TopUpAttempt | None:
    """Take the attempt that nobody is busy with any more; whoever comes at the same time finds it taken."""
    rows = TopUpAttempt.objects.filter(workspace_id=workspace_id, status=TopUpAttempt.Status.PENDING, due_at__lte=now)
    attempt = rows.select_related("purchase__workspace").first()
    if attempt is None:
        return None
    patience = min(max(_UNDER_WAY, (now - attempt.created_at) / 4), _LONGEST_PATIENCE)
    return attempt if rows.filter(pk=attempt.pk).update(due_at=now + patience) else None


@retry_conflicts
def _begin(*, workspace_id: UUID, is_livemode: bool, now: datetime) -> TopUpAttempt | None:
    """Decide, under the plan's lock, and write down what will be asked for before anybody is."""
    with transaction.atomic():
        plan = next(iter(_locked(workspace_id=workspace_id, is_livemode=is_livemode)), None)
        if plan is None or (plan.next_try_at is not None and plan.next_try_at > now):
            return None
        available_mc = read_available(workspace=plan.workspace, now=now)
        if available_mc >= plan.line_mc:
            return None
        card = cards.saved_card(workspace=plan.workspace)
        if card is None:
            switch_off(plan=plan, why=TopUpPlan.WhyOff.CARD_GONE, now=now)
            return None
        if (why := _why_not(plan)) is not None:
            switch_off(plan=plan, why=why, now=now)
            return None
        if later := _later(plan, available_mc, now):
            TopUpPlan.objects.filter(pk=plan.pk).update(next_try_at=later)
            return None
        return _write(plan, card, now)


def _locked(*, workspace_id: UUID, is_livemode: bool) -> list[TopUpPlan]:
    """The plan of a workspace that is on, if there is one, locked."""
    rows = TopUpPlan.objects.filter(workspace_id=workspace_id, is_livemode=is_livemode, is_on=True)
    return list(rows.select_for_update(no_key=True, of=("self",)).select_related("workspace"))


def _why_not(plan: TopUpPlan) -> TopUpPlan.WhyOff | None:
    """Why a plan has to end: what its owner agreed to is not what would be done."""
    try:
        pack = payments.find_pack(plan.pack_id)
        is_same = (pack.total_mc, pack.price_in(plan.currency)) == (plan.credits_mc, plan.amount_minor)
    except (PackNotFound, CurrencyNotOffered):
        is_same = False
    return find_trouble(workspace=plan.workspace) if is_same else TopUpPlan.WhyOff.PACK_CHANGED


def _later(plan: TopUpPlan, available_mc: int, now: datetime) -> datetime | None:
    """When to look again, where now is not the time."""
    attempts = TopUpAttempt.objects.filter(workspace_id=plan.workspace_id)
    if attempts.filter(status=TopUpAttempt.Status.PENDING).exists():
        return now + _LOOK_AGAIN
    last = attempts.order_by("-created_at").values_list("created_at", flat=True).first()
    if last is not None and now < last + INTERVAL:
        return last + INTERVAL
    if charged_minor(plan=plan, now=now) + plan.amount_minor > plan.most_minor:
        return next_month(now)
    # What somebody is about to pay for closes the gap, too. Their page ends by itself, if they do not.
    bought = Purchase.objects.filter(workspace_id=plan.workspace_id, created_at__gt=now - _SLOWEST)
    on_its_way = bought.filter(status__in=Purchase.OPEN, origin=Purchase.Origin.CHECKOUT, is_livemode=plan.is_livemode)
    coming_mc = on_its_way.aggregate(sum=Sum("credits_mc", default=0))["sum"]
    return now + _LOOK_AGAIN if available_mc + coming_mc >= plan.line_mc else None


def _write(plan: TopUpPlan, card: SavedCard, now: datetime) -> TopUpAttempt | None:
    """Write attempt and purchase, unless another attempt is pending after all: then the database refuses."""
    attempt_id = uuid7()
    purchase = Purchase(
        workspace=plan.workspace,
        attempt_key=f"topup:{attempt_id}",
        origin=Purchase.Origin.AUTO_TOPUP,
        pack_id=plan.pack_id,
        pack_name=plan.pack_name,
        credits_mc=plan.credits_mc,
        amount_minor=plan.amount_minor,
        currency=plan.currency,
        is_livemode=plan.is_livemode,
        created_by_id=plan.consented_by_id,
        created_at=now,
    )
    attempt = TopUpAttempt(
        id=attempt_id,
        workspace=plan.workspace,
        plan=plan,
        purchase=purchase,
        customer_id=card.customer,
        payment_method=card.id,
        card=str(card),
        due_at=now + _UNDER_WAY,
        created_at=now,
    )
    try:
        with transaction.atomic():
            purchase.save(force_insert=True)
            attempt.save(force_insert=True)
    except IntegrityError:
        if TopUpAttempt.objects.filter(workspace=plan.workspace, status=TopUpAttempt.Status.PENDING).exists():
            return None
        raise
    TopUpPlan.objects.filter(pk=plan.pk).update(next_try_at=now + INTERVAL)
    return attempt
