"""Companies whose models are sold: each with its models and a form for its name, and a form for one more."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import Http404

from apps.catalog import endpoints as catalog_endpoints
from apps.catalog.models import AIModel, Provider
from apps.errors import NotFound
from apps.staff.faults import Faults, located

NEW: Final = "+"  # what the form for one more says instead of an id; no id is this
FIELDS: Final = ("id", "name")


@dataclass(frozen=True, slots=True)
class Company:
    """A company as its form holds it. ``title`` is its name as it is kept, empty for one that is not there yet."""

    id: str
    title: str
    name: str
    models: tuple[AIModel, ...]
    faults: Faults

    @property
    def others(self) -> list[str]:
        """Faults of a rename that are not about the name."""
        return [located(place, one) for place, many in self.faults.items() if place != "name" for one in many]


def save(posted: Mapping[str, str], *, editor_id: UUID, now: datetime) -> Provider:
    """Add or rename the company whose form was sent.

    :raises Http404: there is no such company. :raises InvalidModel: with every fault.
    """
    name = posted.get("name", "").strip()
    if is_new(posted):
        provider_id = posted.get("id", "").strip()
        return catalog_endpoints.add_provider(provider_id=provider_id, name=name, editor_id=editor_id, now=now)
    try:
        return catalog_endpoints.edit_provider(
            provider_id=posted.get("company", ""), name=name, editor_id=editor_id, now=now
        )
    except NotFound as refusal:
        raise Http404(str(refusal)) from refusal


def is_new(posted: Mapping[str, str]) -> bool:
    """Whether what was sent is the form for one more company."""
    return posted.get("company") == NEW


def companies_of(posted: Mapping[str, str], faults: Faults) -> list[Company]:
    """Every company; the one whose form was refused as it was typed, with what is wrong."""
    models: dict[str, list[AIModel]] = defaultdict(list)
    for ai_model in AIModel.objects.order_by("position", "pk"):
        models[ai_model.provider_id].append(ai_model)
    chosen = posted.get("company", "") if faults else ""
    return [
        Company(
            one.pk,
            one.name,
            posted.get("name", "") if one.pk == chosen else one.name,
            tuple(models[one.pk]),
            faults if one.pk == chosen else {},
        )
        for one in Provider.objects.order_by("name", "pk")
    ]


def blank_of(posted: Mapping[str, str], faults: Faults) -> Company:
    """The form for one more company; as it was typed where it was refused."""
    if faults and is_new(posted):
        return Company(posted.get("id", ""), "", posted.get("name", ""), (), faults)
    return Company("", "", "", (), {})
