"""Buying credits: what is for sale, the purchase a buyer comes back from, and those before it."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps import metering
from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing import cards, payments, purchases
from apps.billing.gateway import StripeRefused, StripeUnavailable
from apps.billing.models import Purchase
from apps.billing.packs import CurrencyNotOffered, PackNotFound
from apps.billing.payments import PaymentsOff
from apps.ids import from_public
from apps.ledger.operations import IdempotencyMismatch
from apps.studio.access import SignedInRequest, workspace_view

PURCHASES_SHOWN: Final = 10
_LOOKS_A_MINUTE: Final = 30  # of a workspace, at Stripe; pages that are loaded more often show what is known
_REFUSALS: Final = (
    *(PaymentsOff, PackNotFound, CurrencyNotOffered, IdempotencyMismatch),
    *(purchases.PurchaseEnded, purchases.TooManyPurchases),
)
_ATTEMPT: Final = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


class SeeOther(HttpResponseRedirect):
    """Sends a form on to a page: whatever was posted, that page is fetched."""

    status_code = 303


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack. ``attempt`` names this try of it, so that a button pressed twice buys once."""

    id: str
    name: str
    credits_mc: int
    bonus_mc: int
    amount_minor: int
    currency: str
    attempt: str


@dataclass(frozen=True, slots=True)
class Shop:
    """What can be bought; ``why_off`` says why nothing can."""

    offers: tuple[Offer, ...]
    currencies: tuple[str, ...]
    currency: str
    may_buy: bool
    why_off: str
    card_consent: str  # the sentence to agree to for saving the card; empty: it is no use here

    @property
    def suggested(self) -> str:
        """The pack that is chosen to begin with: the second, where there is one."""
        return self.offers[len(self.offers) > 1].id if self.offers else ""


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase in words. ``state`` is one of unpaid, waiting, checked, paid, failed, expired."""

    id: str
    at: datetime
    name: str
    credits_mc: int
    amount_minor: int
    currency: str
    state: str
    refunded_minor: int
    lost_minor: int
    disputed_minor: int
    pay_url: str
    receipt_url: str
    invoice_url: str
    url: str
    poll_url: str

    @property
    def is_refunded(self) -> bool:
        """Whether all of it went back."""
        return self.refunded_minor >= self.amount_minor


@dataclass(frozen=True, slots=True)
class Returned:
    """The purchase that the page is about. ``is_away``: Stripe could not be asked how it stands."""

    key: UUID
    row: PurchaseRow
    is_away: bool


@require_POST
@workspace_view(Capability.BUY_CREDITS)
def buy(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Begin a purchase and send its buyer to Stripe's page; the same attempt again leads to the same page."""
    here, pack = reverse("credits", args=[actor.workspace.pk]), request.POST.get("pack", "")
    attempt, consent = request.POST.get(f"attempt-{pack}", ""), request.POST.get("save_card", "")
    if not _ATTEMPT.fullmatch(attempt) or consent not in ("", cards.CONSENT):
        messages.error(request, "This form was not whole. Press the button again.")
        return redirect(here)
    try:
        started = purchases.start_purchase(
            actor=actor,
            pack_id=pack,
            currency=request.POST.get(f"currency-{pack}") or None,
            attempt_key=f"{attempt}-with-card" if consent else attempt,
            card_consent=consent,
            now=timezone.now(),
        )
    except StripeUnavailable:
        messages.error(request, "Stripe does not answer just now. Nothing was charged. Try again in a moment.")
        return redirect(here)
    except StripeRefused:
        messages.error(request, "Stripe would not open a page to pay on. Nothing was charged.")
        return redirect(here)
    except _REFUSALS as refusal:
        messages.error(request, f"{refusal} Nothing was charged.")
        return redirect(here)
    return SeeOther(started.url or _page_of(started.purchase))


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def purchase_state(request: SignedInRequest, actor: Actor, purchase_id: str) -> HttpResponse:
    """Tell a page that waits how its purchase stands, as far as Stripe has told; once it ended, reload the page."""
    purchase = _find(actor.workspace, purchase_id)
    if not purchase.is_open:
        return HttpResponseClientRedirect(_page_of(purchase))
    row = row_of(purchase)
    return render(request, "components/purchase.html", {"returned": Returned(purchase.pk, row, is_away=False)})


