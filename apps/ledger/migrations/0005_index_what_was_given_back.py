"""Find what was given back of charges without reading the whole ledger."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("ledger", "0004_lines_and_notices"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                models.F("workspace"),
                models.F("created_at"),
                condition=models.Q(("dst", "available"), ("src", "spent")),
                name="entry_given_back",
            ),
        ),
    ]
