"""Prices on their way: drafted, drafted anew, published for now or later, or withdrawn. What is published stays."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.accounts import audit
from apps.catalog.checks.fit import fit_problems
from apps.catalog.checks.problems import Problem
from apps.catalog.editing import InvalidModel, find_model
from apps.catalog.going_live import case_problems
from apps.catalog.models import AIModel, PriceState, PriceVersion
from apps.catalog.price_cases import PriceCase, worked
from apps.catalog.price_rules import PriceRule, Unit, rule_faults
from apps.catalog.price_samples import sample_cases
from apps.catalog.prices import find_price
from apps.catalog.spec import ModelSpec
from apps.errors import DomainError, NotFound

_LONGEST_NOTE: Final = 200


class PriceNotDraft(DomainError):
    """The version is published or withdrawn, so it is what it is: a change is a new draft."""

    code = "price_not_draft"


class PriceChanged(DomainError):
    """The draft was changed since it was looked at."""

    code = "price_changed"


@transaction.atomic
def draft_price(
    *,
    ai_model_id: str,
    sell_rule: Mapping[str, Any],
    cost_rule: Mapping[str, Any] | None,
    note: str,
    editor_id: UUID,
    now: datetime,
) -> PriceVersion:
    """Write down a price that nobody is charged yet. Its worked cases are those of the price in force.

    :param sell_rule: in millicredits, as ``PriceRule.to_json``. :param cost_rule: in micro-dollars; None: not known.
    :raises NotFound: no such model. :raises InvalidModel: with every fault, a path in ``sell_rule`` or ``cost_rule``.
    """
    ai_model = find_model(ai_model_id)  # holds the model, so that two drafts get two numbers
    _check_rules(ai_model.spec(), sell_rule, cost_rule, note)
    last = PriceVersion.objects.filter(ai_model=ai_model).aggregate(last=Max("number"))["last"] or 0
    current = find_price(ai_model=ai_model, now=now)
    version = PriceVersion.objects.create(
        ai_model=ai_model,
        number=last + 1,
        state=PriceState.DRAFT,
        sell_rule=dict(sell_rule),
        cost_rule=dict(cost_rule) if cost_rule is not None else None,
        cases=current.cases if current else [],
        note=note,
        created_at=now,
        created_by_id=editor_id,
    )
    audit.record(action="price.draft", subject=subject_of(version), after=_told(version), actor_id=editor_id, now=now)
    return version


@transaction.atomic
def redraft(
    *,
    version_id: UUID,
    sell_rule: Mapping[str, Any],
    cost_rule: Mapping[str, Any] | None,
    note: str,
    editor_id: UUID,
    now: datetime,
    seen: str | None = None,
) -> PriceVersion:
    """Change a draft.

    :param seen: the ``stamp`` of the draft that the editor looked at; None: whatever it is now.
    :raises NotFound: no such version. :raises PriceNotDraft: it is none any more. :raises PriceChanged: as it says.
    :raises InvalidModel: as ``draft_price``.
    """
    version = _find(version_id, seen)
    _check_rules(version.ai_model.spec(), sell_rule, cost_rule, note)
    before = _told(version)
    version.sell_rule, version.note = dict(sell_rule), note
    version.cost_rule = dict(cost_rule) if cost_rule is not None else None
    _move(version, sell_rule=version.sell_rule, cost_rule=version.cost_rule, note=note)
    _record("price.redraft", version, before, editor_id, now)
    return version


@transaction.atomic
def publish_price(
    *,
    version_id: UUID,
    effective_at: datetime | None,
    editor_id: UUID,
    now: datetime,
    accept_cases: bool = False,
    seen: str | None = None,
) -> PriceVersion:
    """Let a draft come into force: now, or by itself when its time comes. Nothing has to run then.

    Quotes and jobs that are made before keep the version they were made with.

    :param effective_at: None: now. :param accept_cases: take what this price makes of the worked cases as right, and
        keep that with the version; else each must come out as it did. :param seen: as for ``redraft``.
    :raises NotFound, PriceNotDraft, PriceChanged: as ``redraft``; of two who publish one draft, one wins.
    :raises InvalidModel: a time in the past, a rule that no longer fits the model, or cases that do not come out.
    """
    version = _find(version_id, seen)
    if effective_at is not None and effective_at < now:
        raise InvalidModel([("effective_at", "This is in the past. A price may come into force now or later.")])
    spec, rule = version.ai_model.spec(), PriceRule.from_json(version.sell_rule)
    _check_rules(spec, version.sell_rule, version.cost_rule, version.note)
    cases = tuple(PriceCase.from_json(case) for case in version.cases)
    if accept_cases:
        cases = worked([*cases, *sample_cases(spec=spec, rule=rule, beside=cases)], spec=spec, rule=rule)
    elif problems := case_problems(cases, spec=spec, rule=rule):
        raise InvalidModel(problems)
    if not any(case.outcome == "charged" for case in cases):
        raise InvalidModel([("cases", "No worked case checks this price yet. Accept what it makes of the usual ones.")])
    before = _told(version)
    version.state, version.effective_at = PriceState.PUBLISHED, effective_at or now
    version.cases, version.published_by_id = [case.to_json() for case in cases], editor_id
    _move(
        version,
        state=version.state,
        effective_at=version.effective_at,
        cases=version.cases,
        published_by_id=editor_id,
    )
    AIModel.objects.filter(pk=version.ai_model_id).update(updated_at=now)
    _record("price.publish", version, before, editor_id, now)
    return version


@transaction.atomic
def withdraw_price(*, version_id: UUID, editor_id: UUID, now: datetime) -> PriceVersion:
    """Give up a draft, or take back a price before it comes into force.

    :raises NotFound: no such version. :raises PriceNotDraft: it is in force, was, or is withdrawn already.
    """
    version = _find(version_id, None, is_draft=False)
    is_open = version.state == PriceState.DRAFT or (
        version.state == PriceState.PUBLISHED and version.effective_at is not None and version.effective_at > now
    )
    if not is_open:
        raise PriceNotDraft(f"Price {version.number} can no longer be withdrawn.")
    before, was = _told(version), version.state
    version.state = PriceState.WITHDRAWN
    if not PriceVersion.objects.filter(pk=version.pk, state=was).update(state=version.state):
        raise PriceNotDraft(f"Price {version.number} can no longer be withdrawn.")
    _record("price.withdraw", version, before, editor_id, now)
    return version


def proposed_cases(version: PriceVersion) -> list[tuple[PriceCase | None, PriceCase]]:
    """Show what ``accept_cases`` would keep: (the case as it was, or None where it is new; as this price has it)."""
    spec, rule = version.ai_model.spec(), PriceRule.from_json(version.sell_rule)
    old = tuple(PriceCase.from_json(case) for case in version.cases)
    new = sample_cases(spec=spec, rule=rule, beside=old)
    return [*zip(old, worked(old, spec=spec, rule=rule), strict=True), *((None, case) for case in new)]


def stamp(version: PriceVersion) -> str:
    """Name the state of a version that an editor looks at, for ``redraft`` and ``publish_price`` to compare."""
    told = [version.state, version.sell_rule, version.cost_rule, version.note]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def subject_of(version: PriceVersion) -> str:
    """What the audit log calls a version."""
    return f"{version.ai_model_id}/price/{version.number}"


def _find(version_id: UUID, seen: str | None, *, is_draft: bool = True) -> PriceVersion:
    """Find a version to change; others wait, and who edits its model too. A draft, as the editor saw it."""
    held = PriceVersion.objects.select_related("ai_model").select_for_update(of=("self", "ai_model"))
    version = held.filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such price.")
    if is_draft and version.state != PriceState.DRAFT:
        raise _not_draft(version)
    if seen is not None and seen != stamp(version):
        raise PriceChanged(f"Draft {version.number} was changed by someone else meanwhile. Look at it again.")
    return version


def _move(version: PriceVersion, **fields: Any) -> None:  # model field values
    """Write fields of a version that is still a draft."""
    if not PriceVersion.objects.filter(pk=version.pk, state=PriceState.DRAFT).update(**fields):
        raise _not_draft(version)


def _not_draft(version: PriceVersion) -> PriceNotDraft:
    return PriceNotDraft(f"Price {version.number} is no draft any more. Draft a new one to change it.")


def _check_rules(spec: ModelSpec, sell_rule: object, cost_rule: object, note: str) -> None:
    """Refuse rules that cannot be charged by, or that do not fit the model.

    :raises InvalidModel: with every fault.
    """
    problems = _rule_problems(spec, sell_rule, "sell_rule", Unit.MILLICREDITS)
    if cost_rule is not None:
        problems += _rule_problems(spec, cost_rule, "cost_rule", Unit.MICRODOLLARS)
    if len(note) > _LONGEST_NOTE:
        problems.append(("note", f"At most {_LONGEST_NOTE} characters."))
    if problems:
        raise InvalidModel(problems)


def _rule_problems(spec: ModelSpec, data: object, name: str, unit: Unit) -> list[Problem]:
    if faults := rule_faults(data, unit):
        return [(f"{name}.{where}" if where else name, message) for where, message in faults]
    problems = fit_problems(spec, PriceRule.from_json(data, unit))
    places = ((where.partition(".")[2], message) for where, message in problems if where.startswith("price."))
    return [(f"{name}.base.tiers_{unit}" if at == "tiers" else f"{name}.{at}", message) for at, message in places]


def _told(version: PriceVersion) -> dict[str, Any]:  # JSON
    """What the audit log keeps of a version."""
    return {
        "state": str(version.state),
        "sell_rule": version.sell_rule,
        "cost_rule": version.cost_rule,
        "note": version.note,
        "effective_at": version.effective_at.isoformat() if version.effective_at else None,
    }


def _record(action: str, version: PriceVersion, before: Mapping[str, Any], editor_id: UUID, now: datetime) -> None:
    """Note the fields that moved."""
    after = _told(version)
    moved = [name for name in after if after[name] != before[name]]
    audit.record(
        action=action,
        subject=subject_of(version),
        before={name: before[name] for name in moved},
        after={name: after[name] for name in moved},
        actor_id=editor_id,
        now=now,
    )
