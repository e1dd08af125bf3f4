"""From the catalogue's data files to rows, as often as you like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import models, transaction

from apps.catalog.files import DATA, Catalog, InvalidCatalog, ModelFile, read_catalog
from apps.catalog.models import AIModel, Endpoint, PriceVersion, Provider
from apps.catalog.prices import find_price

__all__ = ["DATA", "InvalidCatalog", "SyncReport", "sync_catalog"]

_SAME_NAME = (  # columns that are called as in the file
    *(
        "name",
        "developer",
        "provider_id",
        "kind",
        "tool",
        "stage",
        "rating",
        "average_seconds",
        "best_for",
        "default_for",
    ),
    *(
        "external_ids",
        "capabilities",
        "max_references",
        "mode",
        "timeout_seconds",
        "schema",
        "limits",
        "list_price_usd",
    ),
    *("notes", "position"),
)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run changed, one line each: ``flux_pro: new price, version 2``. Empty when nothing was written."""

    changes: tuple[str, ...]


def sync_catalog(*, folder: Path = DATA, now: datetime) -> SyncReport:
    """Bring providers, models, endpoints and prices to what the files of a folder say, in one transaction.

    Every file is checked before the first write. A second run writes nothing. A changed price becomes a new version in
    force from ``now``; older versions stay as they are. Whether a model is switched on is left alone, and so is a model
    that has no file. An endpoint that is no longer named is switched off.

    :raises InvalidCatalog: with every fault of every file; nothing was written.
    """
    catalog = read_catalog(folder)
    with transaction.atomic():
        return SyncReport(tuple(_sync(catalog, now)))


def _sync(catalog: Catalog, now: datetime) -> list[str]:
    changes = []
    for provider_id, name in catalog.providers.items():
        provider, is_new = Provider.objects.get_or_create(pk=provider_id, defaults={"name": name})
        changes += [f"{provider_id}: new provider"] if is_new else _update(provider, {"name": name}, provider_id)
    for model in catalog.models:
        changes += _sync_model(model, now)
    return changes


def _sync_model(model: ModelFile, now: datetime) -> list[str]:
    model_id, values = model.data["id"], _columns(model)
    ai_model, is_new = AIModel.objects.get_or_create(pk=model_id, defaults=values)
    changes = [f"{model_id}: new model"] if is_new else _update(ai_model, values, model_id)
    changes += _sync_endpoints(ai_model, model.data["endpoints"])
    return changes + _sync_price(ai_model, model, now)


def _sync_endpoints(ai_model: AIModel, wanted: list[Mapping[str, Any]]) -> list[str]:
    changes, kept = [], []
    for data in wanted:
        values = {
            "parameter_map": data.get("parameter_map", {}),
            "timeout_seconds": data.get("timeout_seconds"),
            "priority": data.get("priority", 0),
            "is_enabled": True,
        }
        endpoint, is_new = Endpoint.objects.get_or_create(
            ai_model=ai_model, adapter=data["adapter"], provider_model=data["provider_model"], defaults=values
        )
        kept.append(endpoint.pk)
        what = f"{ai_model.pk}: endpoint {data['provider_model']} at {data['adapter']}"
        changes += [f"{what}: new"] if is_new else _update(endpoint, values, what)
    for endpoint in Endpoint.objects.filter(ai_model=ai_model, is_enabled=True).exclude(pk__in=kept):
        what = f"{ai_model.pk}: endpoint {endpoint.provider_model} at {endpoint.adapter}"
        changes += _update(endpoint, {"is_enabled": False}, what)
    return changes


def _sync_price(ai_model: AIModel, model: ModelFile, now: datetime) -> list[str]:
    rules = {"sell_rule": model.rule.to_json(), "cost_rule": model.data["cost"]}
    current = find_price(ai_model=ai_model, now=now)
    if current and {name: getattr(current, name) for name in rules} == rules:
        return []
    last = PriceVersion.objects.filter(ai_model=ai_model).order_by("-number").first()
    number = last.number + 1 if last else 1
    PriceVersion.objects.create(ai_model=ai_model, number=number, effective_at=now, **rules)
    return [f"{ai_model.pk}: new price, version {number}"]


def _update(row: models.Model, values: Mapping[str, Any], what: str) -> list[str]:
    """Write the columns that differ; the report names them."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not changed:
        return []
    for name in changed:
        setattr(row, name, values[name])
    row.save(update_fields=changed)
    return [f"{what}: changed {', '.join(changed)}"]


def _columns(model: ModelFile) -> dict[str, Any]:
    data = {**model.data, "provider_id": model.data["provider"]}
    return {
        **{name: data[name] for name in _SAME_NAME},
        "support_tier": data["support_tier"] or "",
        "consistency": data["consistency"] or "",
        "tier_preset": data["tier_preset"] or "",
        "max_resolution": data["max_resolution"] or "",
        "format_map": data["format"],
        "price_status": data["price"]["status"],
    }
