"""Letters about purchases, written in the transaction that makes them true: each fact once to each who may buy.

A sync is applied once and knows, under the purchase's lock, what was so before it: what it changed is told by it alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, F, Q, Sum, When

from apps.accounts import alarms, members
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing import payment_state
from apps.billing.models import Purchase
from apps.billing.stripe_objects import Payment, StripeDispute
from apps.ledger.buckets import Bucket
from apps.ledger.models import Entry, Lot
from apps.mail import letterhead, letters
from apps.mail.letters import Json

_VERDICTS: Final = {"open": "dispute_opened", "unknown": "dispute_opened", "lost": "dispute_lost", "won": "dispute_won"}


@dataclass(frozen=True, slots=True)
class Before:
    """How a purchase stood before a sync was applied."""

    status: str
    refunded_minor: int
    lost_minor: int
    open_minor: int

    @classmethod
    def of(cls, purchase: Purchase) -> "Before":
        return cls(purchase.status, purchase.refunded_minor, purchase.lost_minor, purchase.open_minor)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an operation on a purchase's lot claims more than was claimed before, in millicredits; less: negative.

    ``key`` is the operation's.
    """

    key: str = ""
    revoked_mc: int = 0
    frozen_mc: int = 0


def tell(
    *, purchase: Purchase, before: Before, payment: Payment | None, claimed: Claimed, number: int, now: datetime
) -> None:
    """Write what the sync of this number has changed to those who may buy for the workspace."""
    letter = _Letter(purchase, now)
    is_new = purchase.status != before.status
    if is_new and purchase.status == Purchase.Status.PAID:
        letter.write("purchase_paid", f"purchase:{purchase.pk}:paid")
    elif is_new and purchase.status == Purchase.Status.FAILED and purchase.origin == Purchase.Origin.CHECKOUT:
        letter.write("purchase_failed", f"purchase:{purchase.pk}:failed")
    owed_mc = _grown_debt(purchase, claimed)
    refunded = purchase.refunded_minor - before.refunded_minor
    if refunded:
        letter.write(
            "refund_made" if refunded > 0 else "refund_failed",
            f"purchase:{purchase.pk}:refund:{number}",
            {
                "refunded_minor": abs(refunded),
                "claimed_mc": abs(claimed.revoked_mc),
                "owed_mc": max(0, owed_mc),
                "held_mc": _held(purchase),
                "is_whole": purchase.refunded_minor >= purchase.total_minor,
            },
        )
    is_disputed = (before.lost_minor, before.open_minor) != (purchase.lost_minor, purchase.open_minor)
    for dispute in payment.disputes if payment and (is_disputed or purchase.is_in_review) else ():
        _tell_dispute(letter, dispute, claimed, max(0, owed_mc))


def tell_alerts(*, purchase: Purchase, alerts: Sequence[str], now: datetime) -> None:
    """Write to those who run this installation what a person should look at; the same words once a purchase."""
    words = hashlib.sha256("; ".join(alerts).encode()).hexdigest()[:16]
    alarms.raise_alarm(
        key=f"purchase:{purchase.pk}:alert:{words}",
        subject=f"A purchase needs a look: {purchase.public_id}",
        lines=[
            *alerts,
            f"Payment: {purchase.payment_intent or 'none that is ours'}",
            f"Workspace: {Workspace.objects.get(pk=purchase.workspace_id).public_id}",
        ],
        page=letterhead.page("books"),
        now=now,
    )


class _Letter:
    """A letter about a purchase, to everyone who may buy for its workspace."""

    def __init__(self, purchase: Purchase, now: datetime) -> None:
        self.purchase = purchase
        self.now = now

    def write(self, template: str, key: str, about: Mapping[str, Json] | None = None) -> None:
        purchase = self.purchase
        workspace = Workspace.objects.get(pk=purchase.workspace_id)
        context: dict[str, Json] = {
            "workspace": workspace.name,
            "pack": purchase.pack_name,
            "credits_mc": purchase.credits_mc,
            "amount_minor": purchase.amount_minor,
            "currency": purchase.currency,
            "bought_on": f"{purchase.created_at:%Y-%m-%d}",
            "is_automatic": purchase.origin == Purchase.Origin.AUTO_TOPUP,
            "receipt_url": purchase.receipt_url,
            "invoice_url": purchase.invoice_url,
            "purchase_page": letterhead.page("purchase", workspace=workspace.pk, purchase=purchase.public_id),
            "credits_page": letterhead.page("credits", workspace=workspace.pk),
            "receipts_page": letterhead.page("receipts", workspace=workspace.pk),
            **(about or {}),
        }
        for person in members.people_who(workspace=workspace, capability=Capability.BUY_CREDITS):
            letters.post(key=f"{key}:{person.pk}", template=template, to=person.email, context=context, now=self.now)


def _tell_dispute(letter: _Letter, dispute: StripeDispute, claimed: Claimed, owed_mc: int) -> None:
    """Tell how a dispute stands; each of its turns once, however often it is heard of."""
    template = _VERDICTS.get(payment_state.verdict_on(dispute))
    if template is None:
        return
    letter.write(
        template,
        f"dispute:{dispute.id}:{template}",
        {
            "disputed_minor": dispute.amount_minor,
            "disputed_currency": dispute.currency,
            "claimed_mc": abs(claimed.revoked_mc if template == "dispute_lost" else claimed.frozen_mc),
            "owed_mc": owed_mc,
            "held_mc": _held(letter.purchase),
        },
    )


def _held(purchase: Purchase) -> int:
    """The credits of a purchase that are held for runs under way, in millicredits."""
    lots = Lot.objects.filter(workspace_id=purchase.workspace_id, purchase_id=purchase.pk)
    return lots.values_list("held_mc", flat=True).first() or 0


def _grown_debt(purchase: Purchase, claimed: Claimed) -> int:
    """By how much the workspace owes more since an operation, in millicredits."""
    if not claimed.key:
        return 0
    moved = Entry.objects.filter(workspace_id=purchase.workspace_id, operation__key=claimed.key)
    debts = moved.filter(Q(src=Bucket.UNPAID) | Q(dst=Bucket.UNPAID))
    signed = Case(When(dst=Bucket.UNPAID, then=F("amount_mc")), default=-F("amount_mc"))
    return int(debts.aggregate(sum=Sum(signed))["sum"] or 0)
