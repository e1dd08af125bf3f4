"""What staff change of models: checked exactly as a file would be, refused whole, and noted with before and after."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import audit
from apps.catalog.checks.facts import fact_problems
from apps.catalog.checks.fit import fit_problems
from apps.catalog.checks.problems import Problem
from apps.catalog.checks.range import range_problems
from apps.catalog.checks.shapes import shape_problems
from apps.catalog.file_rows import (
    ANY_PRICE,
    COLUMNS,
    SPEC_COLUMNS,
    as_column,
    as_file,
    endpoint_in_file,
    numbered,
    row_values,
    spec_of_values,
    write,
)
from apps.catalog.going_live import live_problems
from apps.catalog.kinds import Lifecycle, PriceState
from apps.catalog.models import AIModel, Endpoint, PriceVersion, Provider
from apps.catalog.prices import find_price
from apps.errors import DomainError, NotFound


class InvalidModel(DomainError):
    """A change of the catalogue that no file could make either. ``details["faults"]``: every {field, message}."""

    code = "invalid_model"

    def __init__(self, problems: list[Problem]) -> None:
        lines = "; ".join(f"{field}: {message}" for field, message in problems)
        faults = [{"field": field, "message": message} for field, message in problems]
        super().__init__(f"Nothing was changed. {lines}", faults=faults)


class EditConflict(DomainError):
    """Someone else changed the same thing meanwhile; nothing of this change was saved."""

    code = "edit_conflict"


def stamp(ai_model: AIModel) -> str:
    """Name the state of a model that an editor looks at, for ``edit_model`` to compare."""
    return ai_model.updated_at.isoformat() if ai_model.updated_at else "never"


@transaction.atomic
def edit_model(
    *, ai_model_id: str, changes: Mapping[str, Any], editor_id: UUID, now: datetime, seen: str | None = None
) -> AIModel:
    """Change columns of a model. What is the same already does not count as a change.

    :param changes: column → JSON value, named as ``file_rows.COLUMNS``; a provider or successor by id, a day as text.
    :param seen: the ``stamp`` of what the editor looked at; None: whatever it is now.
    :raises NotFound: no such model. :raises InvalidModel: with every fault; nothing was saved.
    :raises EditConflict: someone changed it since.
    """
    ai_model = find_model(ai_model_id)
    return _save(ai_model, changes, "model.edit", {}, editor_id, now, seen)


@transaction.atomic
def rate(
    *,
    ai_model_id: str,
    rating: int | None,
    reason: str,
    evidence: Mapping[str, Any],
    editor_id: UUID,
    now: datetime,
    seen: str | None = None,
) -> AIModel:
    """Set a model's rating, 1 to 5 or none, with what speaks for it.

    :param evidence: JSON: the figures that the editor looked at. They are kept in the audit log beside the reason.
    :raises: as ``edit_model``; a reason is needed.
    """
    if not reason.strip():
        raise InvalidModel([("reason", "Say why.")])
    noted = {"reason": reason.strip(), "evidence": dict(evidence)}
    return _save(find_model(ai_model_id), {"rating": rating}, "model.rate", noted, editor_id, now, seen)


@transaction.atomic
def add_model(*, data: Mapping[str, Any], editor_id: UUID, now: datetime) -> AIModel:
    """Add a model, switched off: it goes live when it has a price whose worked cases pass.

    :param data: the id and columns as for ``edit_model``; what is left out is empty.
    :raises InvalidModel: with every fault, an id that is taken among them.
    """
    ai_model_id = data.get("id")
    values = _blank() | {name: value for name, value in data.items() if name != "id"}
    values["schema"] = numbered(values["schema"])
    problems = _id_problems(ai_model_id) + _unknown(data.keys() - {"id"})
    if not problems:
        assert isinstance(ai_model_id, str), "checked just now"
        problems = _problems(ai_model_id, values, before=None)
    if problems:
        raise InvalidModel(problems)
    ai_model = AIModel(pk=ai_model_id, is_enabled=False, updated_at=now)
    write(ai_model, {name: values[name] if values[name] is not None else _nothing(name) for name in COLUMNS})
    try:
        with transaction.atomic():
            ai_model.save(force_insert=True)
    except IntegrityError as taken:
        raise InvalidModel([("id", f"There is a model {ai_model_id} already.")]) from taken
    audit.record(action="model.add", subject=ai_model.pk, after=row_values(ai_model), actor_id=editor_id, now=now)
    return ai_model


@transaction.atomic
def set_enabled(*, ai_model_id: str, is_enabled: bool, editor_id: UUID, now: datetime) -> AIModel:
    """Switch a model on or off for the whole installation. As it is already: nothing happens.

    :raises NotFound: no such model. :raises InvalidModel: it cannot go live, with every reason.
    """
    ai_model = find_model(ai_model_id)
    if is_enabled and not ai_model.is_enabled:
        problems = live_problems(spec=ai_model.spec(), version=find_price(ai_model=ai_model, now=now))
        if ai_model.lifecycle == Lifecycle.RETIRED:
            problems.append(("lifecycle", "A retired model is sold no more."))
        if problems:
            raise InvalidModel(problems)
    changed = AIModel.objects.filter(pk=ai_model.pk, is_enabled=not is_enabled)
    if not changed.update(is_enabled=is_enabled, updated_at=now):
        return ai_model
    ai_model.is_enabled, ai_model.updated_at = is_enabled, now
    audit.record(
        action="model.enable" if is_enabled else "model.disable",
        subject=ai_model.pk,
        before={"is_enabled": not is_enabled},
        after={"is_enabled": is_enabled},
        actor_id=editor_id,
        now=now,
    )
    return ai_model


def find_model(ai_model_id: str) -> AIModel:
    """Find a model to change; others wait.

    :raises NotFound: no such model.
    """
    ai_model = AIModel.objects.select_for_update(of=("self",)).filter(pk=ai_model_id).first()
    if ai_model is None:
        raise NotFound(f"There is no model {ai_model_id}.")
    return ai_model


def _save(
    ai_model: AIModel,
    changes: Mapping[str, Any],
    action: str,
    noted: Mapping[str, Any],
    editor_id: UUID,
    now: datetime,
    seen: str | None,
) -> AIModel:
    if seen is not None and seen != stamp(ai_model):
        raise EditConflict(f"{ai_model.name} was changed by someone else meanwhile. Look at it again.")
    if problems := _unknown(changes.keys()):
        raise InvalidModel(problems)
    before = row_values(ai_model)
    wanted = dict(changes) | ({"schema": numbered(changes["schema"])} if "schema" in changes else {})
    moved = {name: value for name, value in wanted.items() if not is_same(before[name], value)}
    if problems := _problems(ai_model.pk, before | moved, before=before):
        raise InvalidModel(problems)
    if moved.keys() & SPEC_COLUMNS and ai_model.is_enabled:
        _check_prices(ai_model, before | moved, now)
    if not moved:
        return ai_model
    unchanged = AIModel.objects.filter(pk=ai_model.pk, updated_at=ai_model.updated_at)
    if not unchanged.update(**write(ai_model, moved), updated_at=now):
        raise EditConflict(f"{ai_model.name} was changed by someone else meanwhile. Look at it again.")
    ai_model.updated_at = now
    audit.record(
        action=action,
        subject=ai_model.pk,
        before={name: before[name] for name in moved},
        after={**moved, **noted},
        actor_id=editor_id,
        now=now,
    )
    return ai_model


def _problems(ai_model_id: str, values: Mapping[str, Any], *, before: Mapping[str, Any] | None) -> list[Problem]:
    """What no file could say: of the model by itself, and among the others."""
    data = as_file(ai_model_id, values)
    problems = shape_problems(data)
    if not problems:
        providers = frozenset(Provider.objects.values_list("pk", flat=True))
        problems = fact_problems(data, providers=providers)
        rows = Endpoint.objects.filter(ai_model=ai_model_id).order_by("priority", "pk").values()
        endpoints = [endpoint_in_file(row) for row in rows]
        problems += fit_problems(spec_of_values(ai_model_id, values), ANY_PRICE, endpoints=endpoints)
    if not problems:
        problems = _range_problems(ai_model_id, data, before)
    return [as_column(problem) for problem in problems]


def _range_problems(ai_model_id: str, data: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[Problem]:
    """What this change breaks among the models; what was broken before is not its fault."""
    others = {one.pk: as_file(one.pk, row_values(one)) for one in AIModel.objects.exclude(pk=ai_model_id)}
    ids = others.keys() | {ai_model_id}
    old = {**others, ai_model_id: as_file(ai_model_id, before)} if before else others
    known = set(range_problems(old, ids=old.keys()))
    found = [problem for problem in range_problems({**others, ai_model_id: data}, ids=ids) if problem not in known]
    return [
        (field, message if name == ai_model_id else f"This does not fit {name}: {message}")
        for name, (field, message) in found
    ]


def _check_prices(ai_model: AIModel, values: Mapping[str, Any], now: datetime) -> None:
    """Refuse inputs that a price in force, or one to come, does not fit.

    :raises InvalidModel: with every fault.
    """
    spec = spec_of_values(ai_model.pk, values)
    versions = [find_price(ai_model=ai_model, now=now)]
    versions += PriceVersion.objects.filter(ai_model=ai_model, state=PriceState.PUBLISHED, effective_at__gt=now)
    problems = [problem for one in versions if one for problem in live_problems(spec=spec, version=one)]
    if problems:
        way = ("price", "To change inputs and price together, switch the model off first.")
        raise InvalidModel([*(as_column(problem) for problem in problems), way])


def _id_problems(ai_model_id: object) -> list[Problem]:
    if not isinstance(ai_model_id, str) or not ai_model_id:
        return [("id", "A model needs an id.")]
    if AIModel.objects.filter(pk=ai_model_id).exists():
        return [("id", f"There is a model {ai_model_id} already.")]
    return []


def _unknown(names: Any) -> list[Problem]:  # a set of keys
    return [(name, "A model has no such field.") for name in sorted(names) if name not in COLUMNS]


def is_same(one: object, other: object) -> bool:
    """Compare JSON values: True is not 1."""
    return one == other and type(one) is type(other)


def _blank() -> dict[str, Any]:  # JSON
    """The columns of a model of which nothing was said yet."""
    lists = ("also_kinds", "uses", "tags", "sample_prompts", "notes")
    objects = ("use_cases", "limits", "external_ids", "sources")
    first = {"lifecycle": Lifecycle.ACTIVE.value, "position": 1000}
    return dict.fromkeys(COLUMNS) | {name: [] for name in lists} | {name: {} for name in objects} | first


def _nothing(name: str) -> str | None:
    """What an empty column holds."""
    field = AIModel._meta.get_field(name)
    return "" if field.get_internal_type() == "CharField" else None
