import django.db.models.deletion
from django.db import migrations, models

import apps.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("id", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="AIModel",
            fields=[
                ("id", models.SlugField(max_length=64, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                ("developer", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text_to_image", "Text To Image"),
                            ("image_edit", "Image Edit"),
                            ("upscale", "Upscale"),
                            ("background_removal", "Background Removal"),
                            ("reframe", "Reframe"),
                            ("image_to_video", "Image To Video"),
                        ],
                        max_length=24,
                    ),
                ),
                ("tool", models.CharField(max_length=64)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("explore", "Explore"),
                            ("refine", "Refine"),
                            ("deliver", "Deliver"),
                            ("precision", "Precision"),
                            ("motion", "Motion"),
                        ],
                        max_length=12,
                    ),
                ),
                ("support_tier", models.CharField(blank=True, max_length=16)),
                ("rating", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("consistency", models.CharField(blank=True, max_length=24)),
                ("average_seconds", models.PositiveIntegerField(blank=True, null=True)),
                ("best_for", models.CharField(max_length=200)),
                ("tier_preset", models.CharField(blank=True, max_length=16)),
                ("default_for", models.JSONField(default=list)),
                ("capabilities", models.JSONField(default=dict)),
                ("max_references", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("max_resolution", models.CharField(blank=True, max_length=40)),
                ("mode", models.CharField(choices=[("sync", "Sync"), ("async", "Async")], max_length=8)),
                ("timeout_seconds", models.PositiveIntegerField()),
                ("schema", models.JSONField()),
                ("format_map", models.JSONField(blank=True, null=True)),
                ("limits", models.JSONField(default=dict)),
                (
                    "price_status",
                    models.CharField(
                        choices=[
                            ("stated", "Stated"),
                            ("converted", "Converted"),
                            ("inferred", "Inferred"),
                            ("assumed", "Assumed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("list_price_usd", models.JSONField(blank=True, null=True)),
                ("external_ids", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=list)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("is_enabled", models.BooleanField(default=True)),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.provider"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("adapter", models.SlugField(max_length=40)),
                ("provider_model", models.CharField(max_length=120)),
                ("parameter_map", models.JSONField(default=dict)),
                ("timeout_seconds", models.PositiveIntegerField(blank=True, null=True)),
                ("priority", models.PositiveSmallIntegerField(default=0)),
                ("is_enabled", models.BooleanField(default=True)),
                (
                    "ai_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.aimodel"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ai_model", "adapter", "provider_model"), name="endpoint_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelStatistics",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("window_days", models.PositiveSmallIntegerField()),
                ("runs", models.PositiveIntegerField()),
                ("succeeded", models.PositiveIntegerField()),
                ("median_ms", models.PositiveIntegerField(blank=True, null=True)),
                ("p95_ms", models.PositiveIntegerField(blank=True, null=True)),
                ("measured_at", models.DateTimeField()),
                (
                    "ai_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.aimodel"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("ai_model", "window_days"), name="statistics_once")],
            },
        ),
        migrations.CreateModel(
            name="PriceVersion",
            fields=[
                ("id", models.UUIDField(default=apps.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("sell_rule", models.JSONField()),
                ("cost_rule", models.JSONField(blank=True, null=True)),
                ("effective_at", models.DateTimeField()),
                (
                    "ai_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.aimodel"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("ai_model", "number"), name="price_version_once")],
            },
        ),
    ]
