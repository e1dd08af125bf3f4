import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import apps.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "subject_kind",
                    models.CharField(
                        choices=[("member", "Member"), ("api_key", "Api Key"), ("project", "Project")], max_length=8
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("limit_mc", models.BigIntegerField(blank=True, null=True)),
                ("period", models.CharField(choices=[("lifetime", "Lifetime"), ("month", "Month")], max_length=8)),
                ("period_start", models.DateTimeField(blank=True, null=True)),
                ("used_mc", models.BigIntegerField(default=0)),
                ("held_mc", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
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
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("job_id", models.UUIDField(unique=True)),
                ("member_id", models.UUIDField(blank=True, null=True)),
                ("api_key_id", models.UUIDField(blank=True, null=True)),
                ("project_id", models.UUIDField(blank=True, null=True)),
                ("amount_mc", models.BigIntegerField()),
                ("captured_mc", models.BigIntegerField(default=0)),
                ("released_mc", models.BigIntegerField(default=0)),
                (
                    "status",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=8),
                ),
                ("quote", models.JSONField()),
                ("deadline_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signup", "Signup"),
                            ("promo", "Promo"),
                            ("purchase", "Purchase"),
                            ("adjustment", "Adjustment"),
                            ("compensation", "Compensation"),
                            ("reinstated", "Reinstated"),
                        ],
                        max_length=12,
                    ),
                ),
                ("priority", models.SmallIntegerField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("purchase_id", models.UUIDField(blank=True, null=True, unique=True)),
                ("granted_mc", models.BigIntegerField()),
                ("pay_revoke_mc", models.BigIntegerField(default=0)),
                ("pay_freeze_mc", models.BigIntegerField(default=0)),
                ("admin_revoke_mc", models.BigIntegerField(default=0)),
                ("available_mc", models.BigIntegerField(default=0)),
                ("held_mc", models.BigIntegerField(default=0)),
                ("spent_mc", models.BigIntegerField(default=0)),
                ("expired_mc", models.BigIntegerField(default=0)),
                ("revoked_mc", models.BigIntegerField(default=0)),
                ("frozen_mc", models.BigIntegerField(default=0)),
                ("unpaid_mc", models.BigIntegerField(default=0)),
                ("recovered_mc", models.BigIntegerField(default=0)),
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
        ),
        migrations.CreateModel(
            name="HoldPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("amount_mc", models.BigIntegerField()),
                (
                    "hold",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="ledger.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.lot"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "Grant"),
                            ("hold", "Hold"),
                            ("settle", "Settle"),
                            ("uncapture", "Uncapture"),
                            ("expire", "Expire"),
                            ("payment", "Payment"),
                            ("adjust", "Adjust"),
                            ("budget", "Budget"),
                        ],
                        max_length=12,
                    ),
                ),
                ("request_hash", models.CharField(max_length=64)),
                ("result", models.JSONField()),
                ("actor_id", models.UUIDField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
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
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField()),
                ("member_id", models.UUIDField(blank=True, null=True)),
                ("src", models.CharField(max_length=10)),
                ("dst", models.CharField(max_length=10)),
                ("amount_mc", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.lot"
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="ledger.operation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BudgetEvent",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("period", models.CharField(choices=[("lifetime", "Lifetime"), ("month", "Month")], max_length=8)),
                ("limit_before_mc", models.BigIntegerField(blank=True, null=True)),
                ("limit_after_mc", models.BigIntegerField(blank=True, null=True)),
                ("actor_id", models.UUIDField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="ledger.budget"
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.workspace",
                    ),
                ),
                ("available_mc", models.BigIntegerField(default=0)),
                ("held_mc", models.BigIntegerField(default=0)),
                ("frozen_mc", models.BigIntegerField(default=0)),
                ("debt_mc", models.BigIntegerField(default=0)),
                ("seq", models.BigIntegerField(default=0)),
                ("next_expiry_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("restricted", "Restricted"), ("closed", "Closed")],
                        default="active",
                        max_length=12,
                    ),
                ),
                ("low_balance_mc", models.BigIntegerField(blank=True, null=True)),
                ("is_alert_armed", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("available_mc__gte", 0),
                            ("debt_mc__gte", 0),
                            ("frozen_mc__gte", 0),
                            ("held_mc__gte", 0),
                            ("seq__gte", 0),
                        ),
                        name="wallet_not_negative",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(fields=("workspace", "subject_kind", "subject_id"), name="budget_once"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_mc__gte", 0), ("used_mc__gte", 0)), name="budget_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_mc", None), ("limit_mc__gte", 0), _connector="OR"),
                name="budget_limit_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("period", "lifetime"), ("period_start", None)),
                    models.Q(("period", "month"), ("period_start__isnull", False)),
                    _connector="OR",
                ),
                name="budget_period_begins",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(condition=models.Q(("status", "open")), fields=["deadline_at"], name="hold_open"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(condition=models.Q(("amount_mc__gt", 0)), name="hold_holds_something"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("captured_mc__gte", 0), ("released_mc__gte", 0)), name="hold_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("captured_mc", 0), ("released_mc", 0), ("status", "open")),
                    models.Q(
                        (
                            "amount_mc",
                            django.db.models.expressions.CombinedExpression(
                                models.F("captured_mc"), "+", models.F("released_mc")
                            ),
                        ),
                        ("status", "closed"),
                    ),
                    _connector="OR",
                ),
                name="hold_adds_up",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(fields=["workspace", "-id"], name="lot_newest"),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("available_mc__gt", 0)),
                fields=["workspace", "priority", "expires_at", "id"],
                name="lot_burn",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(condition=models.Q(("available_mc__gt", 0)), fields=["expires_at"], name="lot_due"),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(condition=models.Q(("unpaid_mc__gt", 0)), fields=["workspace", "id"], name="lot_unpaid"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(condition=models.Q(("granted_mc__gt", 0)), name="lot_grants_something"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("admin_revoke_mc__gte", 0),
                    ("available_mc__gte", 0),
                    ("expired_mc__gte", 0),
                    ("frozen_mc__gte", 0),
                    ("held_mc__gte", 0),
                    ("pay_freeze_mc__gte", 0),
                    ("pay_revoke_mc__gte", 0),
                    ("recovered_mc__gte", 0),
                    ("revoked_mc__gte", 0),
                    ("spent_mc__gte", 0),
                    ("unpaid_mc__gte", 0),
                ),
                name="lot_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "granted_mc",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("available_mc"), "+", models.F("held_mc")
                                                ),
                                                "+",
                                                models.F("spent_mc"),
                                            ),
                                            "+",
                                            models.F("expired_mc"),
                                        ),
                                        "+",
                                        models.F("revoked_mc"),
                                    ),
                                    "+",
                                    models.F("frozen_mc"),
                                ),
                                "+",
                                models.F("unpaid_mc"),
                            ),
                            "+",
                            models.F("recovered_mc"),
                        ),
                    )
                ),
                name="lot_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdpart",
            constraint=models.UniqueConstraint(fields=("hold", "lot"), name="hold_part_once"),
        ),
        migrations.AddConstraint(
            model_name="holdpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_mc__gt", 0)), name="hold_part_holds_something"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["workspace", "-id"], name="operation_newest"),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(fields=("workspace", "key"), name="operation_once"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("workspace", "seq"), name="entry_once"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(condition=models.Q(("amount_mc__gt", 0)), name="entry_moves_something"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dst__in", ["available"]), ("src", "issued")),
                    models.Q(("dst__in", ["held", "spent"]), ("src", "available")),
                    models.Q(("dst__in", ["spent", "available"]), ("src", "held")),
                    models.Q(("dst__in", ["available"]), ("src", "spent")),
                    models.Q(
                        ("dst__in", ["available", "expired", "revoked", "frozen"]),
                        ("src__in", ["available", "expired", "revoked", "frozen"]),
                        models.Q(("src", models.F("dst")), _negated=True),
                    ),
                    models.Q(
                        ("dst__in", ["spent", "unpaid", "recovered"]),
                        ("src__in", ["spent", "unpaid", "recovered"]),
                        models.Q(("src", models.F("dst")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="entry_move_allowed",
            ),
        ),
    ]
