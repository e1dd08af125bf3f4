"""/v1/limits: what may be spent by whom, set and moved by keys of people who may."""

from typing import ClassVar, Final

from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import limit_operations as operations
from apps.api.answers import Json, json_answer, timestamp
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.job_headers import read_key
from apps.billing import limit_changes
from apps.billing.spend_limits import Limit, read_subject
from apps.ids import from_public
from apps.ledger.amounts import LARGEST, from_credits, to_credits
from apps.ledger.budgets import PREFIXES, Subject
from apps.ledger.periods import Period

_FIELDS: Final = ("limit_credits", "period")
_MOVE_FIELDS: Final = ("source", "target", "credits")


class LimitList(Endpoint):
    """/v1/limits"""

    capabilities: ClassVar[dict[str, Capability]] = {"GET": Capability.SEE_CREDITS}

    @operations.list_limits
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        project = self.parameters("project", faults=faults).text("project")
        faults.refuse()
        seen = limit_changes.see_limits(actor=self.actor, project=project, now=self.now)
        data = [limit_json(one, binds=True) for one in seen.binding]
        data += [limit_json(one, binds=False) for one in seen.others]
        return json_answer({"object": "list", "data": data, "has_more": False, "first_id": None, "last_id": None})


class OneLimit(Endpoint):
    """/v1/limits/{kind}/{id}"""

    capabilities: ClassVar[dict[str, Capability]] = {"PUT": Capability.SEE_CREDITS}  # who may set, the domain knows

    @operations.set_limit
    def put(self, request: Request, kind: str, ref: str) -> HttpResponseBase:
        faults = Faults()
        body = _read(request, _FIELDS, faults)
        limit_mc = None
        if "limit_credits" not in body:
            faults.add("limit_credits", "required", "An amount of credits, or null to lift the limit.")
        elif body["limit_credits"] is not None:
            limit_mc = _credits(body["limit_credits"], "limit_credits", faults)
        period = body.get("period")
        if period is not None and period not in Period.values:
            faults.add("period", "enum", "One of the allowed values.", Period.values)
        key = read_key(self.request._request.headers.get("Idempotency-Key"), faults)
        faults.refuse()
        limit = limit_changes.set_limit(
            actor=self.actor,
            subject=read_subject(kind, ref),
            limit_mc=limit_mc,
            period=Period(period) if period else None,
            key=key,
            now=self.now,
        )
        return json_answer(limit_json(limit, binds=False))


class LimitMove(Endpoint):
    """/v1/limits/move"""

    capabilities: ClassVar[dict[str, Capability]] = {"POST": Capability.SEE_CREDITS}  # who may move, the domain knows

    @operations.move_allowance
    def post(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        body = _read(request, _MOVE_FIELDS, faults)
        source, target = (_subject(body.get(name), name, faults) for name in ("source", "target"))
        amount_mc = _credits(body.get("credits"), "credits", faults)
        if source is not None and source == target:
            faults.add("target", "invalid_parameter", "Another one than the source.")
        if amount_mc == 0:
            faults.add("credits", "minimum", "More than none.")
        key = read_key(self.request._request.headers.get("Idempotency-Key"), faults)
        if "Idempotency-Key" not in self.request._request.headers:
            faults.add("Idempotency-Key", "required", "A key of your own: the same move is made once.")
        faults.refuse()
        assert source is not None
        assert target is not None
        assert key is not None
        moved = limit_changes.move_allowance(
            actor=self.actor, source=source, target=target, amount_mc=amount_mc, key=key, now=self.now
        )
        answer = json_answer(
            {
                "object": "limit_move",
                "source": limit_json(moved.source, binds=False),
                "target": limit_json(moved.target, binds=False),
            }
        )
        if moved.is_replay:
            answer["Idempotent-Replayed"] = "true"
        return answer


def limit_json(limit: Limit, *, binds: bool) -> Json:
    """Write a limit with whose it is; ``binds`` says that it is one on what this key spends."""
    subject = limit.subject
    return {
        "id": subject.public_id,
        "object": "limit",
        "kind": PREFIXES[subject.kind],
        "name": limit.holder.name,
        "binds": binds,
        **amounts_json(limit),
    }


def amounts_json(limit: Limit) -> Json:
    """Write how much there is, and how much of it is left."""
    return {
        "limit_credits": None if limit.limit_mc is None else to_credits(limit.limit_mc),
        "period": limit.period.value if limit.period else None,
        "used_credits": to_credits(limit.used_mc) if limit.period else None,
        "held_credits": to_credits(limit.held_mc) if limit.period else None,
        "remaining_credits": None if limit.remaining_mc is None else to_credits(limit.remaining_mc),
        "resets_at": timestamp(limit.resets_at),
    }


def _read(request: Request, known: tuple[str, ...], faults: Faults) -> Json:
    body = read_object(request._request)
    for name in sorted(set(body) - set(known)):
        faults.add(name[:64], "unknown_parameter", "There is no such field.", list(known))
    return body


def _credits(value: object, path: str, faults: Faults) -> int:
    try:
        amount_mc = from_credits(str(value)) if isinstance(value, int | float) else -1
    except ValueError:
        amount_mc = -1
    if not 0 <= amount_mc <= LARGEST or isinstance(value, bool):
        most = to_credits(LARGEST)
        faults.add(path, "invalid_parameter", "A number of credits with at most three decimals.", [0, most])
        return -1
    return amount_mc


def _subject(value: object, path: str, faults: Faults) -> Subject | None:
    """Read ``member_…``, ``key_…`` or ``project_…``; whose it is, the domain looks up."""
    if isinstance(value, str):
        for kind, prefix in PREFIXES.items():
            if found := from_public(prefix, value):
                return Subject(kind, found)
    faults.add(path, "required", "The id of a member, a key or a project: GET /v1/limits lists them.")
    return None
