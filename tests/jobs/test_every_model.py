"""Every model with every format preset: the mock makes what was planned, and what is held is charged."""

from typing import Any

import pytest

from apps.catalog.inputs import picture_fields
from apps.catalog.parameter_maps import takes
from apps.catalog.spec import FORMATS
from apps.jobs.states import State
from apps.ledger.models import Hold
from tests.catalog.shelf import models, needed
from tests.jobs.conftest import Stage
from tests.jobs.scripted import done, png
from tests.jobs.test_submission import upload

HOSTED = {one: model for one, model in sorted(models().items()) if model.data["provider"] != "local"}
RUNS = [
    (one, preset) for one, model in HOSTED.items() for preset in (None, *(FORMATS if model.spec.format_map else ()))
]


def is_served(ai_model_id: str) -> bool:
    """Whether an endpoint takes the least that the model takes."""
    model = HOSTED[ai_model_id]
    return any(
        takes(one.get("condition", {}), schema=model.spec.schema, inputs=needed(ai_model_id))
        for one in model.data["endpoints"]
    )


PICTURES_SERVED = [
    (one, preset) for one, preset in RUNS if is_served(one) and HOSTED[one].data["kind"] != "image_to_video"
]


def fitting_inputs(stage: Stage, ai_model_id: str) -> dict[str, Any]:
    """The least a model takes, with pictures of ours."""
    inputs = needed(ai_model_id)
    for name in picture_fields(models()[ai_model_id].spec.schema):
        if name in inputs:
            photo = upload(stage, png(320, 240)).public_id
            inputs[name] = [photo] if isinstance(inputs[name], list) else photo
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


@pytest.mark.parametrize(("ai_model_id", "preset"), PICTURES_SERVED)
def test_what_is_held_is_charged(stage: Stage, ai_model_id: str, preset: str | None) -> None:
    inputs = fitting_inputs(stage, ai_model_id)
    stage.provider.submits = [done(png())]
    job = stage.submit(ai_model_id, inputs=inputs, format=preset)
    assert job.hold is not None
    held = job.hold.amount_mc
    stage.run(job)
    assert (job.state, job.charged_mc, job.quoted_mc) == (State.SUCCEEDED, held, held)
    assert held > 0
