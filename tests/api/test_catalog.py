"""/v1/models: what is sold, filtered, priced, and with which inputs."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from apps.catalog.models import AIModel, Endpoint, ModelStatistics, PriceVersion, SwitchedOff
from apps.ids import uuid7
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.api.conftest import LONG_AGO, Caller

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


FILTERED = [
    ("kind=upscale", "topaz_upscale_image", "flux_pro"),
    ("stage=explore", "flux_schnell", "topaz_upscale_image"),
    ("provider=fal", "flux_pro", "local_upscale"),
    ("provider=local", "local_upscale", "flux_pro"),
    ("tool=flux_schnell", "flux_schnell", "flux_pro"),
    ("support_tier=recommended", "nano_banana_edit", "flux_schnell"),
    ("capability=upscaling", "topaz_upscale_image", "flux_pro"),
    ("max_price=1", "flux_schnell", "flux_pro"),
    ("max_price=12&kind=text_to_image", "flux_pro", "nano_banana"),
    ("kind=image_edit", "bytedance_seedream", "flux_pro"),  # one of its further kinds
    ("kind=upscale&stage=refine", "nano_banana_v1", "topaz_upscale_image"),
    ("provider=google", "nano_banana", "flux_pro"),
    ("provider=openai", "gpt_image_1", "nano_banana"),
    ("developer=openai", "sora_2", "veo_3"),
    ("tool=nano_banana", "nano_banana_2", "flux_pro"),
    ("support_tier=supported", "reve", "flux_2_pro"),
    ("capability=mask_edit", "openai_4o", "gpt_image_2"),
    ("capability=aspect_ratio&tool=openai_4o", "openai_4o", "recraft"),  # limited is a yes
    ("consistency=elite", "gpt_image_2", "nano_banana_2"),
    ("consistency=N/A", "imagen_4_ultra", "gpt_image_2"),
    ("use_case=character_consistency", "nano_banana_2", "flux_2_pro"),
    ("tag=fast", "qwen", "gpt_image_1"),
    ("tag=fast&tool=nano_banana", "nano_banana_v1", "nano_banana_2"),
    ("q=kontext", "flux_kontext_max", "flux_pro"),
    ("q=BANANA+google", "nano_banana_2", "qwen"),
    ("q=black-forest-labs/flux-2-pro", "flux_2_pro", "flux_2_max"),
    ("q=realistic", "qwen", "reve"),
]  # a query, a model that it finds, one that it does not


def test_filters_choose(program: Caller) -> None:
    for query, some, none in FILTERED:
        found = ids(program, query)
        assert (query, some in found, none in found) == (query, True, False)


REFUSED = [
    ("kind=poem", "kind"),
    ("stage=last", "stage"),
    ("max_price=cheap", "max_price"),
    ("max_price=-1", "max_price"),
    ("after=nope", "after"),
    ("colour=red", "colour"),
    ("capability=flying", "capability"),
    ("consistency=Perfect", "consistency"),
    ("developer=Nobody", "developer"),
    ("provider=nobody", "provider"),
    ("support_tier=best", "support_tier"),
    ("tag=tasty", "tag"),
    ("tool=hammer", "tool"),
    ("use_case=world_peace", "use_case"),
    ("sort=beauty", "sort"),
]  # a query, and the parameter at fault


def test_filters_that_cannot_be_are_refused(program: Caller) -> None:
    for query, path in REFUSED:
        answer = program.get(f"/v1/models?{query}")
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, path)


EXTERNAL = [
    ("openai/gpt-image-2/edit", "gpt_image_2"),
    ("google/nano-banana-2/edit", "nano_banana_2"),
    ("bytedance/seedream-v5.0-lite/edit", "seedream_v5_edit"),
    ("black-forest-labs/flux-2-pro/text-to-image", "flux_2_pro"),
]


def test_other_services_names_are_known(program: Caller) -> None:
    for external_id, ai_model_id in EXTERNAL:
        assert ids(program, f"external_id={external_id}") == [ai_model_id]
        assert program.get(f"/v1/models/{ai_model_id}").json()["external_ids"] == [external_id]
    assert ids(program, "external_id=nobody/knows") == []


def test_what_is_not_allowed_is_told_with_what_is(program: Caller) -> None:
    (fault,) = program.get("/v1/models?consistency=perfect").json()["error"]["details"]["fields"]
    assert fault["allowed"] == ["Elite", "Excellent", "Good", "N/A", "Strong"]
    (fault,) = program.get("/v1/models?sort=beauty").json()["error"]["details"]["fields"]
    assert "-price" in fault["allowed"]


def test_the_order_is_chosen(program: Caller) -> None:
    models = {one["id"]: one for one in program.get("/v1/models").json()["data"]}

    def values(query: str, *path: str) -> list[Any]:  # JSON values
        found = []
        for ai_model_id in ids(program, query):
            value = models[ai_model_id]
            for name in path:
                value = value[name]
            found.append(value)
        return found

    prices, dearest = values("sort=price", "price", "from"), values("sort=-price", "price", "from")
    assert (prices, dearest) == (sorted(prices), sorted(prices, reverse=True))
    assert ids(program, "sort=-price")[0] == "veo_3"
    ratings = values("sort=-rating", "rating")
    known = [rating for rating in ratings if rating is not None]
    assert known == sorted(known, reverse=True)
    assert ratings[len(known) :] == [None] * (len(ratings) - len(known))
    seconds = values("sort=speed", "average_s")
    timed = [value for value in seconds if value is not None]
    assert (timed, seconds[len(timed) :]) == (sorted(timed), [None] * (len(seconds) - len(timed)))
    assert values("sort=name", "name") == sorted((one["name"] for one in models.values()), key=str.casefold)
    assert ids(program, "sort=position") == ids(program)
    assert ids(program, "sort=-position") == ids(program)[::-1]


def test_pages_of_a_sorted_list_follow_each_other(program: Caller) -> None:
    whole = ids(program, "sort=-price&kind=image_edit")
    first = program.get("/v1/models?sort=-price&kind=image_edit&limit=4").json()
    rest = ids(program, f"sort=-price&kind=image_edit&after={first['last_id']}")
    assert [one["id"] for one in first["data"]] + rest == whole


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


def test_the_list_takes_few_queries_however_many_models(
    program: Caller, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    one, price = AIModel.objects.get(pk="flux_pro"), PriceVersion.objects.get(ai_model="flux_pro")
    endpoint, known = Endpoint.objects.get(ai_model="flux_pro"), AIModel.objects.count()
    for number in range(200):
        one.pk, one.synced, one.position = f"copy_{number:03}", {}, 1000 + number
        one.save(force_insert=True)
        price.pk, price.ai_model_id = uuid7(), one.pk
        price.save(force_insert=True)
        endpoint.pk, endpoint.ai_model_id = uuid7(), one.pk
        endpoint.save(force_insert=True)
    with django_assert_max_num_queries(5):  # the first request of a key, which notes that it was used
        body = program.get("/v1/models?limit=100").json()
    assert (len(body["data"]), body["has_more"]) == (100, True)
    with django_assert_max_num_queries(4):
        found = program.get("/v1/models?limit=100&after=copy_100&sort=position").json()
    assert len(found["data"]) == 99
    assert known + 200 == AIModel.objects.count()
    assert all(model["available"] for model in found["data"])


def test_who_switched_a_model_off_is_told(program: Caller) -> None:
    make = SwitchedOff.objects.create
    make(by="workspace", workspace=program.workspace, tool="nano_banana", created_at=LONG_AGO)
    make(by="installation", ai_model_id="flux_pro", created_at=LONG_AGO)
    assert "flux_pro" not in ids(program)
    found = {one["id"]: one for one in program.get("/v1/models?tool=nano_banana").json()["data"]}
    assert set(found) == {"nano_banana", "nano_banana_edit", "nano_banana_v1", "nano_banana_2"}
    assert {(one["enabled"], one["disabled_by"], one["available"]) for one in found.values()} == {
        (False, "workspace", False)
    }
    one = program.get("/v1/models/flux_pro").json()
    assert (one["enabled"], one["disabled_by"]) == (False, "installation")


def test_measured_facts_stand_beside_the_editorial_ones(program: Caller) -> None:
    figures = {"runs": 40, "succeeded": 38, "outputs": 60, "kept": 15, "rerun": 2, "median_ms": 9_437, "p95_ms": 21_000}
    make = ModelStatistics.objects.create
    make(ai_model_id="nano_banana_edit", window_days=7, measured_at=LONG_AGO, **(figures | {"runs": 19}))
    make(ai_model_id="nano_banana_edit", window_days=30, measured_at=LONG_AGO, **figures)
    make(
        ai_model_id="nano_banana_edit",
        window_days=30,
        workspace=program.workspace,
        measured_at=LONG_AGO,
        **(figures | {"kept": 30}),
    )
    body = program.get("/v1/models/nano_banana_edit").json()
    shown = {"runs": 40, "median_s": 9.437, "p95_s": 21.0, "success_rate": 0.95, "keep_rate": 0.25, "rerun_rate": 0.05}
    assert body["average_s"] == 16
    assert body["measured"] == {"7": None, "30": shown}
    assert body["measured_here"] == {"7": None, "30": shown | {"keep_rate": 0.5}}


def test_what_staff_alone_may_know_is_not_told(program: Caller) -> None:
    whole = set(program.get("/v1/models/seedream_v5_edit").json())
    assert not whole & {"notes", "sources", "synced", "cost", "cost_rule", "position", "endpoints"}


def test_the_end_of_a_model_is_told(program: Caller) -> None:
    AIModel.objects.filter(pk="flux_2_dev").update(
        lifecycle="deprecated", retires_on=date(2027, 3, 1), successor="flux_2_pro"
    )
    AIModel.objects.filter(pk="reve").update(lifecycle="retired")
    told = program.get("/v1/models/flux_2_dev").json()
    assert told["lifecycle"] == {"state": "deprecated", "retires_on": "2027-03-01", "successor": "flux_2_pro"}
    assert told["enabled"] is True
    assert "reve" not in ids(program)
    gone = program.get("/v1/models/reve").json()
    assert (gone["lifecycle"]["state"], gone["enabled"], gone["disabled_by"]) == ("retired", False, "installation")
