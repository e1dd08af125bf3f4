import django.db.models.deletion
from django.db import migrations, models

import apps.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("billing", "0004_event_retention"),
        ("ledger", "0002_immutable_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="PromoBatch",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.UUIDField(unique=True)),
                ("name", models.CharField(max_length=80)),
                ("credits_mc", models.BigIntegerField()),
                ("code_count", models.PositiveIntegerField()),
                ("uses_per_code", models.PositiveIntegerField()),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
                ("credits_days", models.PositiveIntegerField(blank=True, null=True)),
                ("credits_expire_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(max_length=200)),
                ("made_by_id", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code_count__gt", 0), ("credits_mc__gt", 0), ("uses_per_code__gt", 0)),
                        name="promo_batch_gives_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None), ("valid_until__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="promo_batch_is_valid_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits_days", None), ("credits_expire_at", None), _connector="OR"),
                        name="promo_batch_credits_end_one_way",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PromoCode",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("text", models.CharField(max_length=16, unique=True)),
                ("used", models.PositiveIntegerField(default=0)),
                ("most_uses", models.PositiveIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="codes", to="billing.promobatch"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PromoRedemption",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("person_id", models.UUIDField()),
                ("redeemed_at", models.DateTimeField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="redemptions", to="billing.promobatch"
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="redemptions", to="billing.promocode"
                    ),
                ),
                (
                    "lot",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.lot",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GrantRequest",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.UUIDField(unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("promo", "Gift"),
                            ("compensation", "Compensation"),
                            ("adjustment", "Correction"),
                            ("batch", "Promotion"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount_mc", models.BigIntegerField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(max_length=200)),
                ("asked_by_id", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("given", "Given"),
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed"),
                        ],
                        max_length=9,
                    ),
                ),
                ("decided_by_id", models.UUIDField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=200)),
                (
                    "workspace",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "batch",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="request",
                        to="billing.promobatch",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["asked_at"], name="grant_request_waiting"
                    ),
                    models.Index(
                        condition=models.Q(("state", "given")),
                        fields=["asked_by_id", "asked_at"],
                        name="grant_request_alone",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("batch__isnull", False), ("kind", "batch"), ("workspace", None)),
                            models.Q(
                                models.Q(("kind", "batch"), _negated=True),
                                ("batch", None),
                                ("workspace__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="grant_request_is_for_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_mc__gt", 0),
                            models.Q(("amount_mc__lt", 0), ("kind", "adjustment")),
                            _connector="OR",
                        ),
                        name="grant_request_asks_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None), ("decided_by_id", None), ("state__in", ["given", "waiting"])
                            ),
                            models.Q(("decided_at__isnull", False), ("decided_by_id", None), ("state", "lapsed")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by_id", models.F("asked_by_id")),
                                ("state", "withdrawn"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by_id__isnull", False),
                                ("state__in", ["approved", "declined"]),
                                models.Q(("decided_by_id", models.F("asked_by_id")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="grant_request_two_people",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="promocode",
            constraint=models.CheckConstraint(
                condition=models.Q(("used__lte", models.F("most_uses"))), name="promo_code_not_overused"
            ),
        ),
        migrations.AddConstraint(
            model_name="promoredemption",
            constraint=models.UniqueConstraint(fields=("batch", "workspace"), name="promo_once_a_workspace"),
        ),
        migrations.AddConstraint(
            model_name="promoredemption",
            constraint=models.UniqueConstraint(fields=("batch", "person_id"), name="promo_once_a_person"),
        ),
    ]
