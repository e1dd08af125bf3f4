"""How a model is written in answers: everything a customer may know of it."""

from dataclasses import dataclass
from typing import Final

from apps.api.answers import Json, absolute, timestamp
from apps.catalog.access import Off
from apps.catalog.calculator import Choice, choices
from apps.catalog.capabilities import state_of
from apps.catalog.models import DefaultModel
from apps.catalog.money import format_usd
from apps.catalog.pricing import in_words
from apps.catalog.shelf import OnShelf
from apps.catalog.spec import FORMATS
from apps.catalog.statistics import WINDOWS, Measurement
from apps.catalog.tools import tool_of
from apps.ledger.amounts import to_credits

_RATE_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as one caller sees it."""

    on_shelf: OnShelf
    served_by: tuple[str, ...]  # who would run it here, the first choice first
    off: Off | None = None  # why this caller may not use it

    @property
    def is_available(self) -> bool:
        return self.off is None and bool(self.served_by)


def model_json(listed: Listed) -> Json:
    """Write a model as lists and its own address show it; its schema has an address of its own."""
    return {**_identity(listed), **_abilities(listed.on_shelf), **_state(listed)}


def usd_span(span: tuple[int, int] | None) -> Json | None:
    """Write dollars from the least to the most, as text."""
    return {"low": format_usd(span[0]), "high": format_usd(span[1])} if span else None


def _identity(listed: Listed) -> Json:
    one, ai_model = listed.on_shelf, listed.on_shelf.ai_model
    tool = tool_of(ai_model)
    return {
        "id": ai_model.pk,
        "object": "model",
        "created": int(one.price.effective_at.timestamp()) if one.price.effective_at else 0,
        "owned_by": ai_model.developer,
        "name": ai_model.name,
        "developer": ai_model.developer,
        "provider": {"id": ai_model.provider.pk, "name": ai_model.provider.name},
        "external_ids": sorted(ai_model.external_ids.values()),
        "kind": ai_model.kind,
        "also_kinds": ai_model.also_kinds,
        "tool": tool.id,
        "tool_name": tool.name,
        "tool_group": tool.group,
        "stage": ai_model.stage,
        "support_tier": ai_model.support_tier or None,
        "rating": ai_model.rating,
        "consistency": ai_model.consistency or None,
        "best_for": ai_model.best_for,
        "verdict": ai_model.verdict or None,
        "summary": ai_model.summary,
        "use_cases": ai_model.use_cases,
        "uses": ai_model.uses,
        "tags": ai_model.tags,
        "sample_prompts": ai_model.sample_prompts,
        "default_for": [_default(one) for one in one.defaults],
        "tier_preset": ai_model.tier_preset or None,
    }


def _abilities(one: OnShelf) -> Json:
    ai_model = one.ai_model
    return {
        "capabilities": ai_model.capabilities,
        "matrix": {name: state_of(value) for name, value in ai_model.capabilities.items()},
        "max_references": ai_model.max_references,
        "max_resolution": ai_model.max_resolution or None,
        "mode": ai_model.mode,
        "timeout_s": ai_model.timeout_seconds,
        "formats": list(FORMATS) if ai_model.format_map else [],
        "format": ai_model.format_map,
        "limits": ai_model.limits,
        "average_s": ai_model.average_seconds,
        "measured": {str(days): _measurement(one.measured.get(days)) for days in WINDOWS},
        "measured_here": {str(days): _measurement(one.measured_here.get(days)) for days in WINDOWS},
    }


def _state(listed: Listed) -> Json:
    one, ai_model = listed.on_shelf, listed.on_shelf.ai_model
    return {
        "price": _price(one),
        "lifecycle": {
            "state": ai_model.lifecycle,
            "retires_on": ai_model.retires_on.isoformat() if ai_model.retires_on else None,
            "successor": ai_model.successor_id,
        },
        "served_by": list(listed.served_by),
        "enabled": listed.off is None,
        "disabled_by": listed.off.by.value if listed.off else None,
        "available": listed.is_available,
        "updated_at": timestamp(ai_model.updated_at),
        "urls": {"self": absolute(f"/v1/models/{ai_model.pk}"), "schema": absolute(f"/v1/models/{ai_model.pk}/schema")},
    }


def _price(one: OnShelf) -> Json:
    return {
        "from": to_credits(one.from_mc),
        "usual": to_credits(one.usual_mc),
        "status": one.ai_model.price_status,
        "version": one.price.number,
        "effective_at": timestamp(one.price.effective_at),
        "rows": [
            {"what": row.what, "credits": to_credits(row.amount_mc)} for row in in_words(rule=one.rule, spec=one.spec)
        ],
        "choices": [_choice(choice) for choice in choices(one)],
        "list_price_usd": one.ai_model.list_price_usd,
    }


def _choice(choice: Choice) -> Json:
    return {
        "label": choice.label or None,
        "inputs": dict(choice.inputs),
        "credits": to_credits(choice.each_mc),
        "list_usd": usd_span(choice.list_microusd),
    }


def _measurement(found: Measurement | None) -> Json | None:
    """Figures of enough runs; None where there were too few to tell."""
    if found is None:
        return None
    return {
        "runs": found.runs,
        "median_s": _seconds(found.median_ms),
        "p95_s": _seconds(found.p95_ms),
        "success_rate": _rate(found.success_rate),
        "keep_rate": _rate(found.keep_rate),
        "rerun_rate": _rate(found.rerun_rate),
    }


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _rate(rate: float | None) -> float | None:
    return None if rate is None else round(rate, _RATE_DIGITS)


def _default(default: DefaultModel) -> str:
    """``studio:image_edit``, and at one stage only ``studio:image_edit:refine``."""
    return ":".join(word for word in (default.surface, default.task, default.stage) if word)
