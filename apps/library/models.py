"""The stored files of a workspace, and the projects they are filed under."""

from typing import ClassVar

from django.db import models

from apps.accounts.tenancy import WorkspaceOwned, WorkspaceQuerySet
from apps.ids import to_public, uuid7


class Project(WorkspaceOwned):
    """A name under which jobs and pictures are filed; made when it is first used."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    objects = WorkspaceQuerySet["Project"].as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "name"], name="project_once")]

    def __str__(self) -> str:
        return self.name


class Origin(models.TextChoices):
    UPLOADED = "uploaded"
    FETCHED = "fetched"  # from a URL or a data URI in a request
    MADE = "made"  # by a job


class Asset(WorkspaceOwned):
    """One stored picture or clip."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    origin = models.CharField(max_length=12, choices=Origin.choices)
    name = models.CharField(max_length=200)  # a relative path in the workspace's library, for people
    storage_key = models.CharField(max_length=240, blank=True)  # empty once the file is gone and the row stays
    thumbnail_key = models.CharField(max_length=240, blank=True)
    content_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()  # as shown: after the turn that EXIF asks for
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    blurhash = models.CharField(max_length=64, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_by_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    kept_at = models.DateTimeField(null=True, blank=True)  # when someone said: this one

    objects = WorkspaceQuerySet["Asset"].as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="asset_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return to_public("asset", self.id)
