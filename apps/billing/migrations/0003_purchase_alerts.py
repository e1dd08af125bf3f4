import django.db.models.deletion
from django.db import migrations, models

import apps.ids


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_check_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="PurchaseAlert",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("text", models.CharField(max_length=300)),
                ("raised_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("cleared_by_id", models.UUIDField(blank=True, null=True)),
                (
                    "purchase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="billing.purchase"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("cleared_at", None)), fields=["-id"], name="purchase_alert_standing"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("purchase", "text"), name="purchase_alert_once"),
                ],
            },
        ),
    ]
