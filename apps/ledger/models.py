"""The books: wallets, lots, holds, and the immutable operations and entries that explain them.

Only ``posting`` writes here. Every amount is in integer millicredits. People, keys, projects, jobs and purchases are
plain ids: the ledger outlives them. Constraints repeat each rule that a row alone can show.
"""

from functools import reduce
from operator import add
from typing import ClassVar, Final, TypeAlias

from django.db import models
from django.db.models import F, Q

from apps.accounts.tenancy import WorkspaceOwned, WorkspaceQuerySet
from apps.ids import uuid7
from apps.ledger import periods
from apps.ledger.buckets import ACROSS, FREE, USED, Buckets
from apps.ledger.kinds import LotKind as LotKind  # this is where others look for it, and for the wallet and notices
from apps.ledger.wallet import Notice as Notice
from apps.ledger.wallet import Scoped, not_negative
from apps.ledger.wallet import Wallet as Wallet

_BUCKET_COLUMNS: Final = [f"{name}_mc" for name in Buckets._fields]


def _allowed_moves() -> Q:
    allowed = Q()
    for src, targets in ACROSS.items():
        allowed |= Q(src=src.value, dst__in=[target.value for target in targets])
    for group in (FREE, USED):
        names = [bucket.value for bucket in group]
        allowed |= Q(src__in=names, dst__in=names) & ~Q(src=F("dst"))
    return allowed


class Lot(Scoped):
    """One grant of credits, and where each of them lies now."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=LotKind.choices)
    priority = models.SmallIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    purchase_id = models.UUIDField(null=True, blank=True, unique=True)
    granted_mc = models.BigIntegerField()
    # What is claimed of it: by its payment, by staff. Totals that converge, not events.
    pay_revoke_mc = models.BigIntegerField(default=0)
    pay_freeze_mc = models.BigIntegerField(default=0)
    admin_revoke_mc = models.BigIntegerField(default=0)
    available_mc = models.BigIntegerField(default=0)
    held_mc = models.BigIntegerField(default=0)
    spent_mc = models.BigIntegerField(default=0)
    expired_mc = models.BigIntegerField(default=0)
    revoked_mc = models.BigIntegerField(default=0)
    frozen_mc = models.BigIntegerField(default=0)
    unpaid_mc = models.BigIntegerField(default=0)
    recovered_mc = models.BigIntegerField(default=0)

    objects = WorkspaceQuerySet["Lot"].as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="lot_newest"),
            models.Index(
                fields=["workspace", "priority", "expires_at", "id"], name="lot_burn", condition=Q(available_mc__gt=0)
            ),
            models.Index(fields=["expires_at"], name="lot_due", condition=Q(available_mc__gt=0)),
            models.Index(fields=["workspace", "id"], name="lot_unpaid", condition=Q(unpaid_mc__gt=0)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(granted_mc__gt=0), name="lot_grants_something"),
            models.CheckConstraint(
                condition=not_negative("pay_revoke_mc", "pay_freeze_mc", "admin_revoke_mc", *_BUCKET_COLUMNS),
                name="lot_not_negative",
            ),
            models.CheckConstraint(condition=Q(granted_mc=reduce(add, map(F, _BUCKET_COLUMNS))), name="lot_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} lot of {self.granted_mc} mc"


class Operation(Scoped):
    """One thing that was done to a wallet, under the key that keeps it from being done twice. Immutable."""

    class Kind(models.TextChoices):
        GRANT = "grant"
        HOLD = "hold"
        SETTLE = "settle"
        UNCAPTURE = "uncapture"
        EXPIRE = "expire"
        PAYMENT = "payment"
        ADJUST = "adjust"
        BUDGET = "budget"
        LINE = "line"  # of the wallet: where a low balance begins, or automatic purchases

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=255)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    request_hash = models.CharField(max_length=64)
    result = models.JSONField()
    actor_id = models.UUIDField(null=True, blank=True)  # a person; null: the system
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Operation"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="operation_newest")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "key"], name="operation_once")]

    def __str__(self) -> str:
        return self.key


class Hold(WorkspaceOwned):
    """Credits set aside for one job; settled once: captured up to its amount, the rest released."""

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job_id = models.UUIDField(unique=True)
    member_id = models.UUIDField(null=True, blank=True)
    api_key_id = models.UUIDField(null=True, blank=True)
    project_id = models.UUIDField(null=True, blank=True)
    amount_mc = models.BigIntegerField()
    captured_mc = models.BigIntegerField(default=0)
    released_mc = models.BigIntegerField(default=0)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    quote = models.JSONField()  # how the amount came about: price version and lines
    deadline_at = models.DateTimeField()  # a hold past it is resolved by its job, never dropped
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Hold"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["deadline_at"], name="hold_open", condition=Q(status="open"))]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_mc__gt=0), name="hold_holds_something"),
            models.CheckConstraint(condition=not_negative("captured_mc", "released_mc"), name="hold_not_negative"),
            models.CheckConstraint(
                condition=Q(status="open", captured_mc=0, released_mc=0)
                | Q(status="closed", amount_mc=F("captured_mc") + F("released_mc")),
                name="hold_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} hold of {self.amount_mc} mc"


class HoldPart(models.Model):
    """What a hold took from one lot; captured in the order of ``ordinal``. Immutable."""

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="parts", db_index=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    ordinal = models.PositiveSmallIntegerField()
    amount_mc = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hold", "lot"], name="hold_part_once"),
            models.CheckConstraint(condition=Q(amount_mc__gt=0), name="hold_part_holds_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_mc} mc of {self.lot_id}"


class Entry(Scoped):
    """One movement of one lot's credits, from bucket ``src`` to bucket ``dst``. Immutable, numbered without gaps."""

    seq = models.BigIntegerField()
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="entries")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+", db_index=False)
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    member_id = models.UUIDField(null=True, blank=True)
    src = models.CharField(max_length=10)
    dst = models.CharField(max_length=10)
    amount_mc = models.BigIntegerField()
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Entry"].as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index("workspace", "created_at", name="entry_given_back", condition=Q(src="spent", dst="available"))
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "seq"], name="entry_once"),
            models.CheckConstraint(condition=Q(amount_mc__gt=0), name="entry_moves_something"),
            models.CheckConstraint(condition=_allowed_moves(), name="entry_move_allowed"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_mc} mc {self.src} → {self.dst}"


