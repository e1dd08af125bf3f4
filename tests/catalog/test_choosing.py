"""The recommender: who comes first for what, why, and when another tool is the right one."""

from typing import Any

import pytest

from apps.catalog.choosing import Recommendation, Suggestion, recommend
from apps.catalog.kinds import Stage, Task
from apps.catalog.use_cases import UseCase
from apps.catalog.wishes import Need, Wish
from apps.ledger.amounts import from_credits
from tests.catalog.display import pick, whole_shelf

pytestmark = pytest.mark.once


def ask(*needs: str, unavailable: dict[str, str] | None = None, **wish: Any) -> Recommendation:
    return recommend(whole_shelf(), wish=Wish(needs=frozenset(needs), **wish), unavailable=unavailable or {})


def ids(found: Recommendation) -> list[str]:
    return [one.on_shelf.ai_model.pk for one in found.suggestions]


def first(found: Recommendation) -> Suggestion:
    return found.suggestions[0]


@pytest.mark.parametrize(
    ("stage", "leaders"),
    [
        ("explore", ["bytedance_seedream"]),
        ("refine", ["nano_banana_v1"]),
        ("deliver", ["nano_banana_2"]),
        ("precision", ["flux_kontext"]),
        ("motion", ["veo_3", "sora_2"]),
    ],
)
def test_each_stage_has_its_leader(stage: str, leaders: list[str]) -> None:
    found = ask(stage=stage)
    assert ids(found)[: len(leaders)] == leaders
    assert first(found).reasons[0] == f"Leads the {stage} stage."
    assert {one.on_shelf.ai_model.stage for one in found.suggestions} == {stage}


@pytest.mark.parametrize(
    ("use_case", "leader"),
    [
        ("complex_reasoning_and_text", "gpt_image_2"),
        ("character_consistency", "nano_banana_2"),
        ("brand_consistency", "flux_2_pro"),
        ("high_volume_variants", "seedream_v5_edit"),
        ("best_quality_without_reference", "imagen_4_ultra"),
        ("fastest_without_reference", "z_image_turbo"),
        ("background_removal", "recraft"),
        ("reframe", "ideogram_reframe"),
        ("upscale", "topaz_upscale_image"),
        ("mask_edit", "openai_4o"),
        ("local_edit", "flux_kontext"),
        ("image_to_video_with_sound", "veo_3"),
        ("image_to_video_cinematic", "sora_2"),
        ("studio_image_edit", "nano_banana_edit"),
    ],
)
def test_each_use_case_has_its_leader(use_case: str, leader: str) -> None:
    found = ask(use_case=use_case)
    assert ids(found)[0] == leader
    assert first(found).reasons[0].startswith("First choice for this: ")


def test_every_use_case_is_tested() -> None:
    assert {one.value for one in UseCase} == {
        mark.args[1][index][0]
        for mark in test_each_use_case_has_its_leader.pytestmark  # type: ignore[attr-defined]  # pytest's own
        for index in range(len(mark.args[1]))
    }


def test_a_character_who_handles_text_or_machinery_goes_elsewhere() -> None:
    assert ids(ask(Need.CHARACTER_CONSISTENCY))[0] == "nano_banana_2"
    for need in (Need.TEXT_IN_PICTURE, Need.MACHINERY):
        found = ask(Need.CHARACTER_CONSISTENCY, need)
        assert ids(found)[0] == "gpt_image_2"
        assert [(one.code, one.ai_model_id) for one in found.advice] == [("character_with_text", "gpt_image_2")]


def test_the_task_changes_the_answer() -> None:
    early = ids(ask(Need.SPEED, stage="explore"))[0]
    brand = ids(ask(Need.BRAND_CONSISTENCY, Need.REALISM, Need.REFERENCES))[0]
    small = ids(ask(Need.SMALL_SPOT))[0]
    assert (early, brand, small) == ("z_image_turbo", "flux_2_pro", "flux_kontext")


