"""Keep what crossed a line to be told, and a second line on the wallet, below which credits are bought."""

import django.db.models.deletion
from django.db import migrations, models

import apps.ids

KINDS = ["grant", "hold", "settle", "uncapture", "expire", "payment", "adjust", "budget", "line"]
NOTICES = ["low_balance", "empty", "refill", "budget_near", "budget_reached"]


def choices(values):
    return [(value, value.replace("_", " ").title()) for value in values]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("ledger", "0003_limits_of_a_day_and_a_week"),
    ]

    operations = [
        migrations.AddField(model_name="wallet", name="refill_mc", field=models.BigIntegerField(blank=True, null=True)),
        migrations.AddField(
            model_name="wallet", name="is_refill_armed", field=models.BooleanField(db_default=True, default=True)
        ),
        migrations.AlterField(
            model_name="operation", name="kind", field=models.CharField(choices=choices(KINDS), max_length=12)
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=160, unique=True)),
                ("kind", models.CharField(choices=choices(NOTICES), max_length=16)),
                ("subject_kind", models.CharField(blank=True, max_length=8)),
                ("subject_id", models.UUIDField(blank=True, null=True)),
                ("balance_mc", models.BigIntegerField()),
                ("line_mc", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("handled_at", None)), fields=["id"], name="notice_due"),
                    models.Index(fields=["workspace", "-id"], name="notice_newest"),
                ],
            },
        ),
    ]
