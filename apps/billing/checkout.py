"""Buying a pack: the purchase is written first, then Stripe is asked for a page to pay on, once for each purchase."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apps.accounts.actor import Actor
from apps.accounts.members import find_actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing import payments, syncing
from apps.billing.gateway import Gateway, StripeRefused, StripeUnavailable
from apps.billing.models import Purchase, StripeCustomer
from apps.billing.stripe_objects import CheckoutSession
from apps.billing.stripe_requests import Page
from apps.errors import DomainError, NotFound
from apps.ledger import seams
from apps.ledger.operations import IdempotencyMismatch

_PAGE_STANDS: Final = timedelta(minutes=40)  # Stripe wants 30 minutes at least, by its clock and when it is asked
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_FIRST_LOOK: Final = timedelta(minutes=5)
_MOST_OPEN: Final = 20  # purchases of a workspace whose pages may stand


class MayNotBuy(DomainError):
    """The role, or the key, may not buy credits."""

    code = "may_not_buy"


class PurchaseEnded(DomainError):
    """This purchase can no longer be paid. A new one needs a new attempt."""

    code = "purchase_ended"


class TooManyPurchases(DomainError):
    """Many purchases of this workspace wait to be paid: pay one of them, or wait until their pages have ended."""

    code = "purchase_limit"


@dataclass(frozen=True, slots=True)
class Started:
    """A purchase and the page to pay it on; no url when it is paid or over."""

    purchase: Purchase
    url: str
    is_replay: bool


def start_purchase(
    *,
    actor: Actor,
    pack_id: str,
    currency: str | None,
    attempt_key: str,
    now: datetime,
    card_consent: str = "",
) -> Started:
    """Begin to buy a pack, in its first currency unless one is named; the buyer goes to ``url``.

    With ``card_consent``, the sentence that the buyer agreed to, Stripe also saves the card for automatic top-up.

    The same attempt again is the same purchase, with the same page. Nothing is charged before the buyer pays there.

    :raises MayNotBuy: :raises PackNotFound: :raises CurrencyNotOffered: :raises PaymentsOff:
    :raises IdempotencyMismatch: the attempt was for something else. :raises PurchaseEnded: its page was never opened.
    :raises StripeUnavailable: the purchase stands; the same attempt later goes on with it. :raises StripeRefused:
    :raises TooManyPurchases: too many wait to be paid.
    """
    _check_buyer(actor)
    gateway = payments.gateway()
    pack = payments.find_pack(pack_id)
    currency = currency or pack.default_currency
    purchase = Purchase(
        workspace=actor.workspace,
        attempt_key=attempt_key,
        pack_id=pack.id,
        pack_name=pack.name,
        credits_mc=pack.total_mc,
        amount_minor=pack.price_in(currency),
        currency=currency,
        stripe_price=pack.stripe_prices.get(currency, ""),
        card_consent=card_consent,
        is_livemode=gateway.is_livemode,
        due_at=now + _FIRST_LOOK,
        created_by_id=actor.user_id,
        created_at=now,
    )
    purchase, is_new = _write(purchase)
    seams.step("purchase made")
    asked = (pack_id, currency, bool(card_consent), Purchase.Origin.CHECKOUT)
    if (purchase.pack_id, purchase.currency, bool(purchase.card_consent), purchase.origin) != asked:
        raise IdempotencyMismatch("This attempt was for another pack or currency. A new purchase needs a new attempt.")
    if purchase.status == Purchase.Status.CREATED:
        purchase = open_page(purchase=purchase, now=now)
    return Started(purchase, purchase.checkout_url if purchase.is_open else "", is_replay=not is_new)


def open_page(*, purchase: Purchase, now: datetime) -> Purchase:
    """Have Stripe make the page of a purchase, or tell again which one it made, and note it.

    The page's end was settled when the purchase was written. Once it is near, Stripe makes none any more: if there is
    none then, the purchase ends.

    :raises PurchaseEnded: that. :raises StripeUnavailable: it may have been made; ask again.
    """
    gateway = payments.gateway()
    try:
        session = _ask_for_page(gateway, purchase, now)
    except StripeRefused as refused:
        if refused.details["param"] != "expires_at":
            raise
        raise _end_unopened(purchase) from refused
    except StripeUnavailable as fault:
        if not fault.is_kept:
            raise
        found = _search_page(gateway, purchase)  # whoever asks again hears the same: it has to be looked for
        if found is None and now < purchase.created_at + _PAGE_STANDS:
            raise
        if found is None:
            raise _end_unopened(purchase) from fault
        session = found
    seams.step("page opened")
    # A webhook may have been quicker: what it wrote stands.
    Purchase.objects.filter(pk=purchase.pk, session_id=None, status=Purchase.Status.CREATED).update(
        session_id=session.id, checkout_url=session.url, status=Purchase.Status.PENDING
    )
    seams.step("page noted")
    purchase.refresh_from_db()
    return purchase


def _end_unopened(purchase: Purchase) -> PurchaseEnded:
    """End a purchase that surely has no page; return the refusal that says so."""
    Purchase.objects.filter(pk=purchase.pk, status=Purchase.Status.CREATED, session_id=None).update(
        status=Purchase.Status.EXPIRED, due_at=None
    )
    return PurchaseEnded("This purchase was not opened in time. Start a new one.")


def _search_page(gateway: Gateway, purchase: Purchase) -> CheckoutSession | None:
    rows = StripeCustomer.objects.for_workspace(purchase.workspace).filter(is_livemode=gateway.is_livemode)
    customer = rows.values_list("customer_id", flat=True).first()
    if not customer:
        return None
    since = purchase.created_at - _CLOCKS_DIFFER
    return gateway.search_session(customer=customer, reference=purchase.public_id, since=since)


def forget_customer(*, customer_id: str) -> None:
    """Stripe has this customer no more: the next purchase makes another."""
    StripeCustomer.objects.filter(customer_id=customer_id).delete()


def _check_buyer(actor: Actor) -> None:
    """A key buys for the person who made it, if they may: it opens a page, and on it somebody pays."""
    if actor.api_key is not None:
        if actor.is_test:
            raise MayNotBuy("A test key buys nothing.")
        try:
            actor = find_actor(user=actor.api_key.created_by, workspace_id=actor.workspace.pk)
        except NotFound as gone:
            raise MayNotBuy("Whoever made this key has left the workspace.") from gone
    if not actor.can(Capability.BUY_CREDITS):
        raise MayNotBuy("Your role in this workspace may not buy credits. Ask an owner.")


def _write(purchase: Purchase) -> tuple[Purchase, bool]:
    """Write the purchase, or find the one of this attempt; committed before Stripe hears of it."""
    rows = Purchase.objects.for_workspace(purchase.workspace)
    if known := rows.filter(attempt_key=purchase.attempt_key).first():
        return known, False
    # Counted without a lock: a burst may pass the line by its own size.
    opened_since = purchase.created_at - _PAGE_STANDS
    if rows.filter(status__in=Purchase.OPEN, created_at__gt=opened_since).count() >= _MOST_OPEN:
        raise TooManyPurchases(f"{_MOST_OPEN} purchases wait to be paid. Pay one of them, or try again in a while.")
    Purchase.objects.bulk_create([purchase], ignore_conflicts=True)
    found = rows.get(attempt_key=purchase.attempt_key)
    return found, found.pk == purchase.pk


def _ask_for_page(gateway: Gateway, purchase: Purchase, now: datetime) -> CheckoutSession:
    customer = _customer_of(gateway, purchase.workspace, now)
    seams.step("customer made")
    try:
        return gateway.open_checkout(_page(purchase, customer))
    except StripeRefused as refused:
        if not (refused.is_missing and refused.details["param"] == "customer"):
            raise
        forget_customer(customer_id=customer)
        return gateway.open_checkout(_page(purchase, _customer_of(gateway, purchase.workspace, now)))


def _page(purchase: Purchase, customer: str) -> Page:
    """All of it from the row: asked again with the same key, Stripe wants the very same."""
    terms = payments.terms()
    names = {"workspace": str(purchase.workspace_id), "purchase": purchase.public_id}
    credits = purchase.credits_mc // 1000
    return Page(
        key=f"cs:{purchase.pk}",
        customer=customer,
        reference=purchase.public_id,
        metadata=syncing.metadata_of(purchase),
        name=f"{purchase.pack_name}: {credits:,} credits",
        description=f"{credits:,} credits",
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        stripe_price=purchase.stripe_price,
        success_url=_filled(terms.success_url, names),
        cancel_url=_filled(terms.cancel_url, names),
        expires_at=purchase.created_at + _PAGE_STANDS,
        is_taxed=terms.is_taxed,
        is_card_kept=bool(purchase.card_consent),
    )


def _filled(address: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        address = address.replace(f"{{{name}}}", value)
    return address


def _customer_of(gateway: Gateway, workspace: Workspace, now: datetime) -> str:
    """Return the workspace's customer at Stripe, made once for each mode; the row is there before Stripe is asked."""
    rows = StripeCustomer.objects.for_workspace(workspace).filter(is_livemode=gateway.is_livemode)
    fresh = StripeCustomer(workspace=workspace, is_livemode=gateway.is_livemode, created_at=now)
    row = rows.first()
    if row is None:
        StripeCustomer.objects.bulk_create([fresh], ignore_conflicts=True)
        row = rows.get()
    if row.customer_id:
        return row.customer_id
    try:
        made = gateway.open_customer(key=f"cus:{row.pk}", metadata=syncing.metadata_of_workspace(workspace))
    except StripeUnavailable as fault:
        if fault.is_kept:
            rows.filter(pk=row.pk, customer_id=None).delete()  # one more customer would harm nobody; a stuck key would
        raise
    rows.filter(pk=row.pk, customer_id=None).update(customer_id=made)
    return made
