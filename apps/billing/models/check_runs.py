"""Looks at the books, kept with what they found."""

from typing import ClassVar

from django.db import models

from apps.ids import uuid7


class CheckRun(models.Model):
    """A look at the books, with what it found."""

    class Kind(models.TextChoices):
        LEDGER = "ledger"
        STRIPE = "stripe"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)  # null: it runs, or died
    findings = models.JSONField(default=list)  # the first of them
    count = models.PositiveIntegerField(default=0)  # of all

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-started_at"], name="check_run_newest")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.started_at}"
