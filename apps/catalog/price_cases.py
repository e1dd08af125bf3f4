"""Worked prices: requests with what they must cost, or why they must be refused. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from apps.catalog.inputs import InvalidInputs, Measured, clean, planned_outputs
from apps.catalog.price_rules import PriceRule
from apps.catalog.pricing import charge, quote
from apps.catalog.spec import ModelSpec, pictures_in
from apps.ledger.amounts import ZERO, Millicredits, format_credits

OUTCOMES: Final = ("charged", "mock", "refused")
REASONS: Final = frozenset({"image_too_large", "output_too_large", "too_many_images"})  # any other is the schema's
_USUAL: Final = (1024, 1024)  # of a picture whose size the case does not give


@dataclass(frozen=True, slots=True)
class PriceCase:
    """One request and its two amounts: what is held when it is accepted, and what is charged when it ended."""

    inputs: Mapping[str, Any]  # JSON, as a caller sends them
    wrapper_format: str | None = None
    is_mock: bool = False
    pictures: tuple[tuple[int, int], ...] = ()  # width and height, in the order of the inputs; more are 1024x1024
    delivered: int | None = None  # files that came back; None: all of them
    outcome: str = "charged"  # one of OUTCOMES
    error: str = ""  # why it is refused: one of REASONS, or "schema"
    hold_mc: Millicredits = ZERO
    charge_mc: Millicredits = ZERO

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PriceCase":
        """Read a case as ``to_json`` writes it."""
        return cls(
            inputs=data["inputs"],
            wrapper_format=data["format"],
            is_mock=data["mock"],
            pictures=tuple((width, height) for width, height in data["pictures"]),
            delivered=data["delivered"],
            outcome=data["outcome"],
            error=data["error"],
            hold_mc=Millicredits(data["hold_mc"]),
            charge_mc=Millicredits(data["charge_mc"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Write the case for the database; amounts in millicredits."""
        return {
            "inputs": dict(self.inputs),
            "format": self.wrapper_format,
            "mock": self.is_mock,
            "pictures": [list(size) for size in self.pictures],
            "delivered": self.delivered,
            "outcome": self.outcome,
            "error": self.error,
            "hold_mc": self.hold_mc,
            "charge_mc": self.charge_mc,
        }


def check_case(case: PriceCase, *, spec: ModelSpec, rule: PriceRule) -> str:
    """Say what differs between a case and what this rule makes of its request; empty when nothing does."""
    found = _work(case, spec, rule)
    return "" if found == case else f"Should be {_in_words(case)}, but is {_in_words(found)}."


def failing(cases: Iterable[PriceCase], *, spec: ModelSpec, rule: PriceRule) -> list[tuple[int, str]]:
    """List the cases that do not hold: their number, counted from 1, and what differs."""
    checked = ((number, check_case(case, spec=spec, rule=rule)) for number, case in enumerate(cases, start=1))
    return [(number, sentence) for number, sentence in checked if sentence]


def worked(cases: Iterable[PriceCase], *, spec: ModelSpec, rule: PriceRule) -> tuple[PriceCase, ...]:
    """Give the same requests the amounts, or the refusals, that this rule gives them."""
    return tuple(_work(case, spec, rule) for case in cases)


def _work(case: PriceCase, spec: ModelSpec, rule: PriceRule) -> PriceCase:
    pictures = _measures(case, spec)
    nothing = replace(case, outcome="mock", error="", hold_mc=ZERO, charge_mc=ZERO)
    try:
        cleaned = clean(spec=spec, inputs=case.inputs, wrapper_format=case.wrapper_format, pictures=pictures)
    except InvalidInputs as refusal:
        return replace(nothing, outcome="refused", error=refusal.reason if refusal.reason in REASONS else "schema")
    if case.is_mock:
        return nothing
    effective = cleaned.effective
    planned = planned_outputs(spec=spec, effective=effective, pictures=pictures)
    delivered = planned.count if case.delivered is None else case.delivered
    return replace(
        nothing,
        outcome="charged",
        hold_mc=quote(rule=rule, effective=effective, planned=planned).amount_mc,
        charge_mc=charge(rule=rule, effective=effective, planned=planned, delivered=delivered),
    )


def _measures(case: PriceCase, spec: ModelSpec) -> dict[str, Measured]:
    sources = [source for _, _, source in pictures_in(spec.schema, case.inputs) if isinstance(source, str)]
    sizes = [*case.pictures, *[_USUAL] * len(sources)]
    return {source: Measured(*size, "image/png", 1) for source, size in zip(sources, sizes, strict=False)}


def _in_words(case: PriceCase) -> str:
    if case.outcome == "refused":
        return f"refused ({case.error})"
    words = f"{format_credits(case.hold_mc)} held and {format_credits(case.charge_mc)} charged"
    return f"a mock, {words}" if case.outcome == "mock" else words
