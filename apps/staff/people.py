"""People and what they may do here: a change of either is noted, as every change by staff is."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.staff.rows import ModelAdmin

_RIGHTS = ("is_active", "is_staff", "is_superuser")


class _SuperusersOnly(ModelAdmin):
    """Shown to whoever may look; changed by superusers only, for it decides who may do what."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_super(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _is_super(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(_SuperusersOnly):
    list_display = ("email", "name", "is_active", "is_staff", "created_at")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "name")
    ordering = ("-pk",)
    show_full_result_count = False
    list_per_page = 50
    actions = None
    fields = ("email", "name", "created_at", "last_login", *_RIGHTS, "groups", "user_permissions")
    readonly_fields = ("email", "name", "created_at", "last_login")
    filter_horizontal = ("groups", "user_permissions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up, or are made by a command

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # Django's own
        before = User.objects.get(pk=obj.pk)
        form.before = _rights_of(before)  # kept until the sets are saved, too
        obj.save(update_fields=list(_RIGHTS))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # Django's own
        super().save_related(request, form, formsets, change)
        _record(request, "user.rights", str(form.instance.pk), form.before, _rights_of(form.instance))


class StaffGroupAdmin(_SuperusersOnly, GroupAdmin):
    """Named sets of permissions."""

    actions = None

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:  # Django's own
        form.before = _permissions_of(Group.objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # Django's own
        super().save_related(request, form, formsets, change)
        group: Group = form.instance
        _record(request, "group.rights", group.name, form.before, _permissions_of(group))


admin.site.unregister(Group)
admin.site.register(Group, StaffGroupAdmin)


def _is_super(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_staff and request.user.is_superuser)


def _rights_of(user: User) -> dict[str, Any]:  # JSON
    rights: dict[str, Any] = {name: getattr(user, name) for name in _RIGHTS}
    codes = user.user_permissions.order_by("content_type__app_label", "codename")
    return rights | {
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "permissions": [f"{app}.{name}" for app, name in codes.values_list("content_type__app_label", "codename")],
    }


def _permissions_of(group: Group) -> dict[str, Any]:  # JSON
    codes = group.permissions.order_by("content_type__app_label", "codename")
    names = [f"{app}.{name}" for app, name in codes.values_list("content_type__app_label", "codename")]
    return {"name": group.name, "permissions": names}


def _record(request: HttpRequest, action: str, subject: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    moved = [name for name in after if after[name] != before.get(name)]
    if moved:
        audit.record(
            action=action,
            subject=subject,
            before={name: before[name] for name in moved if name in before},
            after={name: after[name] for name in moved},
            actor_id=request.user.pk,
            now=timezone.now(),
        )
