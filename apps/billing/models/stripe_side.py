"""What Stripe and we know each other by: customers, and the messages that came."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.tenancy import Workspace, WorkspaceOwned, WorkspaceQuerySet
from apps.ids import uuid7


class StripeCustomer(WorkspaceOwned):
    """A workspace as Stripe knows it, once for live and once for test mode, with the card it keeps for it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_livemode = models.BooleanField()
    customer_id = models.CharField(max_length=255, null=True, blank=True, unique=True)  # null: not yet
    # The saved card, as it was when Stripe was last asked.
    card_id = models.CharField(max_length=255, blank=True, default="", db_default="")  # empty: none
    card_brand = models.CharField(max_length=40, blank=True, default="", db_default="")
    card_last4 = models.CharField(max_length=4, blank=True, default="", db_default="")
    card_exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    card_exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    card_read_at = models.DateTimeField(null=True, blank=True)  # null: never
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["StripeCustomer"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "is_livemode"], name="stripe_customer_once")
        ]

    def __str__(self) -> str:
        return self.customer_id or "a customer to be"


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Events, by what has to be done with them."""

    def due(self, now: datetime) -> "StripeEventQuerySet":
        return self.filter(processed_at=None, due_at__lte=now)


class StripeEvent(models.Model):
    """A message of Stripe's, stored as it came before anything is done about it."""

    id = models.CharField(max_length=255, primary_key=True)
    type = models.CharField(max_length=255)
    created_at = models.DateTimeField()  # by Stripe's clock
    is_livemode = models.BooleanField()
    object_id = models.CharField(max_length=255, blank=True)
    payload = models.JSONField(null=True, blank=True)  # null: cleared, long after it was handled
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)  # set with its effect or after it, never before
    is_ignored = models.BooleanField(default=False)  # it was not for us
    due_at = models.DateTimeField()  # when the sweep tries it, unless it is processed by then
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="stripe_event_due", condition=Q(processed_at=None)),
            models.Index(fields=["received_at"], name="stripe_event_full", condition=Q(payload__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