def shop_of(actor: Actor, *, currency: str) -> Shop:
    """What is for sale, in the currency asked for where a pack has a price in it."""
    why_off = ""
    try:
        payments.gateway()
    except PaymentsOff as off:
        why_off = str(off)
    packs = payments.packs()
    currencies = tuple(dict.fromkeys(one for pack in packs for one in pack.prices))
    chosen = currency if currency in currencies else (currencies[0] if currencies else "")
    offers = []
    for pack in packs:
        price_in = chosen if chosen in pack.prices else pack.default_currency
        offers.append(
            Offer(
                id=pack.id,
                name=pack.name,
                credits_mc=pack.total_mc,
                bonus_mc=pack.bonus_mc,
                amount_minor=pack.price_in(price_in),
                currency=price_in,
                attempt=secrets.token_urlsafe(16),
            )
        )
    may_buy, consent = actor.can(Capability.BUY_CREDITS), "" if payments.terms().is_taxed else cards.CONSENT
    return Shop(tuple(offers), currencies, chosen, may_buy, why_off, consent)


def look_at(workspace: Workspace, purchase_id: str, *, now: datetime) -> Returned:
    """Ask Stripe how a purchase stands; the address that a buyer comes back to proves nothing."""
    purchase, is_away = _find(workspace, purchase_id), False
    has_papers = bool(purchase.invoice_url) or purchase.origin == Purchase.Origin.AUTO_TOPUP
    is_whole = has_papers or purchase.status in (Purchase.Status.FAILED, Purchase.Status.EXPIRED)
    if purchase.is_open or not is_whole:
        try:
            metering.take(subject=f"purchase:look:{workspace.pk}", limit=_LOOKS_A_MINUTE).refuse()
            purchase = purchases.refresh(purchase=purchase, now=now)
        except (StripeUnavailable, StripeRefused, PaymentsOff, metering.RateLimited):
            is_away = purchase.is_open  # what is over is known well enough
    return Returned(purchase.pk, row_of(purchase), is_away)


def list_rows(workspace: Workspace, *, after: UUID | None) -> tuple[list[PurchaseRow], str]:
    """List purchases, newest first, and say after which one the next page begins: its id, or nothing."""
    found = list(purchases.list_purchases(workspace=workspace, after=after)[: PURCHASES_SHOWN + 1])
    shown = found[:PURCHASES_SHOWN]
    return [row_of(one) for one in shown], shown[-1].public_id if len(found) > PURCHASES_SHOWN else ""


def row_of(purchase: Purchase) -> PurchaseRow:
    return PurchaseRow(
        id=purchase.public_id,
        at=purchase.paid_at or purchase.created_at,
        name=purchase.pack_name,
        credits_mc=purchase.credits_mc,
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        state=_state_of(purchase),
        refunded_minor=purchase.refunded_minor,
        lost_minor=purchase.lost_minor,
        disputed_minor=purchase.open_minor,
        pay_url=purchase.checkout_url if purchase.is_open else "",
        receipt_url=purchase.receipt_url,
        invoice_url=purchase.invoice_url,
        url=_page_of(purchase),
        poll_url=reverse("purchase_state", args=[purchase.workspace_id, purchase.public_id]),
    )


def _state_of(purchase: Purchase) -> str:
    if not purchase.is_open:
        return purchase.status
    if purchase.origin == Purchase.Origin.AUTO_TOPUP:  # there is no page to pay on
        return "checked" if purchase.alert else "waiting"
    if purchase.alert:
        return "checked"
    # A page of Stripe's has an address for as long as it can be paid on.
    is_payable = bool(purchase.checkout_url) or purchase.status == Purchase.Status.CREATED
    return "unpaid" if is_payable else "waiting"


def _find(workspace: Workspace, purchase_id: str) -> Purchase:
    key = from_public("purchase", purchase_id)
    if key is None:
        raise Http404("There is no such purchase.")
    try:
        return purchases.find_purchase(workspace=workspace, purchase_id=key)
    except purchases.PurchaseNotFound as unknown:
        raise Http404 from unknown


def _page_of(purchase: Purchase) -> str:
    return f"{reverse('credits', args=[purchase.workspace_id])}?purchase={purchase.public_id}"