def test_who_says_nothing_starts_exploring() -> None:
    found = ask()
    assert first(found).on_shelf.ai_model.stage == "explore"
    assert first(found).price_mc <= from_credits(8)


def test_a_small_spot_wants_a_mask_or_a_precise_model() -> None:
    found = ask(Need.SMALL_SPOT)
    assert ids(found)[:2] == ["flux_kontext", "openai_4o"]
    assert [(one.code, one.ai_model_id) for one in found.advice] == [("small_spot", "openai_4o")]
    assert ids(ask(Need.SMALL_SPOT, Need.MASK)) == ["openai_4o"]


def test_no_model_promises_an_exact_color() -> None:
    found = ask(Need.EXACT_COLORS, task=Task.IMAGE_EDIT)
    assert found.suggestions
    (advice,) = found.advice
    assert (advice.code, advice.ai_model_id) == ("exact_colors", "")
    assert advice.sentence.startswith("No model promises an exact color value.")


def test_a_background_goes_with_the_cut_out_tool() -> None:
    found = ask(Need.BACKGROUND_REMOVAL, task=Task.IMAGE_EDIT)
    assert ids(found) == ["recraft", "local_cutout"]
    assert first(found).price_mc == from_credits(4)
    assert [(one.code, one.ai_model_id) for one in found.advice] == [("background_removal", "recraft")]
    elsewhere = ask(Need.BACKGROUND_REMOVAL, unavailable={"recraft": "Nobody serves it."})
    assert [(one.code, one.ai_model_id) for one in elsewhere.advice] == [("background_removal", "local_cutout")]


@pytest.mark.parametrize(("references", "out"), [(1, set()), (10, {"flux_2_pro"}), (14, {"gpt_image_2", "openai_4o"})])
def test_models_that_take_too_few_pictures_are_left_out(references: int, out: set[str]) -> None:
    found = ask(task=Task.IMAGE_EDIT, references=references)
    assert "nano_banana_2" in ids(found)
    assert not out & set(ids(found))
    reason = f"Takes 14 references; you have {references}."
    assert reason in next(one for one in found.suggestions if one.on_shelf.ai_model.pk == "nano_banana_2").reasons


def test_words_alone_are_no_place_for_references() -> None:
    found = ids(ask(Need.REFERENCES, task=Task.CREATE))
    assert not {"imagen_4_ultra", "z_image_turbo", "flux_schnell"} & set(found)
    assert "bytedance_seedream" in found


def test_4k_is_set_and_paid_for() -> None:
    found = {one.on_shelf.ai_model.pk: one for one in ask(Need.RESOLUTION_4K, task=Task.IMAGE_EDIT).suggestions}
    assert "seedream_v5_edit" not in found  # it delivers nine megapixels at most
    edit, two = found["nano_banana_edit"], found["nano_banana_2"]
    assert (edit.inputs, edit.price_mc) == ({"resolution": "4K"}, from_credits(60))
    assert (two.inputs, two.price_mc) == ({"resolution": "4K"}, from_credits(32))


def test_4k_is_a_size_of_ones_own_where_no_word_means_it() -> None:
    found = {one.on_shelf.ai_model.pk: one for one in ask(Need.RESOLUTION_4K, task=Task.CREATE).suggestions}
    schnell = found["flux_schnell"]
    assert (schnell.inputs, schnell.price_mc) == ({"image_size": {"width": 2304, "height": 4096}}, from_credits(9))


def test_one_credit_is_no_plural() -> None:
    found = {one.on_shelf.ai_model.pk: one for one in ask(task=Task.CREATE).suggestions}
    assert found["flux_schnell"].reasons[-1] == "1 credit a run."
    assert found["qwen"].reasons[-1] == "6 credits a run."


def test_sound_and_masks_are_hard_conditions() -> None:
    assert ids(ask(Need.SOUND)) == ["veo_3"]
    assert ids(ask(Need.MASK)) == ["openai_4o"]
    assert ids(ask(Need.SOUND, task=Task.CREATE)) == []


