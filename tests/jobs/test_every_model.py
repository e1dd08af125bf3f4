"""Every model with every format preset: the mock makes what was planned, and what is held is charged."""

from typing import Any

import pytest

from apps.catalog.inputs import picture_fields
from apps.catalog.models import AIModel
from apps.jobs.states import State
from apps.ledger.models import Hold
from tests.jobs.conftest import Stage
from tests.jobs.scripted import done, png
from tests.jobs.test_submission import upload

HOSTED = {
    "flux_schnell": True,
    "flux_pro": True,
    "flux_realism": True,
    "nano_banana": True,
    "nano_banana_edit": True,
    "seedream_v45_edit": True,
    "seedream_v5_edit": True,
    "topaz_upscale_image": False,  # no format map
}
RUNS = [
    (ai_model_id, preset)
    for ai_model_id, has_formats in HOSTED.items()
    for preset in (None, *(("shorts", "reels", "horizontal") if has_formats else ()))
]


def fitting_inputs(stage: Stage, ai_model_id: str) -> dict[str, Any]:
    """The least a model takes: a prompt where it wants one, a picture where it needs one."""
    schema = AIModel.objects.get(pk=ai_model_id).schema
    inputs: dict[str, Any] = {"prompt": "a red kite"} if "prompt" in schema["required"] else {}
    for name in picture_fields(schema):
        if name in schema["required"]:
            photo = upload(stage, png(320, 240)).public_id
            inputs[name] = [photo] if schema["properties"][name]["type"] == "array" else photo
    return inputs


@pytest.mark.parametrize(("ai_model_id", "preset"), RUNS)
def test_a_mock_delivers_exactly_what_is_planned(stage: Stage, ai_model_id: str, preset: str | None) -> None:
    inputs = fitting_inputs(stage, ai_model_id)
    job = stage.run(stage.submit(ai_model_id, inputs=inputs, format=preset, is_mock=True))
    assert (job.state, job.charged_mc, Hold.objects.count()) == (State.SUCCEEDED, 0, 0)
    output = job.outputs.get().asset
    planned = job.planned_outputs
    assert (output.width, output.height, output.content_type) == (planned.width, planned.height, planned.content_type)
    if preset in {"shorts", "reels"}:
        assert output.height * 9 == output.width * 16
    elif preset == "horizontal":
        assert output.width * 9 == output.height * 16


@pytest.mark.parametrize(("ai_model_id", "preset"), RUNS)
def test_what_is_held_is_charged(stage: Stage, ai_model_id: str, preset: str | None) -> None:
    inputs = fitting_inputs(stage, ai_model_id)
    stage.provider.submits = [done(png())]
    job = stage.submit(ai_model_id, inputs=inputs, format=preset)
    assert job.hold is not None
    held = job.hold.amount_mc
    stage.run(job)
    assert (job.state, job.charged_mc, job.quoted_mc) == (State.SUCCEEDED, held, held)
    assert held > 0
