"""Tables: what crosses a border between apps is followed in one direction only."""

from collections.abc import Iterable

import pytest
from django.apps import apps
from django.db import models

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace

pytestmark = pytest.mark.once


def find_reverse_relations(tables: Iterable[type[models.Model]]) -> list[str]:
    """Find foreign keys across our apps that can be followed backwards, where import-linter cannot see it."""
    return [
        f"{table._meta.label}.{field.name}"
        for table in tables
        if table.__module__.startswith("apps.")
        for field in table._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and field.related_model.__module__.startswith("apps.")
        and field.related_model._meta.app_label != table._meta.app_label
        and not field.remote_field.hidden
    ]


def test_foreign_keys_across_apps_have_no_way_back() -> None:
    assert find_reverse_relations(apps.get_models()) == []


def test_the_check_can_fail() -> None:
    class Visible(models.Model):
        workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
        user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

        class Meta:
            app_label = "somewhere"
            apps = apps.__class__()

        def __str__(self) -> str:
            return "visible"

    Visible.__module__ = "apps.somewhere.models"
    assert find_reverse_relations([Visible]) == ["somewhere.Visible.workspace"]
