"""The tables behind the pages, for looking only: books, jobs, log entries and the catalogue are changed elsewhere."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from apps.accounts.models import ApiKey, AuditEntry, Membership
from apps.accounts.tenancy import Workspace
from apps.catalog.models import (
    AIModel,
    DefaultModel,
    Endpoint,
    ModelStatistics,
    PriceVersion,
    Provider,
    SwitchedOff,
)
from apps.jobs.models import Attempt, Job, Quote, Transition
from apps.ledger.models import Budget, Entry, Hold, Lot, Operation, Wallet

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]  # any of our models; at run time the class takes no parameter
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows; credits, jobs and prices are changed by commands and flows, which leave a trace."""

    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "workspace", "lookup", "is_test", "revoked_at", "last_used_at")
    list_select_related = ("workspace",)
    exclude = ("digest",)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "workspace", "ai_model", "state", "quoted_mc", "charged_mc", "created_at")
    list_select_related = ("workspace", "ai_model")
    list_filter = ("state", "is_mock")


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "workspace", "kind", "key", "reason")
    list_select_related = ("workspace",)
    list_filter = ("kind",)


@admin.register(AIModel)
class AIModelAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "provider", "stage", "rating", "price_status", "is_enabled")
    list_select_related = ("provider",)
    ordering = ("position",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "subject", "actor_id")
    list_filter = ("action",)


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "public_id", "created_at")
    search_fields = ("name",)


admin.site.register(
    [
        *(Membership, Wallet, Lot, Hold, Entry, Budget),
        *(Provider, PriceVersion, Endpoint, DefaultModel, SwitchedOff, ModelStatistics),
        *(Attempt, Transition, Quote),
    ],
    ReadOnlyAdmin,
)
