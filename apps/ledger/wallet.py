"""A workspace's wallet, and the notices of what crossed a line in it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.tenancy import Workspace, WorkspaceOwned, WorkspaceQuerySet
from apps.ids import uuid7


def not_negative(*names: str) -> Q:
    return Q(**{f"{name}__gte": 0 for name in names})


class Scoped(WorkspaceOwned):
    """A row whose other indexes already begin with its workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True


class Wallet(WorkspaceOwned):
    """The credits of a workspace, in total. Its row is the one lock of every operation; it has the workspace's id."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        RESTRICTED = "restricted"  # in debt: no new holds
        CLOSED = "closed"

    workspace = models.OneToOneField(Workspace, primary_key=True, on_delete=models.PROTECT, related_name="+")
    available_mc = models.BigIntegerField(default=0)
    held_mc = models.BigIntegerField(default=0)
    frozen_mc = models.BigIntegerField(default=0)
    debt_mc = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)  # the number of entries
    next_expiry_at = models.DateTimeField(null=True, blank=True)  # before this moment surely nothing is due
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    # Lines that available credits fall below, once each until they are armed again: see ``lines``. Null: not wanted.
    low_balance_mc = models.BigIntegerField(null=True, blank=True)
    is_alert_armed = models.BooleanField(default=True)  # of low_balance_mc
    refill_mc = models.BigIntegerField(null=True, blank=True)
    is_refill_armed = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Wallet"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=not_negative("available_mc", "held_mc", "frozen_mc", "debt_mc", "seq"),
                name="wallet_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"wallet {self.workspace_id}"


class Notice(Scoped):
    """Something people are to be told, or that is to be done, because an operation crossed a line.

    Written with the operation, at most once a crossing; ``notices`` reads and marks it.
    """

    class Kind(models.TextChoices):
        LOW_BALANCE = "low_balance"  # fell below the wallet's low_balance_mc
        EMPTY = "empty"  # nothing is available any more
        DEBT = "debt"  # owes credits from now on: nothing that costs can start
        REFILL = "refill"  # fell below the wallet's refill_mc
        BUDGET_NEAR = "budget_near"  # 80 % of a budget's limit are used or held
        BUDGET_REACHED = "budget_reached"  # all of it

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=160, unique=True)  # names the crossing
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject_kind = models.CharField(max_length=8, blank=True)  # of a budget: member, api_key, project
    subject_id = models.UUIDField(null=True, blank=True)
    balance_mc = models.BigIntegerField()  # what was available afterwards; of a budget, what was left
    line_mc = models.BigIntegerField()  # what was crossed; of a budget, its limit
    created_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet["Notice"].as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], name="notice_due", condition=Q(handled_at=None)),
            models.Index(fields=["workspace", "-id"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return self.key
