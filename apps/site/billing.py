"""What a credit is, and what everything costs."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.billing import payments
from apps.billing.packs import CreditPack
from apps.catalog.money import current_terms, format_usd, to_microusd
from apps.catalog.pricing import PriceRow, in_words
from apps.catalog.shelf import OnShelf, read_shelf
from apps.ledger.amounts import PER_CREDIT
from apps.ledger.kinds import LOT_WORDS, burn_order
from apps.site.catalog import last_changed
from apps.site.facts import CERTAIN
from apps.site.list_prices import range_of
from apps.site.pages import public_page, show


@dataclass(frozen=True, slots=True)
class Priced:
    """A model in the price list."""

    name: str
    url: str
    stage: str
    rows: list[PriceRow]
    list_usd: str
    is_certain: bool
    status: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack on offer; ``prices`` are (minor units, currency), the same pack in each."""

    name: str
    credits_mc: int
    bonus_mc: int
    prices: list[tuple[int, str]]


@public_page
def billing(request: HttpRequest) -> HttpResponse:
    """Explain credits, holds, charges and failures, and list every pack and every price."""
    shelf, terms = read_shelf(now=timezone.now()), current_terms()
    gift_mc = settings.EASEL_SIGN_UP_CREDITS * PER_CREDIT
    return show(
        request,
        "site/billing.html",
        current="site_billing",
        packs=[_pack(one) for one in payments.packs()] if payments.is_on() else [],
        models=[_priced(one) for one in shelf],
        usd_per_credit=f"{terms.usd_per_credit.normalize():f}",
        credits_per_dollar=f"{(1 / terms.usd_per_credit).normalize():f}",
        burn_order=[[LOT_WORDS[kind] for kind in kinds] for kinds in burn_order()],
        gift_mc=gift_mc,
        gift_usd=format_usd(to_microusd(gift_mc, usd_per_credit=terms.usd_per_credit)),
        changed_at=last_changed(shelf),
    )


def _priced(one: OnShelf) -> Priced:
    ai_model = one.ai_model
    return Priced(
        name=ai_model.name,
        url=reverse("site_model", args=[ai_model.pk]),
        stage=ai_model.stage,
        rows=in_words(rule=one.rule, spec=one.spec),
        list_usd=range_of(ai_model.list_price_usd),
        is_certain=ai_model.price_status in CERTAIN,
        status=ai_model.price_status,
    )


def _pack(one: CreditPack) -> Pack:
    prices = [(amount_minor, currency) for currency, amount_minor in one.prices.items()]
    return Pack(one.name, one.total_mc, one.bonus_mc, prices)
