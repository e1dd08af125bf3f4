"""Letters: those to be sent, those that were, and those that could not be."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.ids import uuid7


class LetterQuerySet(models.QuerySet["Letter"]):
    """Letters, by what has to be done with them."""

    def due(self, now: datetime) -> "LetterQuerySet":
        return self.filter(due_at__lte=now)


class Letter(models.Model):
    """One letter to one address, as it is sent. Once sent or given up it is due no more."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=200, unique=True)  # of the fact it tells of and of who reads it
    to = models.CharField(max_length=254)
    template = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)  # when to try, or to try again; null: never
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="letter_due", condition=Q(due_at__isnull=False)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sent_at=None) | Q(due_at=None), name="letter_sent_is_not_due"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"
