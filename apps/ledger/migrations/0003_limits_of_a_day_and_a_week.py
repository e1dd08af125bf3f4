"""Let a limit be counted by day and by week, too, and let a change of a limit tell the period that stood before."""

from django.db import migrations, models

PERIODS = [("day", "daily"), ("week", "weekly"), ("month", "monthly"), ("lifetime", "lifetime")]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_immutable_rows")]

    operations = [
        migrations.RemoveConstraint(model_name="budget", name="budget_period_begins"),
        migrations.AlterField(
            model_name="budget", name="period", field=models.CharField(choices=PERIODS, max_length=8)
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("period", "lifetime"), ("period_start", None)),
                    models.Q(("period__in", ["day", "week", "month"]), ("period_start__isnull", False)),
                    _connector="OR",
                ),
                name="budget_period_begins",
            ),
        ),
        migrations.AlterField(
            model_name="budgetevent", name="period", field=models.CharField(choices=PERIODS, max_length=8)
        ),
        migrations.AddField(
            model_name="budgetevent",
            name="period_before",
            field=models.CharField(blank=True, choices=PERIODS, db_default="", max_length=8),
        ),
    ]
