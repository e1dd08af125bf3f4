"""Note at which stage a job was run, and find the charges of a period."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("catalog", "0003_drop_default_for"),
        ("jobs", "0002_index_ended_jobs"),
        ("ledger", "0005_index_what_was_given_back"),
        ("library", "0002_asset_kept"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="stage",
            field=models.CharField(
                blank=True,
                choices=[
                    ("explore", "Explore"),
                    ("refine", "Refine"),
                    ("deliver", "Deliver"),
                    ("precision", "Precision"),
                    ("motion", "Motion"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("charged_mc__gt", 0)), fields=["workspace", "ended_at"], name="job_charged"
            ),
        ),
    ]
