"""What is sold: providers, models with their schema as data, versions of their price, and who serves them."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from apps.accounts.tenancy import Workspace
from apps.catalog.kinds import Kind, Lifecycle, Mode, PriceState, PriceStatus, Stage, Surface, Switch, Task
from apps.catalog.spec import ModelSpec
from apps.ids import uuid7

__all__ = [
    "AIModel",
    "AIModelQuerySet",
    "DefaultModel",
    "Endpoint",
    "Kind",
    "Lifecycle",
    "Mode",
    "ModelStatistics",
    "PriceState",
    "PriceStatus",
    "PriceVersion",
    "Provider",
    "Stage",
    "Surface",
    "Switch",
    "SwitchedOff",
    "Task",
]


class Provider(models.Model):
    """A company whose models we sell."""

    id = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class AIModelQuerySet(models.QuerySet["AIModel"]):
    """Models, by who may see them."""

    def enabled(self) -> Self:
        """Those on sale, in the order of lists: neither they nor their family are switched off for everybody."""
        families = SwitchedOff.objects.filter(by=Switch.INSTALLATION, ai_model=None).values("tool")
        on_sale = self.filter(is_enabled=True).exclude(lifecycle=Lifecycle.RETIRED).exclude(tool__in=families)
        return on_sale.order_by("position", "pk")


class AIModel(models.Model):
    """A model that customers choose. Everything about it is data; ``sync_catalog`` and staff write it."""

    id = models.SlugField(primary_key=True, max_length=64)
    name = models.CharField(max_length=80)
    developer = models.CharField(max_length=80)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    also_kinds = models.JSONField(default=list)  # further kinds of work it does
    tool = models.CharField(max_length=64)  # the family that can be switched off as one
    stage = models.CharField(max_length=12, choices=Stage.choices)
    support_tier = models.CharField(max_length=16, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)  # 1-5, editorial
    consistency = models.CharField(max_length=24, blank=True)
    average_seconds = models.PositiveIntegerField(null=True, blank=True)  # editorial
    best_for = models.CharField(max_length=200)
    tier_preset = models.CharField(max_length=16, blank=True)  # draft, fine or photo in the MCP tool
    use_cases = models.JSONField(default=dict)  # use case → rank among the models that fit it, 1 is first
    uses = models.JSONField(default=list)  # short examples of what people make with it
    tags = models.JSONField(default=list)  # words to filter by, such as fast
    sample_prompts = models.JSONField(default=list)  # ours: [{title, prompt, inputs}]
    summary = models.JSONField(null=True, blank=True)  # {strength, moment, value}, a line each
    verdict = models.CharField(max_length=200, blank=True)  # when to choose it over the others, in one line
    capabilities = models.JSONField(default=dict)
    max_references = models.PositiveSmallIntegerField(null=True, blank=True)
    max_resolution = models.CharField(max_length=40, blank=True)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    timeout_seconds = models.PositiveIntegerField()
    schema = models.JSONField()  # JSON Schema 2020-12 of the inputs
    format_map = models.JSONField(null=True, blank=True)  # {field, map{preset: value}, default}
    limits = models.JSONField(default=dict)  # rules that a schema cannot say; data/model_file.schema.yaml lists them
    price_status = models.CharField(max_length=12, choices=PriceStatus.choices)
    list_price_usd = models.JSONField(null=True, blank=True)  # the provider's own price, as text
    external_ids = models.JSONField(default=dict)  # what other APIs call this model
    notes = models.JSONField(default=list)  # for staff: [{field, sources: [{source, says}], chosen, reason}]
    sources = models.JSONField(default=dict)  # for staff: field → where its value comes from
    lifecycle = models.CharField(max_length=12, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    retires_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)  # order in lists
    is_enabled = models.BooleanField(default=True)  # staff's own switch; no file changes it
    synced = models.JSONField(default=dict)  # column → what its file said last; where the row differs, staff changed it
    updated_at = models.DateTimeField(null=True, blank=True)  # when anything customers see last changed

    objects = AIModelQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def spec(self) -> ModelSpec:
        """What decides which inputs this model takes, without the database."""
        return ModelSpec(
            id=self.pk,
            kind=self.kind,
            schema=self.schema,
            format_map=self.format_map,
            limits=self.limits,
            max_references=self.max_references,
            capabilities=self.capabilities,
        )


class PriceVersion(models.Model):
    """A price rule from a moment on. A job keeps the version it was made with; a published one is never edited."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=PriceState.choices, default=PriceState.PUBLISHED)
    sell_rule = models.JSONField()  # what we charge, in millicredits; see pricing.PriceRule
    cost_rule = models.JSONField(null=True, blank=True)  # what the provider charges us, in micro-dollars
    # Worked prices that the rule must give, refusals among them; price_cases.py says what one holds.
    cases = models.JSONField(default=list)
    effective_at = models.DateTimeField(null=True, blank=True)  # null: a draft
    note = models.CharField(max_length=200, blank=True)  # why, for staff
    created_at = models.DateTimeField(null=True, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)  # a person; null: the catalogue's files
    published_by_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ai_model", "number"], name="price_version_once"),
            models.CheckConstraint(
                condition=~Q(state=PriceState.PUBLISHED) | Q(effective_at__isnull=False), name="price_published_from"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ai_model_id} price {self.number}"


