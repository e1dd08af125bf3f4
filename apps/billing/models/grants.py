"""Credits given by staff: what one person gave alone, and what a second one has to agree to."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

from apps.accounts.tenancy import Workspace
from apps.billing.models.promotions import PromoBatch
from apps.ids import to_public, uuid7

LAPSES_AFTER: Final = timedelta(days=7)


class GrantRequestQuerySet(models.QuerySet["GrantRequest"]):
    """Requests, by what can still be done about them."""

    def waiting(self, now: datetime) -> "GrantRequestQuerySet":
        return self.filter(state=GrantRequest.State.WAITING, asked_at__gt=now - LAPSES_AFTER)

    def lapsed(self, now: datetime) -> "GrantRequestQuerySet":
        """Those that nobody decided in time, and that do not say so yet."""
        return self.filter(state=GrantRequest.State.WAITING, asked_at__lte=now - LAPSES_AFTER)


class GrantRequest(models.Model):
    """What a person of staff wants to give: done at once, or waiting for another person. The database knows both."""

    class Kind(models.TextChoices):
        PROMO = "promo", "Gift"
        COMPENSATION = "compensation", "Compensation"
        ADJUSTMENT = "adjustment", "Correction"
        BATCH = "batch", "Promotion"

    class State(models.TextChoices):
        GIVEN = "given"  # by one person alone: it was not much
        WAITING = "waiting"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        LAPSED = "lapsed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.UUIDField(unique=True)  # of the form it was asked with
    kind = models.CharField(max_length=12, choices=Kind.choices)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    batch = models.OneToOneField(PromoBatch, on_delete=models.PROTECT, related_name="request", null=True, blank=True)
    amount_mc = models.BigIntegerField()  # of a batch: what all of it comes to
    expires_at = models.DateTimeField(null=True, blank=True)  # of the credits; null: never, or as the batch says
    reason = models.CharField(max_length=200)
    asked_by_id = models.UUIDField()
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices)
    decided_by_id = models.UUIDField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True)  # why it was declined

    objects = GrantRequestQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], name="grant_request_waiting", condition=Q(state="waiting")),
            models.Index(fields=["asked_by_id", "asked_at"], name="grant_request_alone", condition=Q(state="given")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(kind="batch", batch__isnull=False, workspace=None))
                | (~Q(kind="batch") & Q(batch=None, workspace__isnull=False)),
                name="grant_request_is_for_something",
            ),
            models.CheckConstraint(
                condition=Q(amount_mc__gt=0) | Q(amount_mc__lt=0, kind="adjustment"),
                name="grant_request_asks_something",
            ),
            # Nobody agrees to what they asked for themselves, whatever the code above this may say.
            models.CheckConstraint(
                condition=Q(state__in=["given", "waiting"], decided_by_id=None, decided_at=None)
                | Q(state="lapsed", decided_by_id=None, decided_at__isnull=False)
                | Q(state="withdrawn", decided_by_id=F("asked_by_id"), decided_at__isnull=False)
                | (
                    Q(state__in=["approved", "declined"], decided_by_id__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by_id=F("asked_by_id"))
                ),
                name="grant_request_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def permission(self) -> str:
        """What a person needs to ask for this, or to decide about it."""
        return "billing.add_promobatch" if self.kind == self.Kind.BATCH else "ledger.add_lot"

    @property
    def public_id(self) -> str:
        return to_public("grant", self.id)
