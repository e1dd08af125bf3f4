"""What a person should look at."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.billing.models.sales import Purchase
from apps.ids import uuid7


class PurchaseAlert(models.Model):
    """Something about a purchase that is for a person, told once. It stands until one has cleared it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="alerts")
    text = models.CharField(max_length=300)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-id"], name="purchase_alert_standing", condition=Q(cleared_at=None)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["purchase", "text"], name="purchase_alert_once"),
        ]

    def __str__(self) -> str:
        return self.text
