"""What a workspace agreed to have bought: turned on by its owners, turned off by them or by what happened."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Sum

from apps.accounts import audit
from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing import cards, dispatch, payments, top_up_letters
from apps.billing.checkout import MayNotBuy
from apps.billing.models import Purchase, TopUpAttempt, TopUpPlan
from apps.billing.packs import CreditPack
from apps.errors import DomainError
from apps.ledger import posting
from apps.ledger.amounts import PER_CREDIT, Millicredits, format_credits
from apps.ledger.models import Wallet
from apps.ledger.operations import retry_conflicts

CONSENT: Final = (
    "I agree that the saved card is charged the price above, without asking me again, whenever the balance falls below "
    "the line above, up to the most above in a calendar month, until this is turned off."
)
MOST_MINOR: Final = 99_999_999  # Stripe takes eight digits
_SHOWN: Final = 10
_FIGURES: Final = ("is_on", "pack_id", "credits_mc", "amount_minor", "currency", "line_mc", "most_minor")
_AGREED: Final = (  # what turning it on again replaces
    *(*_FIGURES, "why_off", "pack_name", "declines", "next_try_at"),
    *("consent", "consented_by_id", "consented_at", "changed_at"),
)

log = structlog.get_logger(__name__)


class TopUpOff(DomainError):
    """This installation sells no automatic top-up. ``details.setting`` names why."""

    code = "top_up_off"


class InvalidTopUp(DomainError):
    """It cannot be turned on like that. ``details.faults`` has a sentence for line, most, consent, workspace."""

    code = "invalid_top_up"


@dataclass(frozen=True, slots=True)
class Summary:
    """A plan in figures, with what it has bought in this calendar month (UTC)."""

    is_on: bool
    why_off: str  # in words; empty: it is on
    pack_id: str
    pack_name: str
    credits_mc: int
    amount_minor: int
    currency: str
    line_mc: int
    most_minor: int
    charged_minor: int
    next_try_at: datetime | None


def check_offered() -> None:
    """:raises PaymentsOff: nothing is sold here. :raises TopUpOff: top-up is not."""
    payments.gateway()
    if payments.terms().is_taxed:
        raise TopUpOff(
            "Automatic top-up is off here: Stripe works out tax on the page that people pay on, and a saved card is "
            "charged without one.",
            setting="EASEL_STRIPE_TAX",
        )


@retry_conflicts
def turn_on(
    *,
    actor: Actor,
    pack_id: str,
    currency: str | None,
    line_mc: Millicredits,
    most_minor: int,
    agreed_to: str,
    now: datetime,
) -> TopUpPlan:
    """Have a pack bought whenever the balance falls below a line; called again it changes what was agreed.

    One charge always closes the gap, so the line is at most what the pack brings. ``most_minor`` limits what is charged
    in a calendar month, in the currency's minor units. ``agreed_to`` is the sentence that the person saw: ``CONSENT``.

    :raises MayNotBuy: not a person who may. :raises PaymentsOff: :raises TopUpOff: :raises PackNotFound:
    :raises CurrencyNotOffered: :raises NoSavedCard: :raises InvalidTopUp: with every fault at once.
    """
    person = actor.user
    if person is None or not actor.can(Capability.BUY_CREDITS):
        raise MayNotBuy("Only owners of this workspace turn automatic top-up on.")
    check_offered()
    pack = payments.find_pack(pack_id)
    currency = currency or pack.default_currency
    price = pack.price_in(currency)
    if cards.saved_card(workspace=actor.workspace) is None:
        raise cards.NoSavedCard("No card is saved. Save one with your next purchase.")
    fresh = TopUpPlan(
        workspace=actor.workspace,
        is_livemode=payments.gateway().is_livemode,
        is_on=True,
        pack_id=pack.id,
        pack_name=pack.name,
        credits_mc=pack.total_mc,
        amount_minor=price,
        currency=currency,
        line_mc=line_mc,
        most_minor=most_minor,
        consent=agreed_to,
        consented_by_id=person.pk,
        consented_at=now,
        changed_at=now,
    )
    with transaction.atomic():
        faults = _faults(pack, price, line_mc, most_minor, agreed_to)
        if trouble := find_trouble(workspace=actor.workspace):
            faults["workspace"] = f"It stays off while {trouble.label}."
        if faults:
            raise InvalidTopUp("Automatic top-up cannot be turned on like this.", faults=faults)
        plan, before = _write(fresh)
        posting.set_refill_line(workspace=actor.workspace, line_mc=line_mc, actor_id=person.pk, now=now)
        audit.record(
            action="top_up.turn_on",
            subject=plan.public_id,
            now=now,
            actor_id=person.pk,
            workspace_id=actor.workspace.pk,
            before=before,
            after={**_figures(plan), "consent": agreed_to},
        )

        def look() -> None:
            dispatch.send_top_up(workspace_id=actor.workspace.pk)

        transaction.on_commit(look, robust=True)
    return plan


@retry_conflicts
def turn_off(*, actor: Actor, now: datetime) -> TopUpPlan | None:
    """Buy nothing more by itself; what Stripe has been asked for already may still arrive. None: it never was on.

    :raises MayNotBuy: not a person who may.
    """
    if actor.user is None or not actor.can(Capability.BUY_CREDITS):
        raise MayNotBuy("Only owners of this workspace turn automatic top-up off.")
    with transaction.atomic():
        plan = _mine(actor.workspace)
        if plan is not None:
            switch_off(plan=plan, why=TopUpPlan.WhyOff.PERSON, now=now, actor=actor)
            plan.refresh_from_db()
    return plan


def switch_off(*, plan: TopUpPlan, why: TopUpPlan.WhyOff, now: datetime, actor: Actor | None = None) -> bool:
    """Turn a plan off, in the caller's transaction, and tell its owners why; whether this call did it."""
    rows = TopUpPlan.objects.filter(pk=plan.pk, is_on=True)
    if rows.update(is_on=False, why_off=why, changed_at=now, next_try_at=None) != 1:
        return False
    actor_id = actor.user_id if actor else None
    posting.set_refill_line(workspace=Workspace(pk=plan.workspace_id), line_mc=None, actor_id=actor_id, now=now)
    audit.record(
        action="top_up.turn_off",
        subject=plan.public_id,
        now=now,
        actor_id=actor_id,
        workspace_id=plan.workspace_id,
        after={"why": str(why)},
    )
    if why != TopUpPlan.WhyOff.PERSON:
        top_up_letters.tell_off(plan=plan, why=why, now=now)
    log.info("top_up_off", plan=plan.public_id, why=str(why))
    return True


