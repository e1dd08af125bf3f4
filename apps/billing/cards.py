"""The saved card of a workspace: Stripe keeps it, we know it by what people call it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db.models import Q

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace, WorkspaceQuerySet
from apps.billing import payments
from apps.billing.gateway import StripeRefused
from apps.billing.models import Purchase, StripeCustomer
from apps.billing.stripe_objects import Card
from apps.errors import DomainError

CONSENT: Final = "Save my card with Stripe, so that automatic top-up can charge it once an owner turns that on."
_BRANDS: Final = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}

log = structlog.get_logger(__name__)


class NoSavedCard(DomainError):
    """This workspace has no card saved with Stripe."""

    code = "no_saved_card"


class MayNotManageCards(DomainError):
    """Only a person who may buy credits looks after the card they are bought with."""

    code = "may_not_manage_cards"


@dataclass(frozen=True, slots=True)
class SavedCard:
    """The card that would be charged."""

    customer: str
    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int

    def __str__(self) -> str:
        return f"{_BRANDS.get(self.brand, self.brand.title())} •••• {self.last4}"

    def is_expired(self, now: datetime) -> bool:
        """Whether its date is over. Banks renew cards unseen, so it may be good all the same."""
        return (self.exp_year, self.exp_month) < (now.year, now.month)


def saved_card(*, workspace: Workspace) -> SavedCard | None:
    """The card as it was when Stripe was last asked; None: there is none, or nothing is sold here."""
    if not payments.is_on():
        return None
    row = _rows(workspace).exclude(card_id="").first()
    if row is None or row.customer_id is None:
        return None
    return SavedCard(
        customer=row.customer_id,
        id=row.card_id,
        brand=row.card_brand,
        last4=row.card_last4,
        exp_month=row.card_exp_month or 0,
        exp_year=row.card_exp_year or 0,
    )


def read_card(*, customer_id: str, now: datetime) -> Card | None:
    """Ask Stripe which card a customer of ours has now, and note it; an older answer never overwrites a newer one.

    :raises StripeUnavailable, StripeRefused, PaymentsOff: nothing was noted.
    """
    try:
        card = payments.gateway().fetch_card(customer_id)
    except StripeRefused as refused:
        if not refused.is_missing:
            raise
        card = None
    StripeCustomer.objects.filter(customer_id=customer_id).filter(
        Q(card_read_at=None) | Q(card_read_at__lte=now)
    ).update(
        card_id=card.id if card else "",
        card_brand=card.brand if card else "",
        card_last4=card.last4 if card else "",
        card_exp_month=card.exp_month if card else None,
        card_exp_year=card.exp_year if card else None,
        card_read_at=now,
    )
    return card


def read_after_sale(*, purchase: Purchase, now: datetime) -> None:
    """Note the card that a buyer had saved by paying, unless that has been done. :raises: as ``read_card``."""
    if not purchase.card_consent or purchase.paid_at is None:
        return
    rows = StripeCustomer.objects.filter(workspace_id=purchase.workspace_id, is_livemode=purchase.is_livemode)
    row = rows.exclude(customer_id=None).exclude(card_read_at__gte=purchase.paid_at).first()
    if row is not None and row.customer_id is not None:
        card = read_card(customer_id=row.customer_id, now=now)
        log.info("card_saved", purchase=purchase.public_id, is_there=card is not None)


def open_portal(*, actor: Actor, return_url: str) -> str:
    """Return the address of Stripe's page on which the workspace's cards are added, changed and removed.

    :raises MayNotManageCards: :raises NoSavedCard: nobody has bought anything yet.
    :raises StripeUnavailable, StripeRefused, PaymentsOff:
    """
    return payments.gateway().open_portal(customer=_customer_of(actor), return_url=return_url)


def refresh(*, actor: Actor, now: datetime) -> Card | None:
    """Ask Stripe about the workspace's card, for the page that people come back to. :raises: as ``open_portal``."""
    return read_card(customer_id=_customer_of(actor), now=now)


def _customer_of(actor: Actor) -> str:
    if actor.user is None or not actor.can(Capability.BUY_CREDITS):
        raise MayNotManageCards("Only owners of this workspace look after its card.")
    payments.gateway()
    customer = _rows(actor.workspace).values_list("customer_id", flat=True).first()
    if not customer:
        raise NoSavedCard("No card is saved. Save one with your next purchase.")
    return customer


def _rows(workspace: Workspace) -> WorkspaceQuerySet[StripeCustomer]:
    return StripeCustomer.objects.for_workspace(workspace).filter(is_livemode=payments.gateway().is_livemode)
