"""Credits: what there is, in which order it is spent, and every movement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actor import Actor
from apps.accounts.models import User
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing.models import Purchase
from apps.jobs.models import Job
from apps.ledger.amounts import format_credits
from apps.ledger.balances import read_balance
from apps.ledger.kinds import LOT_WORDS, LotKind
from apps.ledger.models import Entry, Lot, Operation
from apps.ledger.statement import StatementLine, statement
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.buying import look_at, row_of, shop_of
from apps.studio.credits_tabs import credits_tabs
from apps.studio.runs import page_url, title_of, with_pictures, words_of
from apps.studio.shell import page

PAGE_SIZE: Final = 50
LOTS_SHOWN: Final = 20
_PERIOD: Final = timedelta(days=30)
_KINDS: Final = {
    Operation.Kind.GRANT: "Given",
    Operation.Kind.HOLD: "Held for a run",
    Operation.Kind.SETTLE: "Settled",
    Operation.Kind.UNCAPTURE: "Refunded",
    Operation.Kind.EXPIRE: "Expired",
    Operation.Kind.PAYMENT: "Payment changed",
    Operation.Kind.ADJUST: "Corrected",
}


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One movement. ``delta_mc`` is what it did to the credits that can be spent."""

    at: datetime
    kind: str
    what: str
    is_words: bool  # ``what`` is the beginning of a prompt
    url: str
    ai_model: str
    who: str
    note: str
    delta_mc: int
    is_news: bool  # what the buyer came back for


@dataclass(frozen=True, slots=True)
class Source:
    """The purchase behind a movement."""

    key: UUID
    name: str
    url: str


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
    used_runs: int
    expiring_mc: int
    expires_at: datetime | None
    debt_mc: int
    frozen_mc: int


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def credits(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show the balance and the ledger, newest first, by keyset."""
    now, workspace = timezone.now(), actor.workspace
    here, returned = reverse("credits", args=[workspace.pk]), None
    if "purchase" in request.GET:
        returned = look_at(workspace, request.GET["purchase"], now=now)
    lines = statement(workspace=workspace, limit=PAGE_SIZE + 1, after=_uuid(request.GET.get("before", "")))
    return page(
        request,
        actor,
        "studio/credits.html",
        current="credits",
        tabs=credits_tabs(actor, current="credits"),
        tiles=_tiles(workspace, now),
        lots=_lots(workspace, now),
        returned=returned,
        shop=shop_of(actor, currency=request.GET.get("currency", "")),
        rows=_rows(workspace, lines[:PAGE_SIZE], news=returned.key if returned else None),
        next_url=f"{here}?before={lines[PAGE_SIZE - 1].id}" if len(lines) > PAGE_SIZE else "",
    )


def _tiles(workspace: Workspace, now: datetime) -> Tiles:
    balance = read_balance(workspace=workspace, now=now)
    ended = Job.objects.for_workspace(workspace).filter(ended_at__gte=now - _PERIOD, charged_mc__gt=0)
    used = ended.aggregate(sum=Sum("charged_mc", default=0), runs=Count("pk"))
    expiring_mc, expires_at = balance.expiring[0] if balance.expiring else (0, None)
    return Tiles(
        available_mc=balance.available_mc,
        held_mc=balance.held_mc,
        used_mc=int(used["sum"]),
        used_runs=used["runs"],
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


def _rows(workspace: Workspace, lines: list[StatementLine], *, news: UUID | None) -> list[LedgerRow]:
    ids = {line.job_id for line in lines if line.job_id}
    jobs = {job.pk: job for job in with_pictures(Job.objects.for_workspace(workspace).filter(pk__in=ids))}
    people = {one for one in (*(line.actor_id for line in lines), *(job.user_id for job in jobs.values())) if one}
    names = {user.pk: user.name or user.email for user in User.objects.filter(pk__in=people)}
    sources = _sources(workspace, lines)
    return [
        _row(line, jobs.get(line.job_id) if line.job_id else None, sources.get(line.id), names, news) for line in lines
    ]


def _sources(workspace: Workspace, lines: list[StatementLine]) -> dict[UUID, Source]:
    """Find the purchases that movements are about."""
    ids = [line.id for line in lines if line.kind in {Operation.Kind.GRANT, Operation.Kind.PAYMENT}]
    entries = Entry.objects.for_workspace(workspace).filter(operation__in=ids)
    # The first entry of an operation tells what it is about; later ones may pay a debt of another purchase.
    first = dict(entries.order_by("-seq").values_list("operation_id", "lot__purchase_id"))
    found = {line: key for line, key in first.items() if key is not None}
    rows = Purchase.objects.for_workspace(workspace).filter(pk__in=set(found.values()))
    sources = {one.pk: Source(one.pk, one.pack_name, row_of(one).url) for one in rows}
    return {line: sources[key] for line, key in found.items() if key in sources}


def _row(
    line: StatementLine, job: Job | None, source: Source | None, names: Mapping[UUID, str], news: UUID | None
) -> LedgerRow:
    person = job.user_id if job else line.actor_id
    is_sale = source is not None and line.kind == Operation.Kind.GRANT
    return LedgerRow(
        at=line.created_at,
        kind="Bought" if is_sale else _KINDS[Operation.Kind(line.kind)],
        what=title_of(job) if job else source.name if source else line.reason,
        is_words=bool(job and words_of(job)),
        url=page_url(job) if job else source.url if source else "",
        ai_model=job.ai_model.name if job else "",
        who=names.get(person, "Easel") if person else "Easel",
        note=_note(line),
        delta_mc=line.available_delta_mc,
        is_news=is_sale and source is not None and source.key == news,
    )


def _note(line: StatementLine) -> str:
    """What the change of the balance does not say by itself."""
    match line.kind:
        case Operation.Kind.HOLD:
            return "held"
        case Operation.Kind.SETTLE if line.available_delta_mc:
            return f"returned, {format_credits(line.amount_mc)} paid" if line.amount_mc else "returned"
        case Operation.Kind.SETTLE:
            return f"{format_credits(line.amount_mc)} paid from what was held"
        case _:
            return ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
