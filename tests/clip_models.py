"""A model that makes clips, for tests that must not hang on what the catalogue sells."""

from datetime import datetime

from apps.catalog.models import AIModel, Endpoint, PriceVersion
from apps.ids import uuid7

CLIP_MODEL = "test_clip"
CLIP_SECONDS = 2


def add_clip_model(now: datetime) -> AIModel:
    """Put a model on sale that turns a still into a clip: one picture and a prompt in, 12 credits, served by fal."""
    price = PriceVersion.objects.get(ai_model="flux_pro")
    ai_model = AIModel.objects.get(pk="flux_pro")
    ai_model.pk, ai_model.name, ai_model.tool = CLIP_MODEL, "Test Clip", CLIP_MODEL
    ai_model.kind, ai_model.stage = "image_to_video", "motion"
    ai_model.schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": ["prompt", "image_url"],
        "properties": {
            "prompt": {"type": "string", "minLength": 1},
            "image_url": {"type": "string", "format": "uri", "minLength": 1},
        },
    }
    ai_model.format_map, ai_model.limits, ai_model.max_references = None, {"clip_seconds": CLIP_SECONDS}, 1
    ai_model.save(force_insert=True)
    price.pk, price.ai_model, price.effective_at = uuid7(), ai_model, now
    price.save(force_insert=True)
    Endpoint.objects.create(ai_model=ai_model, adapter="fal", provider_model="fal-ai/veo3/image-to-video")
    return ai_model
