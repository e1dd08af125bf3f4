"""Automatic top-up: what a workspace agreed to, and each charge of its saved card."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.tenancy import Workspace, WorkspaceOwned, WorkspaceQuerySet
from apps.billing.models.sales import Purchase
from apps.ids import to_public, uuid7


class TopUpPlan(WorkspaceOwned):
    """What is bought for a workspace when it runs low, once for live and once for test mode.

    Price and credits are those of the pack when its owner agreed: nothing else is ever charged.
    """

    class WhyOff(models.TextChoices):
        PERSON = "person", "somebody turned it off"
        DECLINED = "declined", "the card was declined three times"
        AUTHENTICATION = "authentication", "the bank wants the card's owner to confirm payments"
        CARD_GONE = "card_gone", "the saved card is gone"
        DISPUTE = "dispute", "a payment is disputed or under review"
        DEBT = "debt", "the workspace owes credits"
        PACK_CHANGED = "pack_changed", "the pack is not sold any more as it was agreed to"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_livemode = models.BooleanField()
    is_on = models.BooleanField(default=False)
    why_off = models.CharField(max_length=14, choices=WhyOff.choices, blank=True)  # empty: it is on
    pack_id = models.CharField(max_length=40)
    pack_name = models.CharField(max_length=60)
    credits_mc = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    line_mc = models.BigIntegerField()  # below it, it buys
    most_minor = models.BigIntegerField()  # a calendar month, in UTC
    consent = models.TextField()  # the sentence agreed to, word for word
    consented_by_id = models.UUIDField()
    consented_at = models.DateTimeField()
    declines = models.PositiveSmallIntegerField(default=0)  # in a row
    next_try_at = models.DateTimeField(null=True, blank=True)  # null: whenever it is needed
    changed_at = models.DateTimeField()

    objects = WorkspaceQuerySet["TopUpPlan"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["next_try_at"], name="top_up_due", condition=Q(is_on=True))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "is_livemode"], name="top_up_plan_once"),
            models.CheckConstraint(
                condition=Q(credits_mc__gt=0, amount_minor__gt=0, line_mc__gt=0)
                & Q(line_mc__lte=models.F("credits_mc"), most_minor__gte=models.F("amount_minor")),
                name="top_up_one_charge_closes_the_gap",
            ),
            models.CheckConstraint(
                condition=Q(is_on=True, why_off="") | (Q(is_on=False) & ~Q(why_off="")), name="top_up_off_says_why"
            ),
            models.CheckConstraint(condition=~Q(consent=""), name="top_up_has_consent"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public("plan", self.id)


class TopUpAttempt(WorkspaceOwned):
    """One charge of a saved card. What is asked of Stripe is written here and on the purchase, and never changes."""

    class Status(models.TextChoices):
        PENDING = "pending"  # Stripe may or may not have heard of it
        SUCCEEDED = "succeeded"
        DECLINED = "declined"
        NEEDS_ACTION = "needs_action"  # the bank wants to ask the card's owner
        FAILED = "failed"  # nothing was charged, for a reason that is not the card's

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    plan = models.ForeignKey(TopUpPlan, on_delete=models.PROTECT, related_name="attempts")
    purchase = models.OneToOneField(Purchase, on_delete=models.PROTECT, related_name="top_up")
    customer_id = models.CharField(max_length=255)
    payment_method = models.CharField(max_length=255)
    card = models.CharField(max_length=60)  # in words
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    refusal = models.CharField(max_length=255, blank=True)  # in a word of Stripe's
    due_at = models.DateTimeField(null=True, blank=True)  # when the sweep goes on with it; null: it has ended
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet["TopUpAttempt"].as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="top_up_newest"),
            models.Index(fields=["due_at"], name="top_up_attempt_due", condition=Q(status="pending")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace"], name="top_up_one_pending", condition=Q(status="pending")),
            models.CheckConstraint(
                condition=Q(status="pending", ended_at=None, due_at__isnull=False)
                | (~Q(status="pending") & Q(ended_at__isnull=False, due_at=None)),
                name="top_up_pending_or_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public("topup", self.id)
