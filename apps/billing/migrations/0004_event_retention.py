from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_purchase_alerts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stripeevent",
            name="payload",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(
                condition=models.Q(("payload__isnull", False)), fields=["received_at"], name="stripe_event_full"
            ),
        ),
    ]
