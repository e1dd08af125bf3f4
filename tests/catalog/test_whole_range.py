"""Ten thousand random requests over all models: what is quoted is held, and charged when everything is delivered."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from apps.catalog.inputs import InvalidInputs, Measured, clean, planned_outputs
from apps.catalog.pricing import charge, quote
from tests.catalog.shelf import models
from tests.catalog.strategies import valid_inputs

MODELS: Final = sorted(models())
RULES_BEYOND_THE_SCHEMA: Final = {"image_too_large", "output_too_large", "too_many_images", "max_items"}
EXAMPLES: Final = 10_000
EACH: Final = -(-EXAMPLES // len(MODELS))
_SIZES: Final = st.tuples(st.integers(1, 9_459), st.integers(1, 9_459))
_PRESETS: Final = st.sampled_from([None, "shorts", "reels", "horizontal"])


@pytest.mark.once
@pytest.mark.parametrize("model_id", MODELS)
def test_quote_is_hold_is_charge(model_id: str) -> None:
    checked = 0

    @settings(
        max_examples=EACH,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs=valid_inputs(models()[model_id].spec), size=_SIZES, preset=_PRESETS)
    def check(inputs: dict[str, Any], size: tuple[int, int], preset: str | None) -> None:
        nonlocal checked
        assume(prices_add_up(model_id, inputs, size, preset))
        checked += 1

    check()
    assert checked >= EACH


def prices_add_up(model_id: str, inputs: dict[str, Any], size: tuple[int, int], preset: str | None) -> bool:
    """Check one request; False where a rule that no schema can say refuses it."""
    model = models()[model_id]
    pictures = {source: Measured(*size) for source in _sources(inputs)}
    try:
        effective = clean(spec=model.spec, inputs=inputs, wrapper_format=preset, pictures=pictures).effective
    except InvalidInputs as refusal:
        if {fault["code"] for fault in refusal.details["fields"]} <= RULES_BEYOND_THE_SCHEMA:
            return False
        raise
    planned = planned_outputs(spec=model.spec, effective=effective, pictures=pictures)
    quoted = quote(rule=model.rule, effective=effective, planned=planned)
    charges = [
        charge(rule=model.rule, effective=effective, planned=planned, delivered=delivered)
        for delivered in range(planned.count + 1)
    ]
    assert quoted.amount_mc > 0
    assert quoted.amount_mc == sum(line.amount_mc for line in quoted.lines)
    assert charges[0] == 0
    assert charges[-1] == quoted.amount_mc
    assert charges == sorted(charges)
    return True


def _sources(inputs: dict[str, Any]) -> list[str]:
    """Every picture that is named anywhere in the inputs."""
    values = [item for value in inputs.values() for item in (value if isinstance(value, list) else [value])]
    return [value for value in values if isinstance(value, str) and value.startswith("https://")]
