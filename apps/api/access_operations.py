"""The operations on switches and defaults, for the OpenAPI document: decorators for the handlers."""

from typing import Final

from drf_spectacular.utils import OpenApiResponse

from apps.api.describing import answers, operation, parameter, query
from apps.api.shapes import page, ref
from apps.catalog.models import Surface

_RIGHTS: Final = (
    "An API key acts with a maker's rights: it may switch for `me`, the person who made it, whose switches hold for it "
    "as well. For a workspace, a role or a key, owners and admins decide on the Models page; a key is answered 403."
)
_SWITCH: Final = {"application/json": ref("SwitchRequest")}

list_tools = operation(
    "Models",
    "list_tools",
    "List families of models",
    description="Each can be switched off as one; `enabled` says whether you may use it.",
    responses={200: OpenApiResponse(page("Tool"), description="All of them.")},
)
switch_model = operation(
    "Models",
    "switch_model",
    "Switch a model on or off",
    description=f"One `off` is enough, whoever said it. Jobs that run go on. {_RIGHTS}",
    parameters=[parameter("path", "ref", "The id of a model.")],
    request=_SWITCH,
    responses=answers("Access", 200),
)
switch_tool = operation(
    "Models",
    "switch_tool",
    "Switch a family of models on or off",
    description=f"As for a model, for every model of the family at once. {_RIGHTS}",
    parameters=[parameter("path", "ref", "The id of a tool.")],
    request=_SWITCH,
    responses=answers("Access", 200),
)
list_defaults = operation(
    "Models",
    "list_defaults",
    "List defaults",
    description=(
        "The model that each task begins with. A stage's own goes before the one without a stage; one that is not "
        "`enabled` for you is passed over."
    ),
    parameters=[query("surface", "Only of this surface.", {"enum": Surface.values})],
    responses={200: OpenApiResponse(page("Default"), description="All of them.")},
)
set_default = operation(
    "Models",
    "set_default",
    "Set a default of the workspace",
    description="For owners and admins. An API key acts with a maker's rights and is answered 403.",
    request={"application/json": ref("DefaultRequest")},
    responses={200: OpenApiResponse(page("Default"), description="The defaults of that surface now.")},
)
