"""Credits: what there is, what it covers, where it went, and every movement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Q
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing import top_up
from apps.catalog.money import current_terms, format_usd, to_microusd
from apps.catalog.price_rules import PER_DOLLAR
from apps.jobs.forecast import lasts
from apps.ledger.balances import Balance, read_balance
from apps.ledger.kinds import LOT_WORDS, LotKind
from apps.ledger.models import Lot
from apps.studio import catalog
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.buying import look_at, shop_of
from apps.studio.covers import covers_of
from apps.studio.credits_tabs import credits_tabs
from apps.studio.ledger_page import ledger_of
from apps.studio.shell import page, shell_of
from apps.studio.usage_page import UsageReader

LOTS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class LotRow:
    """Credits of one origin, with what is left of them."""

    label: str
    left_mc: int
    granted_mc: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tiles:
    """The numbers on top."""

    available_mc: int
    held_mc: int
    used_mc: int
    used_jobs: int
    used_for: str  # pictures and clips
    used_usd: str  # what those credits are worth
    expiring_mc: int
    expires_at: datetime | None
    debt_mc: int
    frozen_mc: int


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def credits(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show the balance and all about it. What is looked at, and how, stands in the address."""
    now, workspace = timezone.now(), actor.workspace
    returned = look_at(workspace, request.GET["purchase"], now=now) if "purchase" in request.GET else None
    everything, balance = catalog.offered(actor, now=now), read_balance(workspace=workspace, now=now)
    reader = UsageReader(workspace, now=now, models=everything.names)
    shop = shop_of(actor, currency=request.GET.get("currency", ""))
    return page(
        request,
        actor,
        "studio/credits.html",
        shell=shell_of(actor, current="credits", everything=everything),
        tabs=credits_tabs(actor, current="credits"),
        tiles=_tiles(balance, reader),
        top_up=top_up.summary(workspace=workspace, now=now),
        lasts=lasts(workspace=workspace, balance=balance, now=now),
        lots=_lots(workspace, now),
        returned=returned,
        shop=shop,
        covers=covers_of(everything, request.GET, packs_mc=tuple(offer.credits_mc for offer in shop.offers)),
        usage=reader.panel(request.GET),
        ledger=ledger_of(workspace, everything, request.GET, news=returned.key if returned else None),
        workspace_id=workspace.pk,
    )


def _tiles(balance: Balance, reader: UsageReader) -> Tiles:
    used = reader.month()
    worth = to_microusd(used.spent_mc, usd_per_credit=current_terms().usd_per_credit)
    expiring_mc, expires_at = balance.expiring[0] if balance.expiring else (0, None)
    return Tiles(
        available_mc=balance.available_mc,
        held_mc=balance.held_mc,
        used_mc=used.spent_mc,
        used_jobs=used.jobs,
        used_for=used.made,
        used_usd=format_usd(worth if worth < PER_DOLLAR else round(worth, -4)),  # dollars to the cent
        expiring_mc=expiring_mc,
        expires_at=expires_at,
        debt_mc=balance.debt_mc,
        frozen_mc=balance.frozen_mc,
    )


def _lots(workspace: Workspace, now: datetime) -> list[LotRow]:
    """What is left, in the order in which it is spent."""
    lots = Lot.objects.for_workspace(workspace).filter(Q(expires_at=None) | Q(expires_at__gt=now), available_mc__gt=0)
    ordered = lots.order_by("priority", F("expires_at").asc(nulls_last=True), "id")[:LOTS_SHOWN]
    return [LotRow(LOT_WORDS[LotKind(lot.kind)], lot.available_mc, lot.granted_mc, lot.expires_at) for lot in ordered]
