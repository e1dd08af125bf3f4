"""Rows of the life of a job."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from apps.accounts.tenancy import WorkspaceOwned, WorkspaceQuerySet
from apps.catalog.inputs import PlannedOutputs
from apps.catalog.kinds import Stage
from apps.catalog.models import AIModel, Endpoint, PriceVersion
from apps.ids import to_public, uuid7
from apps.jobs.states import ENDED, State
from apps.ledger.models import Hold
from apps.library.models import Asset, Project


class JobQuerySet(WorkspaceQuerySet["Job"]):
    """Jobs, by what has to be done with them."""

    def open(self) -> Self:
        return self.exclude(state__in=ENDED)

    def due(self, now: datetime) -> Self:
        """Jobs whose next step may be taken: their time has come and no worker holds them."""
        return self.open().filter(Q(lease_until=None) | Q(lease_until__lte=now), due_at__lte=now)


class Batch(WorkspaceOwned):
    """Many jobs from one quote."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Batch"].as_manager()

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public("batch", self.id)


class Quote(WorkspaceOwned):
    """A price that stands for five minutes, for one set of inputs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    price_version = models.ForeignKey(PriceVersion, on_delete=models.PROTECT, related_name="+")
    request_hash = models.CharField(max_length=64)
    amount_mc = models.BigIntegerField()
    lines = models.JSONField()  # [{label, quantity, unit_mc, amount_mc}]
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Quote"].as_manager()

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public("quote", self.id)


class Job(WorkspaceOwned):
    """One run of one model. Only ``lifecycle`` writes its state."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    # What was asked, and what the provider gets: after defaults, format and trimming; pictures as asset ids.
    inputs = models.JSONField()
    effective_inputs = models.JSONField()
    warnings = models.JSONField(default=list)
    out = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=24, blank=True)
    # Where in the work it was run; empty: not said. The database's own default is for code that knows no stage yet.
    stage = models.CharField(max_length=12, choices=Stage.choices, blank=True, default="", db_default="")
    is_mock = models.BooleanField(default=False)
    is_kept = models.BooleanField(default=True)  # False: sync_mode, the files go when the job has been answered
    planned = models.JSONField()  # {count, width, height, content_type} of the outputs
    metadata = models.JSONField(default=dict)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    retry_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    user_id = models.UUIDField(null=True, blank=True)
    api_key_id = models.UUIDField(null=True, blank=True)

    price_version = models.ForeignKey(PriceVersion, on_delete=models.PROTECT, related_name="+")
    sell_rule = models.JSONField()  # the job's own copy: a later price changes nothing here
    quote_lines = models.JSONField(default=list)
    quoted_mc = models.BigIntegerField()
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    charged_mc = models.BigIntegerField(default=0)

    error = models.JSONField(null=True, blank=True)  # {type, message, …} of a job that failed
    progress = models.PositiveSmallIntegerField(null=True, blank=True)  # percent, where the provider tells

    # The schedule and the lease: a step writes only while its claim number stands.
    due_at = models.DateTimeField()
    queue = models.CharField(max_length=12)  # the kind of worker the next step needs: providers or pictures
    nudged_at = models.DateTimeField(null=True, blank=True)  # when the sweep last woke a worker for it
    lease_until = models.DateTimeField(null=True, blank=True)
    claim = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)  # steps in a row that ended in «later»
    queue_deadline_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True, blank=True)  # counted from the provider's start
    cancel_after_at = models.DateTimeField(null=True, blank=True)  # the caller's own patience
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_sent_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    provider_started_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)  # the provider was done; storing began
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="job_due", condition=~Q(state__in=sorted(ENDED))),
            models.Index(fields=["workspace", "-id"], name="job_newest"),
            models.Index(fields=["workspace", "state", "-id"], name="job_by_state"),
            models.Index(fields=["ended_at"], name="job_ended", condition=Q(ended_at__isnull=False)),
            models.Index(fields=["workspace", "ended_at"], name="job_charged", condition=Q(charged_mc__gt=0)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(charged_mc__gte=0), name="job_charge_not_negative"),
            models.CheckConstraint(condition=Q(charged_mc__lte=F("quoted_mc")), name="job_charge_within_quote"),
            models.CheckConstraint(
                condition=Q(is_mock=True, hold=None) | Q(is_mock=False, hold__isnull=False), name="job_paid_or_mock"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public("job", self.id)

    @property
    def has_ended(self) -> bool:
        return State(self.state) in ENDED

    @property
    def planned_outputs(self) -> PlannedOutputs:
        return PlannedOutputs(**self.planned)


class AttemptState(models.TextChoices):
    SENDING = "sending"
    ACCEPTED = "accepted"
    DONE = "done"
    REFUSED = "refused"
    LOST = "lost"  # sent, outcome unknown: an orphan to reconcile with the provider's bill


class Attempt(models.Model):
    """One hand-over of a job to a provider. Written before the provider is called."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="attempts")
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # null: mock
    adapter = models.CharField(max_length=40)
    provider_model = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=AttemptState.choices)
    reference = models.CharField(max_length=200, blank=True)  # the provider's id of our job
    urls = models.JSONField(default=dict)  # the addresses the provider gave with it, never rebuilt
    submitted_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    artifacts = models.JSONField(null=True, blank=True)  # what was delivered, saved before anything is fetched
    facts = models.JSONField(default=dict)  # seed, billable units and what else the provider said
    cost_microusd = models.BigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.adapter} {self.reference}"


class Output(models.Model):
    """The tie from a job to one picture it made."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="outputs")
    index = models.PositiveSmallIntegerField()
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "index"], name="output_once")]

    def __str__(self) -> str:
        return f"{self.job_id} output {self.index}"


class Parent(models.Model):
    """The tie from a job to one picture it was given."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="parents")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=40)  # the input field that named it
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    source = models.TextField(blank=True)  # the URL it was fetched from, if it was

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "position"], name="parent_once")]

    def __str__(self) -> str:
        return f"{self.job_id} from {self.asset_id}"


class Transition(models.Model):
    """One logged change of a job's state."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="transitions")
    source = models.CharField(max_length=12, blank=True)
    target = models.CharField(max_length=12)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source or 'new'} → {self.target}"


class Submission(WorkspaceOwned):
    """An accepted request under its caller's key, so that a repeat finds the job instead of making one."""

    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)  # null: a PUT address, for ever

    objects = WorkspaceQuerySet["Submission"].as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "key"], name="submission_once")]

    def __str__(self) -> str:
        return self.key
