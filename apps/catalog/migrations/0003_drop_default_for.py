"""Which model a task begins with is a row of its own, DefaultModel.

The column stays for one release, empty in new rows: processes of the release before still read it while they are replaced.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_widen_catalog"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterField(
                    model_name="aimodel",
                    name="default_for",
                    field=models.JSONField(default=list, null=True),
                ),
            ],
            state_operations=[
                migrations.RemoveField(
                    model_name="aimodel",
                    name="default_for",
                ),
            ],
        ),
    ]
