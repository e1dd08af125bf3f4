"""Gifts that anyone may claim: batches of codes, the codes, and who had what of them."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from apps.accounts.tenancy import WorkspaceOwned, WorkspaceQuerySet
from apps.ids import uuid7
from apps.ledger.models import Lot


class PromoBatch(models.Model):
    """Codes that were made at once, on the same terms; its name is what the ledgers of workspaces say."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.UUIDField(unique=True)  # of the form it was made with
    name = models.CharField(max_length=80)
    credits_mc = models.BigIntegerField()  # for each use of a code
    code_count = models.PositiveIntegerField()
    uses_per_code = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    # When the credits end: so many days after they are claimed, or at a time; neither: never.
    credits_days = models.PositiveIntegerField(null=True, blank=True)
    credits_expire_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200)  # why; for staff
    made_by_id = models.UUIDField()
    made_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)  # null: a second person has not agreed
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(credits_mc__gt=0, code_count__gt=0, uses_per_code__gt=0), name="promo_batch_gives_something"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="promo_batch_is_valid_once"
            ),
            models.CheckConstraint(
                condition=Q(credits_days=None) | Q(credits_expire_at=None), name="promo_batch_credits_end_one_way"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def worth_mc(self) -> int:
        """What all of it comes to, if every code is used to its end."""
        return self.credits_mc * self.code_count * self.uses_per_code

    @property
    def ends_at(self) -> datetime | None:
        """When its codes end: no credits are given that have expired already."""
        return min((one for one in (self.valid_until, self.credits_expire_at) if one), default=None)


class PromoCode(models.Model):
    """One code. It is kept as it is written, for staff hand out the unused ones; who has it may use it, no more.

    A digest would protect little: what a thief could claim is bounded by the batch, and withdrawing that ends it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(PromoBatch, on_delete=models.PROTECT, related_name="codes")
    text = models.CharField(max_length=16, unique=True)  # without its dashes
    used = models.PositiveIntegerField(default=0)
    most_uses = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(used__lte=F("most_uses")), name="promo_code_not_overused"),
        ]

    def __str__(self) -> str:
        return f"a code of {self.batch_id}"  # never its text: names end up in logs


class PromoRedemption(WorkspaceOwned):
    """Credits that a workspace had of a batch: once, and once for each person in whatever workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(PromoBatch, on_delete=models.PROTECT, related_name="redemptions")
    code = models.ForeignKey(PromoCode, on_delete=models.PROTECT, related_name="redemptions")
    person_id = models.UUIDField()
    # Null only within the transaction that takes the place first and gives the credits then.
    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    redeemed_at = models.DateTimeField()

    objects = WorkspaceQuerySet["PromoRedemption"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "workspace"], name="promo_once_a_workspace"),
            models.UniqueConstraint(fields=["batch", "person_id"], name="promo_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} in {self.workspace_id}"
