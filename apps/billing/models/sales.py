"""Sales: what was asked of Stripe, and how the money stands. Credits are in the ledger."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.tenancy import WorkspaceOwned, WorkspaceQuerySet
from apps.ids import to_public, uuid7

_MONEY = ("paid_minor", "refunded_minor", "lost_minor", "open_minor", "total_minor")


class Purchase(WorkspaceOwned):
    """A sale of credits. What is asked of Stripe is written here first and never changes; only syncs say it is paid."""

    class Status(models.TextChoices):
        CREATED = "created"  # Stripe may or may not know of it
        PENDING = "pending"  # there is a page to pay on
        PAID = "paid"  # for good: what goes back later is told by the amounts
        FAILED = "failed"
        EXPIRED = "expired"

    class Origin(models.TextChoices):
        CHECKOUT = "checkout"
        AUTO_TOPUP = "auto_topup"

    OPEN: ClassVar = (Status.CREATED, Status.PENDING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attempt_key = models.CharField(max_length=128)  # the buyer's own id of this try
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.CHECKOUT)
    pack_id = models.CharField(max_length=40)
    pack_name = models.CharField(max_length=60)
    credits_mc = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    stripe_price = models.CharField(max_length=255, blank=True)
    card_consent = models.TextField(blank=True, default="", db_default="")  # by which the buyer had the card saved
    is_livemode = models.BooleanField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.CREATED)
    session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)  # unique, so null
    checkout_url = models.TextField(blank=True)
    payment_intent = models.CharField(max_length=255, null=True, blank=True, unique=True)  # as above
    # How the money stands, in total, by the sync numbered sync_no_applied.
    paid_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    lost_minor = models.BigIntegerField(default=0)
    open_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    sync_no_drawn = models.BigIntegerField(default=0)
    sync_no_applied = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)  # when to ask Stripe unbidden; null: never
    lot_id = models.UUIDField(null=True, blank=True)
    alert = models.TextField(blank=True)  # what is odd by the last sync; alerts outlast it
    review_began_at = models.DateTimeField(null=True, blank=True)  # a warning of fraud
    review_ended_at = models.DateTimeField(null=True, blank=True)
    receipt_url = models.TextField(blank=True)
    invoice_url = models.TextField(blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet["Purchase"].as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="purchase_newest"),
            models.Index(fields=["due_at"], name="purchase_due", condition=Q(due_at__isnull=False)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "attempt_key"], name="purchase_once"),
            models.CheckConstraint(condition=Q(credits_mc__gt=0, amount_minor__gt=0), name="purchase_sells_something"),
            models.CheckConstraint(
                condition=Q(**{f"{name}__gte": 0 for name in _MONEY}), name="purchase_money_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(status="paid", lot_id__isnull=False, paid_at__isnull=False)
                | (~Q(status="paid") & Q(lot_id=None, paid_at=None)),
                name="purchase_paid_has_lot",
            ),
            models.CheckConstraint(
                condition=Q(sync_no_applied__gte=0, sync_no_applied__lte=models.F("sync_no_drawn")),
                name="purchase_syncs_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public("purchase", self.id)

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_in_review(self) -> bool:
        return self.review_began_at is not None and self.review_ended_at is None


class Refund(WorkspaceOwned):
    """Money that staff decided to give back. It counts when Stripe tells of it, like every other refund."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="refunds")
    attempt_key = models.CharField(max_length=128)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    actor_id = models.UUIDField()
    reference = models.CharField(max_length=255, null=True, blank=True, unique=True)  # null: not known
    refusal = models.TextField(blank=True)  # why Stripe would not
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Refund"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["purchase", "attempt_key"], name="refund_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_gives_something"),
        ]

    def __str__(self) -> str:
        return f"refund of {self.amount_minor} of {self.purchase_id}"