class Endpoint(models.Model):
    """Where a model can be run: which adapter, what it calls the model, and how our inputs are renamed for it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    adapter = models.SlugField(max_length=40)  # a slug of providers.registry
    provider_model = models.CharField(max_length=120)
    parameter_map = models.JSONField(default=dict)  # {their field: where its value comes from}; see parameter_maps.py
    timeout_seconds = models.PositiveIntegerField(null=True, blank=True)  # null: the model's
    priority = models.PositiveSmallIntegerField(default=0)  # the lowest that is enabled and takes the run serves it
    is_enabled = models.BooleanField(default=True)
    condition = models.JSONField(default=dict)  # what a run must hold: {} or {"pictures": "some" | "none"}
    synced = models.JSONField(default=dict)  # column → what the model's file said last

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ai_model", "adapter", "provider_model"], name="endpoint_once")
        ]

    def __str__(self) -> str:
        return f"{self.ai_model_id} at {self.adapter}"


class ModelStatistics(models.Model):
    """What real jobs of a model showed over a window; written by jobs, off the request path."""

    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    workspace = models.ForeignKey(  # null: the whole installation
        Workspace, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    window_days = models.PositiveSmallIntegerField()
    runs = models.PositiveIntegerField()
    succeeded = models.PositiveIntegerField()
    outputs = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)  # outputs that were kept or built upon
    rerun = models.PositiveIntegerField(default=0)  # runs that were asked for again
    median_ms = models.PositiveIntegerField(null=True, blank=True)
    p95_ms = models.PositiveIntegerField(null=True, blank=True)
    measured_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ai_model", "window_days"], condition=Q(workspace=None), name="statistics_once"
            ),
            models.UniqueConstraint(fields=["workspace", "ai_model", "window_days"], name="workspace_statistics_once"),
        ]

    def __str__(self) -> str:
        return f"{self.ai_model_id} over {self.window_days} days"


class DefaultModel(models.Model):
    """The model that a task begins with on a surface; a workspace may have its own, and a stage a closer one."""

    workspace = models.ForeignKey(  # null: the installation
        Workspace, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    surface = models.CharField(max_length=8, choices=Surface.choices)
    task = models.CharField(max_length=24, choices=Task.choices)
    stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)  # empty: at any stage
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    synced = models.CharField(max_length=64, blank=True)  # the model that the file named last; empty: not from a file

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["surface", "task", "stage"], condition=Q(workspace=None), name="default_once"
            ),
            models.UniqueConstraint(fields=["workspace", "surface", "task", "stage"], name="workspace_default_once"),
        ]

    def __str__(self) -> str:
        return f"{self.surface} {self.task} {self.stage}: {self.ai_model_id}"


class SwitchedOff(models.Model):
    """A model or a family of models that someone switched off. No row: on."""

    workspace = models.ForeignKey(  # null: the installation
        Workspace, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    by = models.CharField(max_length=12, choices=Switch.choices)
    subject = models.CharField(max_length=64, blank=True)  # a role, a person's id or an API key's; else empty
    tool = models.CharField(max_length=64, blank=True)  # a whole family; else
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # one
    set_by_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ai_model=None) & ~Q(tool="") | Q(ai_model__isnull=False, tool=""), name="switch_one_target"
            ),
            models.CheckConstraint(
                condition=Q(by=Switch.INSTALLATION, workspace=None)
                | ~Q(by=Switch.INSTALLATION) & Q(workspace__isnull=False),
                name="switch_has_workspace",
            ),
            models.UniqueConstraint(
                fields=["by", "tool"], condition=Q(workspace=None, ai_model=None), name="switch_tool_once"
            ),
            models.UniqueConstraint(
                fields=["by", "ai_model"], condition=Q(workspace=None, tool=""), name="switch_model_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "by", "subject", "tool"],
                condition=Q(workspace__isnull=False, ai_model=None),
                name="workspace_switch_tool_once",
            ),
            models.UniqueConstraint(
                fields=["workspace", "by", "subject", "ai_model"],
                condition=Q(workspace__isnull=False, tool=""),
                name="workspace_switch_model_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool or self.ai_model_id} off by {self.by} {self.subject}"
