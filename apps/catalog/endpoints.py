"""What staff change of providers, and of where models run: checked as a file would be, and noted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import audit
from apps.catalog.checks.endpoints import endpoint_problems
from apps.catalog.checks.problems import Problem
from apps.catalog.checks.shapes import PROVIDERS, shape_problems
from apps.catalog.editing import InvalidModel, find_model, is_same
from apps.catalog.file_rows import as_file, endpoint_in_file, row_values
from apps.catalog.models import AIModel, Endpoint, Provider
from apps.errors import NotFound

# As the constructor takes them; the model itself is not one of them.
COLUMNS: Final = frozenset(
    {"adapter", "provider_model", "parameter_map", "timeout_seconds", "priority", "condition", "is_enabled"}
)
_SWITCH: Final = "is_enabled"
_PLACE: Final = "endpoints.0"  # of the endpoint in hand, in a file that holds no other
_USUAL: Final[Mapping[str, Any]] = {
    "parameter_map": {},
    "timeout_seconds": None,
    "priority": 0,
    "condition": {},
    "is_enabled": True,
}


@transaction.atomic
def add_endpoint(*, ai_model_id: str, data: Mapping[str, Any], editor_id: UUID, now: datetime) -> Endpoint:
    """Add a place where a model can be run.

    :param data: column → JSON value, named as ``COLUMNS``; adapter and provider_model are needed.
    :raises NotFound: no such model. :raises InvalidModel: with every fault; there is one like it, too.
    """
    ai_model = find_model(ai_model_id)
    values = {**_USUAL, **data}
    _check(ai_model, values)
    try:
        with transaction.atomic():
            endpoint = Endpoint.objects.create(ai_model=ai_model, **values)
    except IntegrityError as taken:
        raise InvalidModel([("provider_model", "This model runs there already.")]) from taken
    audit.record(
        action="endpoint.add", subject=_subject(endpoint), after=_values(endpoint), actor_id=editor_id, now=now
    )
    return endpoint


@transaction.atomic
def edit_endpoint(*, endpoint_id: UUID, changes: Mapping[str, Any], editor_id: UUID, now: datetime) -> Endpoint:
    """Change where a model runs, or switch it off. What is the same already does not count as a change.

    :raises NotFound: no such endpoint. :raises InvalidModel: as ``add_endpoint``.
    """
    endpoint = (
        Endpoint.objects.select_related("ai_model").select_for_update(of=("self",)).filter(pk=endpoint_id).first()
    )
    if endpoint is None:
        raise NotFound("There is no such endpoint.")
    before, subject = _values(endpoint), _subject(endpoint)
    _check(endpoint.ai_model, {**before, **changes})
    moved = {name: value for name, value in changes.items() if not is_same(before[name], value)}
    if not moved:
        return endpoint
    for name, value in moved.items():
        setattr(endpoint, name, value)
    try:
        with transaction.atomic():
            endpoint.save(update_fields=list(moved))
    except IntegrityError as taken:
        raise InvalidModel([("provider_model", "This model runs there already.")]) from taken
    audit.record(
        action="endpoint.edit",
        subject=subject,
        before={name: before[name] for name in moved},
        after=moved,
        actor_id=editor_id,
        now=now,
    )
    return endpoint


@transaction.atomic
def add_provider(*, provider_id: str, name: str, editor_id: UUID, now: datetime) -> Provider:
    """Add a company whose models we sell.

    :raises InvalidModel: with every fault, an id that is taken among them.
    """
    _check_provider(provider_id, name)
    try:
        with transaction.atomic():
            provider = Provider.objects.create(pk=provider_id, name=name)
    except IntegrityError as taken:
        raise InvalidModel([("id", f"There is a provider {provider_id} already.")]) from taken
    audit.record(action="provider.add", subject=provider_id, after={"name": name}, actor_id=editor_id, now=now)
    return provider


@transaction.atomic
def edit_provider(*, provider_id: str, name: str, editor_id: UUID, now: datetime) -> Provider:
    """Rename a provider.

    :raises NotFound: no such provider. :raises InvalidModel: with every fault.
    """
    provider = Provider.objects.select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise NotFound(f"There is no provider {provider_id}.")
    _check_provider(provider_id, name)
    if provider.name == name:
        return provider
    before, provider.name = provider.name, name
    provider.save(update_fields=["name"])
    AIModel.objects.filter(provider=provider).update(updated_at=now)
    audit.record(
        action="provider.edit",
        subject=provider_id,
        before={"name": before},
        after={"name": name},
        actor_id=editor_id,
        now=now,
    )
    return provider


def _check(ai_model: AIModel, values: Mapping[str, Any]) -> None:
    """Refuse what a file's list of endpoints could not hold.

    :raises InvalidModel: with every fault.
    """
    problems: list[Problem] = [(name, "An endpoint has no such field.") for name in values if name not in COLUMNS]
    if not isinstance(values[_SWITCH], bool):
        problems.append((_SWITCH, "Must be on or off."))
    row = endpoint_in_file(values)
    data = as_file(ai_model.pk, row_values(ai_model)) | {"endpoints": [row]}
    found = [problem for problem in shape_problems(data) if problem[0].startswith(_PLACE)]
    found = found or list(endpoint_problems(ai_model.spec(), [row]))
    problems += [(where.removeprefix(_PLACE).removeprefix(".") or "endpoint", message) for where, message in found]
    if problems:
        raise InvalidModel(problems)


def _check_provider(provider_id: str, name: str) -> None:
    errors = PROVIDERS.iter_errors([{"id": provider_id, "name": name}])
    if problems := [(str(error.absolute_path[-1]), error.message) for error in errors]:
        raise InvalidModel(problems)


def _values(endpoint: Endpoint) -> dict[str, Any]:  # JSON
    return {name: getattr(endpoint, name) for name in sorted(COLUMNS)}


def _subject(endpoint: Endpoint) -> str:
    return f"{endpoint.ai_model_id}/endpoint/{endpoint.adapter}"