def test_the_budget_counts_all_pictures() -> None:
    found = ask(task=Task.IMAGE_EDIT, max_mc=from_credits(28), pictures=4)
    prices = {one.on_shelf.ai_model.pk: one.price_mc for one in found.suggestions}
    assert prices["seedream_v5_edit"] == from_credits(28)
    assert prices["flux_2_pro"] == from_credits(24)
    assert max(prices.values()) <= from_credits(28)
    assert "nano_banana_edit" not in prices
    told = next(one for one in found.suggestions if one.on_shelf.ai_model.pk == "seedream_v5_edit").reasons[-1]
    assert told == "28 credits for 4 pictures of the 28 you allow."


def test_a_deadline_leaves_the_slow_out_and_warns_of_the_unknown() -> None:
    found = ask(task=Task.IMAGE_EDIT, seconds=16)
    slow = {"gpt_image_1", "gpt_image_1_5", "reve", "flux_2_max", "seedream_v45_edit"}
    assert not slow & set(ids(found))
    by_id = {one.on_shelf.ai_model.pk: one for one in found.suggestions}
    assert "Takes about 16 s." in by_id["nano_banana_edit"].reasons
    assert by_id["nano_banana_2"].cautions == ("Nobody has timed it yet, so 16 s are not promised.",)


def test_nothing_that_fits_says_what_stood_in_the_way() -> None:
    assert ask(task=Task.IMAGE_EDIT, max_mc=from_credits(1)).nothing.endswith(" cost more than 1 credit.")
    assert ask(task=Task.UPSCALE, references=3, max_mc=0).nothing == (
        "Nothing fits: 2 models that do this work take fewer than 3 references."
    )
    assert ask(task=Task.UPSCALE, stage="motion").nothing == "No model on sale does this work."
    assert recommend([], wish=Wish()).nothing == "No model is on sale and switched on."
    assert ask(Need.SOUND, max_mc=from_credits(600)).nothing.startswith("Nothing fits: ")
    assert not ask(task=Task.UPSCALE).nothing


def test_who_cannot_be_run_comes_last_and_says_so() -> None:
    found = ask(Need.CHARACTER_CONSISTENCY, unavailable={"nano_banana_2": "Needs a key."})
    last = found.suggestions[-1]
    assert (last.on_shelf.ai_model.pk, last.is_available, last.unavailable) == ("nano_banana_2", False, "Needs a key.")
    assert ids(found)[0] == "gpt_image_2"


def test_what_is_off_or_retired_is_not_suggested() -> None:
    shelf = pick("recraft", "local_cutout")
    shelf[0].ai_model.lifecycle = "retired"
    try:
        found = recommend(shelf, wish=Wish(task=Task.BACKGROUND_REMOVAL))
    finally:
        shelf[0].ai_model.lifecycle = "active"
    assert ids(found) == ["local_cutout"]


def test_supported_models_carry_their_caution() -> None:
    by_id = {one.on_shelf.ai_model.pk: one for one in ask(task=Task.IMAGE_EDIT).suggestions}
    assert by_id["reve_fast"].cautions == ("Supported, not recommended: quality and speed may vary.",)
    assert by_id["nano_banana_edit"].cautions == ()


def test_the_answer_is_always_the_same() -> None:
    for stage in Stage:
        assert ids(ask(Need.SPEED, Need.REALISM, stage=stage)) == ids(ask(Need.REALISM, Need.SPEED, stage=stage))
    backwards = recommend(reversed(whole_shelf()), wish=Wish(task=Task.IMAGE_EDIT))
    assert ids(backwards) == ids(ask(task=Task.IMAGE_EDIT))


def test_a_named_use_case_is_answered_by_the_model_made_for_it_although_it_cannot_run() -> None:
    found = ask(use_case=UseCase.BEST_QUALITY_WITHOUT_REFERENCE, unavailable={"imagen_4_ultra": "Needs a key."})
    first, second, *_ = found.suggestions
    assert (first.on_shelf.ai_model.pk, first.unavailable) == ("imagen_4_ultra", "Needs a key.")
    assert second.is_available