class Budget(Scoped):
    """A limit of one member, API key or project on the shared wallet. It holds no credits of its own."""

    class Subject(models.TextChoices):
        MEMBER = "member"
        API_KEY = "api_key"
        PROJECT = "project"

    Period: TypeAlias = periods.Period

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_kind = models.CharField(max_length=8, choices=Subject.choices)
    subject_id = models.UUIDField()
    limit_mc = models.BigIntegerField(null=True, blank=True)  # null: none, but what is spent is counted
    period = models.CharField(max_length=8, choices=Period.choices)
    # Holds count in the period they were placed in, whenever they are settled; both counts are of the one begun here.
    period_start = models.DateTimeField(null=True, blank=True)  # null: lifetime
    used_mc = models.BigIntegerField(default=0)
    held_mc = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Budget"].as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "subject_kind", "subject_id"], name="budget_once"),
            models.CheckConstraint(condition=not_negative("used_mc", "held_mc"), name="budget_not_negative"),
            models.CheckConstraint(condition=Q(limit_mc=None) | Q(limit_mc__gte=0), name="budget_limit_not_negative"),
            models.CheckConstraint(
                condition=Q(period="lifetime", period_start=None)
                | Q(period__in=["day", "week", "month"], period_start__isnull=False),
                name="budget_period_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} budget of {self.subject_kind} {self.subject_id}"


class BudgetEvent(models.Model):
    """One change of a budget's limit: who, when, from what to what. Immutable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="events")
    # Blank where there was no budget before.
    period_before = models.CharField(max_length=8, choices=Budget.Period.choices, blank=True, db_default="")
    period = models.CharField(max_length=8, choices=Budget.Period.choices)
    limit_before_mc = models.BigIntegerField(null=True, blank=True)
    limit_after_mc = models.BigIntegerField(null=True, blank=True)
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.limit_before_mc} → {self.limit_after_mc} mc"
