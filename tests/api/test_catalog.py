"""/v1/models: what is sold, filtered, priced, and with which inputs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from apps.catalog.models import AIModel, PriceVersion
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.api.conftest import Caller

SEED_MODELS = {
    "flux_schnell", "flux_pro", "flux_realism", "nano_banana", "nano_banana_edit", "seedream_v45_edit",
    "seedream_v5_edit", "topaz_upscale_image",
}  # fmt: skip


def ids(program: Caller, query: str = "") -> list[str]:
    answer = program.get(f"/v1/models?{query}")
    assert answer.status_code == 200, answer.content
    return [model["id"] for model in answer.json()["data"]]


def test_the_list_is_whole_and_in_its_order(program: Caller) -> None:
    body = program.get("/v1/models").json()
    assert (body["object"], body["has_more"]) == ("list", False)
    assert set(ids(program)) >= SEED_MODELS
    on_sale = AIModel.objects.order_by("position", "pk").values_list("pk", flat=True)
    assert ids(program) == list(on_sale)


def test_it_is_a_model_list_for_openai_too(program: Caller) -> None:
    for model in program.get("/v1/models").json()["data"]:
        assert model["object"] == "model"
        assert isinstance(model["created"], int)
        assert isinstance(model["owned_by"], str)


def test_a_model_tells_what_a_choice_needs(program: Caller) -> None:
    body = program.get("/v1/models/nano_banana_edit").json()
    assert (body["name"], body["provider"]["name"], body["rating"]) == ("Nano Banana Pro Edit", "fal.ai", 5) or body[
        "rating"
    ] == 5
    assert (body["support_tier"], body["average_s"]) == ("recommended", 16)
    assert (body["kind"], body["mode"]) == ("image_edit", "sync")
    assert body["best_for"]
    assert (body["price"]["from"], body["price"]["version"]) == (30, 1)
    assert body["price"]["rows"][0]["credits"] == 30
    assert (body["enabled"], body["available"]) == (True, True)


def test_sync_and_time_outs_are_told(program: Caller) -> None:
    body = program.get("/v1/models/flux_schnell").json()
    assert (body["mode"], body["timeout_s"]) == ("sync", 30)
    assert (body["price"]["from"], body["max_references"]) == (1, 0)
    assert body["formats"] == ["shorts", "reels", "horizontal"]


def test_the_schema_is_the_model_s_own(program: Caller) -> None:
    schema = program.get("/v1/models/flux_schnell/schema").json()
    Draft202012Validator.check_schema(schema)
    assert schema == AIModel.objects.get(pk="flux_schnell").schema
    assert "prompt" in schema["required"]


@pytest.mark.parametrize(
    ("query", "some", "none"),
    [
        ("kind=upscale", "topaz_upscale_image", "flux_pro"),
        ("stage=explore", "flux_schnell", "topaz_upscale_image"),
        ("provider=fal", "flux_pro", "local_upscale"),
        ("provider=local", "local_upscale", "flux_pro"),
        ("tool=flux_schnell", "flux_schnell", "flux_pro"),
        ("support_tier=recommended", "nano_banana_edit", "flux_schnell"),
        ("capability=upscaling", "topaz_upscale_image", "flux_pro"),
        ("max_price=1", "flux_schnell", "flux_pro"),
        ("max_price=12&kind=text_to_image", "flux_pro", "nano_banana"),
    ],
)
def test_filters_choose(program: Caller, query: str, some: str, none: str) -> None:
    found = ids(program, query)
    assert some in found
    assert none not in found


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("kind=poem", "kind"),
        ("stage=last", "stage"),
        ("max_price=cheap", "max_price"),
        ("after=nope", "after"),
        ("q=x", "q"),
    ],
)
def test_filters_that_cannot_be_are_refused(program: Caller, query: str, path: str) -> None:
    answer = program.get(f"/v1/models?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, path)


def test_it_pages(program: Caller) -> None:
    whole = ids(program)
    first = program.get("/v1/models?limit=3").json()
    assert ([model["id"] for model in first["data"]], first["has_more"]) == (whole[:3], True)
    assert ids(program, f"limit=100&after={first['last_id']}") == whole[3:]


def test_a_model_that_is_off_is_not_listed_and_says_so_itself(program: Caller) -> None:
    AIModel.objects.filter(pk="flux_pro").update(is_enabled=False)
    assert "flux_pro" not in ids(program)
    body = program.get("/v1/models/flux_pro").json()
    assert (body["enabled"], body["available"]) == (False, False)


def test_a_model_nobody_here_can_run_says_so(program: Caller) -> None:
    configure_providers(ENV)  # as it is: without FAL_KEY
    assert program.get("/v1/models/flux_pro").json()["available"] is False
    assert program.get("/v1/models/local_upscale").json()["available"] is True


def test_the_price_in_force_is_told(program: Caller) -> None:
    now = timezone.now()
    rule = PriceVersion.objects.get(ai_model="flux_pro", number=1).sell_rule
    dearer, later = rule | {"base": {"per_call_mc": 13_000}}, rule | {"base": {"per_call_mc": 99_000}}
    make = PriceVersion.objects.create
    make(ai_model_id="flux_pro", number=2, sell_rule=dearer, effective_at=now - timedelta(minutes=1))
    make(ai_model_id="flux_pro", number=3, sell_rule=later, effective_at=now + timedelta(days=1))
    price = program.get("/v1/models/flux_pro").json()["price"]
    assert (price["from"], price["version"]) == (13, 2)


@pytest.mark.parametrize("path", ["/v1/models/nope", "/v1/models/nope/schema", "/v1/models/%00", "/v1/models/a/b/c"])
def test_an_unknown_model_is_not_there(program: Caller, path: str) -> None:
    assert program.get(path).status_code == 404


def test_the_list_takes_few_queries(program: Caller, django_assert_max_num_queries: Callable[..., Any]) -> None:
    with django_assert_max_num_queries(5):
        program.get("/v1/models")
