"""What keeps a model from being sold: a price that does not fit it, or worked prices that do not come out. Pure."""

from collections.abc import Iterable

from apps.catalog.checks.fit import fit_problems
from apps.catalog.checks.problems import Problem
from apps.catalog.models import PriceVersion
from apps.catalog.price_cases import PriceCase, failing
from apps.catalog.price_rules import InvalidPriceRule, PriceRule
from apps.catalog.spec import ModelSpec


def live_problems(*, spec: ModelSpec, version: PriceVersion | None) -> list[Problem]:
    """List what keeps a model from being sold at a price; nothing when it may go live."""
    if version is None:
        return [("price", "The model has no price in force.")]
    try:
        rule = PriceRule.from_json(version.sell_rule)
    except InvalidPriceRule as fault:
        return [("price", str(fault))]
    cases = [PriceCase.from_json(case) for case in version.cases]
    if not cases:
        return [*fit_problems(spec, rule), ("cases", f"Price {version.number} has no worked case to be checked by.")]
    return fit_problems(spec, rule) or case_problems(cases, spec=spec, rule=rule)


def case_problems(cases: Iterable[PriceCase], *, spec: ModelSpec, rule: PriceRule) -> list[Problem]:
    """List the worked prices that do not come out."""
    return [(f"cases.{number}", sentence) for number, sentence in failing(cases, spec=spec, rule=rule)]
