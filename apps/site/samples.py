"""Sample pictures: drawn by the mock from a model's own sample prompt, the same on every machine, and marked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from apps.catalog.models import AIModel
from apps.providers import mock_picture

WIDTH: Final = 480
HEIGHT: Final = 320
_DAY: Final = 86_400  # seconds
_DRAWN_BY: Final = "1"  # changes when the same words are to give another picture


@dataclass(frozen=True, slots=True)
class SamplePrompt:
    title: str
    prompt: str
    inputs: Mapping[str, Any]  # JSON, as a request has them


def prompts_of(ai_model: AIModel) -> list[SamplePrompt]:
    return [
        SamplePrompt(one.get("title", ""), one.get("prompt", ""), one.get("inputs") or {})
        for one in ai_model.sample_prompts
    ]


def words_of(ai_model: AIModel) -> str:
    """What a model's sample picture is drawn from: its first sample prompt, else what it is best for."""
    prompts = prompts_of(ai_model)
    return (prompts[0].prompt or prompts[0].title if prompts else "") or ai_model.best_for or ai_model.name


@require_safe
def sample(request: HttpRequest, model_id: str) -> HttpResponseBase:
    """Serve a model's sample picture. Drawn once and kept: nothing in the address changes it but the model."""
    ai_model = AIModel.objects.filter(pk=model_id, is_enabled=True).only("pk", "sample_prompts", "best_for").first()
    if ai_model is None:
        raise Http404("There is no such model.")
    words = words_of(ai_model)
    digest = hashlib.sha256(f"{_DRAWN_BY}:{ai_model.pk}:{words}".encode()).hexdigest()[:32]
    response = get_conditional_response(request, etag=f'"{digest}"')
    if response is None:
        response = HttpResponse(_drawn(digest, ai_model.pk, words), content_type="image/webp")
    response["ETag"] = f'"{digest}"'
    patch_cache_control(response, public=True, max_age=_DAY)
    return response


def draw_sample(*, ai_model_id: str, words: str) -> bytes:
    """Draw a sample as WebP; the same arguments give the same bytes."""
    picture = mock_picture.draw(text=words, numbers_from=f"{ai_model_id}:{words}", width=WIDTH, height=HEIGHT)
    file = BytesIO()
    picture.save(file, "WEBP", quality=82, method=4)
    return file.getvalue()


def _drawn(digest: str, ai_model_id: str, words: str) -> bytes:
    key = f"site:sample:{digest}"
    kept: bytes | None = cache.get(key)
    if kept is None:
        kept = draw_sample(ai_model_id=ai_model_id, words=words)
        cache.set(key, kept, timeout=_DAY)
    return kept