def find_trouble(*, workspace: Workspace) -> TopUpPlan.WhyOff | None:
    """Why nothing is bought for a workspace by itself, whatever its plan says."""
    if Wallet.objects.for_workspace(workspace).filter(debt_mc__gt=0).exists():
        return TopUpPlan.WhyOff.DEBT
    mode = payments.gateway().is_livemode
    if Purchase.objects.for_workspace(workspace).filter(open_minor__gt=0, is_livemode=mode).exists():
        return TopUpPlan.WhyOff.DISPUTE
    return None


def charged_minor(*, plan: TopUpPlan, now: datetime) -> int:
    """What was charged, or is being charged, in this calendar month. What was refunded later was charged, too."""
    rows = Purchase.objects.filter(top_up__plan=plan, currency=plan.currency, created_at__gte=month_of(now))
    counted = rows.filter(status__in=(*Purchase.OPEN, Purchase.Status.PAID))
    return int(counted.aggregate(sum=Sum("amount_minor", default=0))["sum"])


def month_of(now: datetime) -> datetime:
    """When the calendar month began, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> datetime:
    return month_of(month_of(now) + timedelta(days=32))


def summary(*, workspace: Workspace, now: datetime) -> Summary | None:
    """A workspace's plan, for pages; None: it never had one, or nothing is sold here."""
    plan = _mine(workspace) if payments.is_on() else None
    if plan is None:
        return None
    return Summary(
        is_on=plan.is_on,
        why_off=TopUpPlan.WhyOff(plan.why_off).label if plan.why_off else "",
        pack_id=plan.pack_id,
        pack_name=plan.pack_name,
        credits_mc=plan.credits_mc,
        amount_minor=plan.amount_minor,
        currency=plan.currency,
        line_mc=plan.line_mc,
        most_minor=plan.most_minor,
        charged_minor=charged_minor(plan=plan, now=now),
        next_try_at=plan.next_try_at if plan.is_on else None,
    )


def list_attempts(*, workspace: Workspace) -> list[TopUpAttempt]:
    """The last charges of the saved card, newest first, each with its purchase."""
    rows = TopUpAttempt.objects.for_workspace(workspace).select_related("purchase")
    return list(rows.order_by("-pk")[:_SHOWN])


def _write(fresh: TopUpPlan) -> tuple[TopUpPlan, dict[str, Any]]:
    """Let the one plan of a workspace be as this one, under its lock; return it with its figures from before."""
    TopUpPlan.objects.bulk_create([fresh], ignore_conflicts=True)
    rows = TopUpPlan.objects.filter(workspace=fresh.workspace, is_livemode=fresh.is_livemode)
    plan = rows.select_for_update(no_key=True).get()
    if plan.pk == fresh.pk:
        return plan, {}
    before = _figures(plan)
    for name in _AGREED:
        setattr(plan, name, getattr(fresh, name))
    plan.save(update_fields=_AGREED)
    return plan, before


def _mine(workspace: Workspace) -> TopUpPlan | None:
    return TopUpPlan.objects.for_workspace(workspace).filter(is_livemode=payments.gateway().is_livemode).first()


def _faults(pack: CreditPack, price: int, line_mc: int, most_minor: int, agreed_to: str) -> dict[str, str]:
    faults = {}
    if not PER_CREDIT <= line_mc <= pack.total_mc:
        most = format_credits(pack.total_mc)
        faults["line"] = f"The line is 1 to {most} credits: what {pack.name} brings has to reach above it."
    if not price <= most_minor <= MOST_MINOR:
        faults["most"] = f"The most in a month is at least one {pack.name}, and no more than eight digits."
    if agreed_to != CONSENT:
        faults["consent"] = "Nothing is charged by itself unless you agree to the sentence as it stands here."
    return faults


def _figures(plan: TopUpPlan) -> dict[str, Any]:  # JSON values
    return {name: getattr(plan, name) for name in _FIGURES}
