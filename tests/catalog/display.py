"""The shelf as the catalogue's own files fill it, without a database."""

from functools import cache

from apps.catalog.files.reading import read_catalog
from apps.catalog.models import AIModel, PriceVersion, Provider
from apps.catalog.shelf import OnShelf
from tests.builders import NOW

_AS_THEY_ARE = (
    "name", "developer", "kind", "also_kinds", "tool", "stage", "rating", "average_seconds", "best_for", "use_cases",
    "uses", "tags", "sample_prompts", "capabilities", "max_references", "mode", "timeout_seconds", "schema", "limits",
    "list_price_usd", "external_ids", "position",
)  # fmt: skip
_OR_EMPTY = ("support_tier", "consistency", "max_resolution", "tier_preset")


@cache
def whole_shelf() -> tuple[OnShelf, ...]:
    """Every model, at the price of its file."""
    catalog = read_catalog()
    shelf = []
    for model in catalog.models:
        data = model.data
        ai_model = AIModel(
            id=data["id"],
            provider=Provider(id=data["provider"], name=catalog.providers[data["provider"]]),
            format_map=data["format"],
            **{name: data[name] for name in _AS_THEY_ARE},
            **{name: data[name] or "" for name in _OR_EMPTY},
        )
        price = PriceVersion(ai_model=ai_model, number=1, sell_rule=model.rule.to_json(), effective_at=NOW)
        shelf.append(OnShelf(ai_model, price))
    return tuple(shelf)


def pick(*ids: str) -> list[OnShelf]:
    """These models, in this order."""
    by_id = {one.ai_model.pk: one for one in whole_shelf()}
    return [by_id[ai_model_id] for ai_model_id in ids]
