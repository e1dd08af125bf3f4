"""Which price of a model is in force."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from apps.catalog.models import AIModel, PriceState, PriceVersion
from apps.errors import DomainError


class NoPrice(DomainError):
    """The model has no price yet, so it cannot be sold."""

    code = "no_price"


def current_price(*, ai_model: AIModel, now: datetime) -> PriceVersion:
    """Find the price a run that starts now is made with: the one that came into force last.

    :raises NoPrice: none is in force.
    """
    version = find_price(ai_model=ai_model, now=now)
    if version is None:
        raise NoPrice(f"{ai_model.name} has no price yet.")
    return version


def find_price(*, ai_model: AIModel, now: datetime) -> PriceVersion | None:
    """Find the price in force, or None."""
    versions = PriceVersion.objects.filter(ai_model=ai_model, state=PriceState.PUBLISHED, effective_at__lte=now)
    return versions.order_by("-effective_at", "-number").first()


def prices_in_force(*, now: datetime) -> QuerySet[PriceVersion]:
    """Every price in force, one for each model that has one."""
    published = PriceVersion.objects.filter(state=PriceState.PUBLISHED, effective_at__lte=now)
    latest = published.filter(ai_model=OuterRef("ai_model")).order_by("-effective_at", "-number")
    return published.filter(pk=Subquery(latest.values("pk")[:1]))


def current_prices(*, now: datetime) -> dict[str, PriceVersion]:
    """Find every price in force: id of the model → its version. A model that has none is not in it. One query.

    Worked cases are not read with them; each version asks for its own.
    """
    versions = prices_in_force(now=now).defer("cases")  # the larger half
    return {version.ai_model_id: version for version in versions}
