"""/v1/models/recommend and /v1/calculator."""

from typing import Any, Final

import pytest

from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, SwitchedOff
from config.providers import configure_providers
from config.settings.environment import ENV
from tests.api.conftest import LONG_AGO, Caller


def ask(program: Caller, **wish: Any) -> dict[str, Any]:  # JSON
    answer = program.post("/v1/models/recommend", wish)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [one["model"] for one in body["data"]]


def test_it_ranks_with_reasons_a_price_and_advice(program: Caller) -> None:
    body = ask(program, needs=["character_consistency", "text_in_picture"], images=10)
    first = body["data"][0]
    assert (first["model"], first["name"], first["credits"]) == ("gpt_image_2", "GPT Image 2", 106)
    assert first["reasons"][0] == "First choice for this: involved briefs and lettering."
    assert first["reasons"][-1] == "106 credits for 10 pictures."
    assert (first["available"], first["unavailable"]) == (True, None)
    assert [(one["code"], one["model"]) for one in body["advice"]] == [("character_with_text", "gpt_image_2")]
    assert body["nothing"] is None


def test_every_word_of_a_wish_counts(program: Caller) -> None:
    assert ids(ask(program))[0] == "bytedance_seedream"
    assert ids(ask(program, stage="precision"))[0] == "flux_kontext"
    assert ids(ask(program, task="upscale"))[0] == "topaz_upscale_image"
    assert ids(ask(program, use_case="brand_consistency"))[0] == "flux_2_pro"
    assert "flux_2_pro" not in ids(ask(program, task="image_edit", references=3))
    assert ids(ask(program, task="image_edit", max_credits=2)) == ["reve_fast"]
    assert "gpt_image_1" not in ids(ask(program, task="image_edit", deadline_s=60))
    dear = ask(program, needs=["sound"], max_credits=639.999)
    assert (dear["data"], dear["nothing"]) == (
        [],
        "Nothing fits: the one model that does this work would cost more than 639.999 credits.",
    )


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"task": "poem"}, "task"),
        ({"stage": 3}, "stage"),
        ({"use_case": "world_peace"}, "use_case"),
        ({"needs": "sound"}, "needs"),
        ({"needs": {}}, "needs"),
        ({"needs": False}, "needs"),
        ({"needs": ["sound", "smell"]}, "needs[1]"),
        ({"needs": [{}]}, "needs[0]"),
        ({"references": -1}, "references"),
        ({"references": True}, "references"),
        ({"max_credits": "much"}, "max_credits"),
        ({"max_credits": True}, "max_credits"),
        ({"max_credits": 1.2345}, "max_credits"),
        ({"max_credits": -1}, "max_credits"),
        ({"deadline_s": 0}, "deadline_s"),
        ({"images": 0}, "images"),
        ({"images": 1.5}, "images"),
        ({"wings": True}, "wings"),
    ],
)
def test_what_cannot_be_wished_is_refused(program: Caller, body: dict[str, Any], path: str) -> None:
    answer = program.post("/v1/models/recommend", body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, path)


def test_what_is_off_for_the_caller_is_not_suggested(program: Caller, stranger: Caller, elsewhere: Workspace) -> None:
    SwitchedOff.objects.create(by="workspace", workspace=program.workspace, tool="nano_banana", created_at=LONG_AGO)
    AIModel.objects.filter(pk="flux_2_pro").update(is_enabled=False)
    mine, theirs = ids(ask(program, task="image_edit")), ids(ask(stranger, task="image_edit"))
    assert "nano_banana_2" not in mine
    assert "nano_banana_2" in theirs
    assert "flux_2_pro" not in [*mine, *theirs]


def test_who_cannot_be_reached_comes_last(program: Caller) -> None:
    configure_providers(ENV)  # as it is: without FAL_KEY
    found = ask(program, task="upscale")["data"]
    assert found[0]["model"] == "local_upscale"
    assert [one["available"] for one in found] == [True, False, False]
    assert found[1]["unavailable"]


REACH: Final = {  # pictures that a dollar pays for: at our price, and at the list price
    ("seedream_v5_edit", None): (28, {"low": 31, "high": 31}),
    ("flux_2_pro", None): (33, {"low": 20, "high": 33}),
    ("gpt_image_2", "medium"): (18, {"low": 18, "high": 18}),
    ("nano_banana_2", "1K"): (12, {"low": 12, "high": 12}),
}


def reckon(program: Caller, query: str) -> dict[tuple[str, str | None], dict[str, Any]]:
    answer = program.get(f"/v1/calculator?{query}")
    assert answer.status_code == 200, answer.content
    assert answer.json()["usd_per_credit"] == "0.005"
    return {(row["model"], row["label"]): row for row in answer.json()["data"]}


def test_a_dollar_and_two_hundred_credits_reach_equally_far(program: Caller) -> None:
    rows = reckon(program, "usd=1")
    assert rows == reckon(program, "credits=200")
    assert len({model for model, _ in rows}) == 35
    said = {key: (rows[key]["pictures"], rows[key]["list_pictures"]) for key in REACH}
    assert said == REACH


def test_a_budget_for_so_many_pictures(program: Caller) -> None:
    row = reckon(program, "pictures=50&model=flux_2_pro")[("flux_2_pro", None)]
    assert (row["credits"], row["usd"]) == (300, "1.50")
    assert (row["list_usd"], row["list_credits"]) == ({"low": "1.50", "high": "2.50"}, {"low": 300, "high": 500})
    row = reckon(program, "pictures=100&model=gpt_image_2")[("gpt_image_2", "medium")]
    assert (row["credits"], row["usd"], row["list_usd"]["high"]) == (1060, "5.30", "5.30")
    assert reckon(program, "usd=25&model=reve")[("reve", None)]["pictures"] == 625


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "credits"),
        ("credits=1&usd=1", "credits"),
        ("credits=many", "credits"),
        ("credits=-1", "credits"),
        ("usd=1e9", "usd"),
        ("usd=-1", "usd"),
        ("usd=0.0000001", "usd"),
        ("pictures=0", "pictures"),
        ("euro=1&usd=1", "euro"),
    ],
)
def test_what_cannot_be_reckoned_is_refused(program: Caller, query: str, path: str) -> None:
    answer = program.get(f"/v1/calculator?{query}")
    assert answer.status_code == 422
    assert path in [fault["path"] for fault in answer.json()["error"]["details"]["fields"]]


def test_an_unknown_model_cannot_be_reckoned(program: Caller) -> None:
    assert program.get("/v1/calculator?usd=1&model=nope").status_code == 404
