"""The tenant, and the one gate to its rows."""

from typing import Self, TypeVar

from django.db import models

from apps.ids import to_public, uuid7


class Workspace(models.Model):
    """A tenant: it owns credits, jobs, pictures and keys."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return to_public("ws", self.id)


Row = TypeVar("Row", bound=models.Model, covariant=True)


class WorkspaceQuerySet(models.QuerySet[Row]):
    """Rows of tenants. The edges may start a query with ``for_workspace`` only; tests/architecture checks it."""

    def for_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)


class WorkspaceOwned(models.Model):
    """A row that belongs to one workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
