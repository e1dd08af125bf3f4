"""What a model earns on a usual run: its price against what the provider asks. Pure."""

from decimal import Decimal

from apps.catalog import pricing
from apps.catalog.inputs import default_inputs
from apps.catalog.models import AIModel, PriceVersion
from apps.catalog.money import margin_percent
from apps.catalog.price_rules import Unit, kept_rule
from apps.catalog.sizes import planned_outputs


def usual_margin(*, ai_model: AIModel, price: PriceVersion, usd_per_credit: Decimal) -> Decimal | None:
    """Tell which part of the price is left of a run that leaves out all that may be left out, in percent to a tenth.

    None where nobody knows what the provider asks.
    """
    if price.cost_rule is None:
        return None
    spec = ai_model.spec()
    effective = default_inputs(spec)
    planned = planned_outputs(spec=spec, effective=effective, pictures=None)
    sell, cost = kept_rule(price.sell_rule), kept_rule(price.cost_rule, Unit.MICRODOLLARS)
    return margin_percent(
        revenue_mc=pricing.charge(rule=sell, effective=effective, planned=planned, delivered=planned.count),
        cost_microusd=pricing.cost(rule=cost, effective=effective, planned=planned, delivered=planned.count),
        usd_per_credit=usd_per_credit,
    )
