"""Automatic top-up: what was agreed, the card that is charged, the last charges, and the form to agree anew."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.billing import cards, payments, top_up
from apps.billing.currencies import read_money, write_money
from apps.billing.gateway import StripeRefused, StripeUnavailable
from apps.billing.models import TopUpAttempt
from apps.billing.packs import CurrencyNotOffered, PackNotFound
from apps.billing.payments import PaymentsOff
from apps.ledger.amounts import PER_CREDIT, ZERO, Millicredits, from_credits, to_credits
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.buying import SeeOther
from apps.studio.credits_tabs import credits_tabs
from apps.studio.shell import page

_MOST_TOP_UPS: Final = 5  # in a month: what a form suggests
_AWAY: Final = "Stripe does not answer just now. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Choice:
    """A pack in one currency. ``value`` is what the form sends."""

    value: str
    name: str
    credits_mc: int
    amount_minor: int
    currency: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Form:
    """What can be agreed to, as it was typed or as it stands; ``faults`` by field."""

    choices: tuple[Choice, ...]
    line: str
    most: str
    consent: str
    is_agreed: bool = False
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A charge of the saved card. ``state`` is a status of TopUpAttempt."""

    at: datetime
    name: str
    credits_mc: int
    amount_minor: int
    currency: str
    card: str
    state: str
    receipt_url: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """The saved card in words."""

    name: str
    month: int
    year: int
    is_expired: bool


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def show(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show how automatic top-up stands. ``?card=`` is where Stripe's page leads back to: the card is read again."""
    if "card" in request.GET and actor.can(Capability.BUY_CREDITS):
        try:
            cards.refresh(actor=actor, now=timezone.now())
        except (StripeUnavailable, StripeRefused):
            messages.error(request, f"The card below may not be the latest. {_AWAY}")
        except (PaymentsOff, cards.NoSavedCard):
            pass  # the page says so
    return _page(request, actor, _form(actor, now=timezone.now()))


@require_POST
@workspace_view(Capability.BUY_CREDITS)
def save(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Turn it on as the form has it, or change it; what is wrong with the form is told all at once."""
    pack_id, _, currency = request.POST.get("pack", "").partition(".")
    typed = {name: request.POST.get(name, "").strip()[:40] for name in ("line", "most")}
    agreed_to = request.POST.get("consent", "")
    try:
        top_up.turn_on(
            actor=actor,
            pack_id=pack_id,
            currency=currency or None,
            line_mc=_credits(typed["line"]),
            most_minor=read_money(typed["most"], currency) or 0,
            agreed_to=agreed_to,
            now=timezone.now(),
        )
    except top_up.InvalidTopUp as refusal:
        form = Form(
            choices=_choices(f"{pack_id}.{currency}"),
            **typed,
            consent=top_up.CONSENT,
            is_agreed=agreed_to == top_up.CONSENT,
            faults=refusal.details["faults"],
        )
        return _page(request, actor, form, status=422)
    except (PaymentsOff, top_up.TopUpOff, PackNotFound, CurrencyNotOffered, top_up.NoSavedCard) as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, "Automatic top-up is on. If the balance is below the line now, it buys in a minute.")
    return redirect("top_up", actor.workspace.pk)


@require_POST
@workspace_view(Capability.BUY_CREDITS)
def turn_off(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Turn it off at once."""
    top_up.turn_off(actor=actor, now=timezone.now())
    messages.success(request, "Automatic top-up is off. Nothing more is bought by itself.")
    return redirect("top_up", actor.workspace.pk)


@require_POST
@workspace_view(Capability.BUY_CREDITS)
def change_card(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Lead to Stripe's page on which cards are added, changed and removed."""
    here = reverse("top_up", args=[actor.workspace.pk])
    try:
        return SeeOther(cards.open_portal(actor=actor, return_url=request.build_absolute_uri(f"{here}?card=changed")))
    except StripeUnavailable:
        messages.error(request, f"Nothing was changed. {_AWAY}")
    except StripeRefused:
        messages.error(request, "Stripe would not open its page for cards. Nothing was changed.")
    except (PaymentsOff, cards.NoSavedCard) as refusal:
        messages.error(request, str(refusal))
    return redirect(here)


def _page(request: SignedInRequest, actor: Actor, form: Form, *, status: int = 200) -> HttpResponse:
    now, why_off = timezone.now(), ""
    try:
        top_up.check_offered()
    except (PaymentsOff, top_up.TopUpOff) as off:
        why_off = str(off)
    card = cards.saved_card(workspace=actor.workspace)
    return page(
        request,
        actor,
        "studio/top_up.html",
        current="credits",
        status=status,
        tabs=credits_tabs(actor, current="top_up"),
        why_off=why_off,
        plan=top_up.summary(workspace=actor.workspace, now=now),
        card=CardRow(str(card), card.exp_month, card.exp_year, card.is_expired(now)) if card else None,
        attempts=[_row(one) for one in top_up.list_attempts(workspace=actor.workspace)],
        form=form,
        may_change=actor.can(Capability.BUY_CREDITS),
    )


def _form(actor: Actor, *, now: datetime) -> Form:
    """The form as the plan stands, or with a suggestion."""
    plan = top_up.summary(workspace=actor.workspace, now=now)
    choices = _choices(f"{plan.pack_id}.{plan.currency}" if plan else "")
    if plan is not None:
        line_mc, most_minor, currency = plan.line_mc, plan.most_minor, plan.currency
    elif choices:
        first = choices[0]
        line_mc = first.credits_mc // 10 // PER_CREDIT * PER_CREDIT or PER_CREDIT
        most_minor, currency = first.amount_minor * _MOST_TOP_UPS, first.currency
    else:
        return Form((), "", "", top_up.CONSENT)
    return Form(choices, str(to_credits(line_mc)), write_money(most_minor, currency), top_up.CONSENT)


def _choices(chosen: str) -> tuple[Choice, ...]:
    """Every pack in every currency it has a price in, by currency."""
    packs = payments.packs()
    currencies = dict.fromkeys(currency for pack in packs for currency in pack.prices)
    found = [
        (f"{pack.id}.{currency}", pack, currency)
        for currency in currencies
        for pack in packs
        if currency in pack.prices
    ]
    return tuple(
        Choice(value, pack.name, pack.total_mc, pack.price_in(currency), currency, value == chosen)
        for value, pack, currency in found
    )


def _row(attempt: TopUpAttempt) -> AttemptRow:
    bought = attempt.purchase
    return AttemptRow(
        at=attempt.created_at,
        name=bought.pack_name,
        credits_mc=bought.credits_mc,
        amount_minor=bought.amount_minor,
        currency=bought.currency,
        card=attempt.card,
        state=attempt.status,
        receipt_url=bought.receipt_url,
    )


def _credits(text: str) -> Millicredits:
    """Read credits as people type them; what is none counts as 0, which no line may be."""
    try:
        return from_credits(text.replace(",", ""))
    except ValueError:
        return ZERO
