"""What is sold: providers, models with their schema as data, versions of their price, and who serves them."""

from typing import ClassVar, Self

from django.db import models

from apps.catalog.spec import ModelSpec
from apps.ids import uuid7


class Kind(models.TextChoices):
    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_EDIT = "image_edit"
    UPSCALE = "upscale"
    BACKGROUND_REMOVAL = "background_removal"
    REFRAME = "reframe"
    IMAGE_TO_VIDEO = "image_to_video"


class Stage(models.TextChoices):
    EXPLORE = "explore"
    REFINE = "refine"
    DELIVER = "deliver"
    PRECISION = "precision"
    MOTION = "motion"


class Mode(models.TextChoices):
    SYNC = "sync"
    ASYNC = "async"


class PriceStatus(models.TextChoices):
    STATED = "stated"
    CONVERTED = "converted"
    INFERRED = "inferred"
    ASSUMED = "assumed"


class Provider(models.Model):
    """A company whose models we sell."""

    id = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class AIModelQuerySet(models.QuerySet["AIModel"]):
    """Models, by who may see them."""

    def enabled(self) -> Self:
        """Those on sale, in the order of lists."""
        return self.filter(is_enabled=True).order_by("position", "pk")


class AIModel(models.Model):
    """A model that customers choose. Everything about it is data; ``sync_catalog`` writes it."""

    id = models.SlugField(primary_key=True, max_length=64)
    name = models.CharField(max_length=80)
    developer = models.CharField(max_length=80)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    tool = models.CharField(max_length=64)  # the family that can be switched off as one
    stage = models.CharField(max_length=12, choices=Stage.choices)
    support_tier = models.CharField(max_length=16, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)  # 1-5, editorial
    consistency = models.CharField(max_length=24, blank=True)
    average_seconds = models.PositiveIntegerField(null=True, blank=True)  # editorial
    best_for = models.CharField(max_length=200)
    tier_preset = models.CharField(max_length=16, blank=True)  # draft, fine or photo in the MCP tool
    default_for = models.JSONField(default=list)  # tasks this model is the default of
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
    position = models.PositiveSmallIntegerField(default=0)  # order in lists
    is_enabled = models.BooleanField(default=True)

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
    """A price rule from a moment on. A job keeps the version it was made with; a version is never edited."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    sell_rule = models.JSONField()  # what we charge, in millicredits; see pricing.PriceRule
    cost_rule = models.JSONField(null=True, blank=True)  # what the provider charges us, in micro-dollars
    effective_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ai_model", "number"], name="price_version_once")]

    def __str__(self) -> str:
        return f"{self.ai_model_id} price {self.number}"


class Endpoint(models.Model):
    """Where a model can be run: which adapter, what it calls the model, and how our inputs are renamed for it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    adapter = models.SlugField(max_length=40)  # a slug of providers.registry
    provider_model = models.CharField(max_length=120)
    parameter_map = models.JSONField(default=dict)  # {our field: theirs}; a field that is not named keeps its name
    timeout_seconds = models.PositiveIntegerField(null=True, blank=True)  # null: the model's
    priority = models.PositiveSmallIntegerField(default=0)  # the lowest enabled one is used
    is_enabled = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ai_model", "adapter", "provider_model"], name="endpoint_once")
        ]

    def __str__(self) -> str:
        return f"{self.ai_model_id} at {self.adapter}"


class ModelStatistics(models.Model):
    """What real jobs of a model showed over a window; written by jobs, off the request path."""

    ai_model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    window_days = models.PositiveSmallIntegerField()
    runs = models.PositiveIntegerField()
    succeeded = models.PositiveIntegerField()
    median_ms = models.PositiveIntegerField(null=True, blank=True)
    p95_ms = models.PositiveIntegerField(null=True, blank=True)
    measured_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ai_model", "window_days"], name="statistics_once")]

    def __str__(self) -> str:
        return f"{self.ai_model_id} over {self.window_days} days"
