"""The facts of every model as customers read them, against a table of our own."""

import csv
from pathlib import Path
from typing import Any, Final

from tests.api.conftest import Caller

_ABILITIES: Final = (
    "text_to_image", "single_edit", "multi_image", "mask_edit", "background_removal", "aspect_ratio", "variants",
    "upscaling", "native_audio", "web_search",
)  # fmt: skip
_MARKS: Final = {"yes": "+", "no": "-", "limited": "~", None: "?"}
FACTS: Final = {
    row.pop("model"): row
    for row in csv.DictReader(Path(__file__).with_name("model_facts.csv").read_text().splitlines())
}


TIERED: Final = {  # label, credits, list price from and to
        "gpt_image_2": [
            ("low", 2, ("0.01", "0.01")), ("medium", 10.6, ("0.053", "0.053")), ("high", 82, ("0.41", "0.41")),
        ],
        "nano_banana_2": [("1K", 16, ("0.08", "0.08")), ("2K", 24, ("0.12", "0.12")), ("4K", 32, ("0.16", "0.16"))],
        "flux_2_pro": [(None, 6, ("0.03", "0.05"))],
        "seedream_v5_edit": [(None, 7, ("0.032", "0.032"))],
        "imagen_4_ultra": [(None, 12, ("0.06", "0.06"))],
        "nano_banana": [(None, 30, None), ("4K", 60, None)],
    }  # fmt: skip


def test_every_model_says_what_it_is(program: Caller) -> None:
    found = {model["id"]: facts_of(model) for model in program.get("/v1/models").json()["data"]}
    assert {ai_model_id: found[ai_model_id] for ai_model_id in FACTS} == FACTS
    assert set(found) - set(FACTS) == {"local_upscale", "local_reframe", "local_cutout"}
    assert len(FACTS) == 32


def test_every_model_has_the_same_fields_and_words_of_ours(program: Caller) -> None:
    models = program.get("/v1/models").json()["data"]
    assert len({frozenset(model) for model in models}) == 1
    for model in models:
        assert model["best_for"]
        assert model["sample_prompts"] or model["kind"] in {"upscale", "background_removal", "reframe"}
        assert model["updated_at"]
        assert model["timeout_s"] > 0
        assert (model["price"]["rows"], model["price"]["choices"]) != ([], [])
        assert program.get(f"/v1/models/{model['id']}").json() == model


def test_tiers_and_list_prices(program: Caller) -> None:
    models = {model["id"]: model for model in program.get("/v1/models").json()["data"]}
    said = {
        ai_model_id: [
            (one["label"], one["credits"], one["list_usd"] and tuple(one["list_usd"].values()))
            for one in models[ai_model_id]["price"]["choices"]
        ]
        for ai_model_id in (
            "gpt_image_2",
            "nano_banana_2",
            "flux_2_pro",
            "seedream_v5_edit",
            "imagen_4_ultra",
            "nano_banana",
        )
    }
    assert said == TIERED


def facts_of(model: dict[str, Any]) -> dict[str, str]:  # JSON
    """Write what a model says as a row of the table: what it can do as + yes, - no, ~ limited and ? unknown."""
    said = {
        **model,
        "provider": model["provider"]["name"],
        "kinds": " ".join([model["kind"], *model["also_kinds"]]),
        "abilities": "".join(_MARKS[model["matrix"][name]] for name in _ABILITIES),
        "price_status": model["price"]["status"],
        "usual_credits": model["price"]["usual"],
    }
    return {name: "" if said[name] is None else str(said[name]) for name in FACTS["flux_pro"]}
