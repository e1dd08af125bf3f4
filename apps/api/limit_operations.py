"""The operations on spend limits, for the OpenAPI document: decorators for the handlers."""

from typing import Final

from drf_spectacular.utils import OpenApiResponse

from apps.api.describing import answers, operation, parameter, query
from apps.api.shapes import page, ref

_RIGHTS: Final = (
    "For keys of people who may manage limits: of owners every limit, of admins those of makers, viewers, keys and "
    "projects. A key never changes its own limit or its maker's."
)

list_limits = operation(
    "Credits",
    "list_limits",
    "List spend limits",
    description=(
        "First those that bind this key (`binds`): its own, its maker's and, with `project`, the project's. After "
        "them, for keys of people who may manage limits, whatever else can have one. Of several limits the one with "
        "the least left decides; a job past it is refused with `spend_limit_reached` (402)."
    ),
    parameters=[query("project", "The project you spend on, by name.")],
    responses={200: OpenApiResponse(page("Limit"), description="All of them.")},
)
set_limit = operation(
    "Credits",
    "set_limit",
    "Set or lift a spend limit",
    description=(
        f"What was spent in the period so far counts. Jobs that were accepted run on. {_RIGHTS} With an "
        "`Idempotency-Key`, a repeat changes nothing, whatever was set in between."
    ),
    parameters=[
        parameter("path", "kind", "Whose.", {"enum": ["member", "key", "project"]}),
        parameter("path", "ref", "The id: member_…, key_… or project_…."),
        parameter("header", "Idempotency-Key", "Your own key of this change."),
    ],
    request={"application/json": ref("LimitRequest")},
    responses=answers("Limit", 200),
)
move_allowance = operation(
    "Credits",
    "move_allowance",
    "Move allowance between limits",
    description=(
        "Lowers one limit and raises another by as much, both or neither. Both have to be of the same period, and what "
        "the source has used or holds cannot go. The same key again is answered with `Idempotent-Replayed: true`. "
        f"{_RIGHTS}"
    ),
    parameters=[parameter("header", "Idempotency-Key", "Your own key of this move. Needed.")],
    request={"application/json": ref("LimitMoveRequest")},
    responses=answers("LimitMove", 200),
)
