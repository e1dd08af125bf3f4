"""The operations on models, for the OpenAPI document: decorators for the handlers."""

from typing import Final

from drf_spectacular.utils import OpenApiResponse

from apps.api.describing import answers, listing, operation, parameter, query
from apps.api.model_filters import SORTS
from apps.api.parameters import MAX_LIMIT
from apps.api.shapes import ref
from apps.catalog.calculator import MOST_PICTURES
from apps.catalog.models import Kind, Stage
from apps.catalog.use_cases import UseCase

_MODEL: Final = parameter("path", "ref", "The id of a model.")
_MONEY: Final = {"type": "number", "minimum": 0}

list_models = operation(
    "Models",
    "list_models",
    "List models",
    description="Everything on sale here, in the order of the catalog. All filters that are given have to fit.",
    parameters=[
        query("kind", "What it does; its further kinds count.", {"enum": Kind.values}),
        query("stage", "Where in the work it belongs.", {"enum": Stage.values}),
        query("provider", "Only of this provider, by id."),
        query("developer", "Only of this developer."),
        query("tool", "Only of this family."),
        query("support_tier", "Only of this tier: recommended or supported."),
        query("capability", "Only with this capability, be it limited."),
        query("consistency", "Only of this level, such as Elite."),
        query("use_case", "Only those ranked for this use case.", {"enum": UseCase.values}),
        query("tag", "Only with this tag, such as fast."),
        query("max_price", "Only those whose least price is at most so many credits.", _MONEY),
        query("external_id", "Only the one that another service calls this."),
        query("q", "Only those with all of these words in a name or a tag."),
        query(
            "sort",
            "The order; with a leading - the other way round. What nobody knows comes last.",
            {"enum": [*SORTS, *(f"-{name}" for name in SORTS)]},
        ),
        query("limit", "Items a page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": MAX_LIMIT}),
        query("after", "The `last_id` of the page before."),
    ],
    responses=listing("Model"),
)
get_model = operation(
    "Models",
    "get_model",
    "Look at a model",
    description="One that is switched off answers as well, and says so.",
    parameters=[_MODEL],
    responses=answers("Model", 200),
)
get_model_schema = operation(
    "Models",
    "get_model_schema",
    "Read the JSON Schema of a model's inputs",
    description="JSON Schema 2020-12; what else a job takes stands beside it in `JobRequest`.",
    parameters=[_MODEL],
    responses={
        200: OpenApiResponse({"type": "object", "additionalProperties": True}, description="JSON Schema 2020-12.")
    },
)
recommend_models = operation(
    "Models",
    "recommend_models",
    "Ask which model fits",
    description=(
        "Say what you want to do, or at which stage you are, and what it needs; the answer is ranked, with reasons, "
        "the price of all pictures, and advice where another tool is the right one."
    ),
    request={"application/json": ref("RecommendationRequest")},
    responses=answers("Recommendation", 200),
)
calculate = operation(
    "Models",
    "calculate",
    "Reckon pictures and money",
    description=(
        "How many pictures an amount pays for (`credits` or `usd`), or what so many `pictures` cost: of each model and "
        "tier, at our price and at the provider's list price."
    ),
    parameters=[
        query("credits", "An amount in credits.", _MONEY),
        query("usd", "An amount in US dollars.", _MONEY),
        query("pictures", "A number of pictures.", {"type": "integer", "minimum": 1, "maximum": MOST_PICTURES}),
        query("model", "Only of this model."),
    ],
    responses=answers("Calculation", 200),
)
