"""Workspaces: found by name, id or a member's e-mail; one with its books, people and jobs; credits given by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import Membership
from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.ids import from_public, to_public
from apps.jobs.models import Job
from apps.ledger.balances import Balance, read_balance
from apps.ledger.kinds import LotKind
from apps.ledger.models import Lot, Wallet
from apps.ledger.operations import WalletNotFound
from apps.ledger.statement import StatementLine, statement
from apps.staff import grants
from apps.staff.pages import StaffRequest, demand, may, names_of, page, read_id, staff_page

VIEW: Final = ("accounts.view_workspace", "accounts.change_workspace")
GRANT: Final = "ledger.add_lot"
PAGE_SIZE: Final = 50
_JOBS_SHOWN: Final = 10
_LOTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One operation, with the person and the job it was for."""

    line: StatementLine
    who: str
    job: str  # its public id; empty: none


@require_GET
@staff_page(*VIEW)
def workspaces(request: StaffRequest) -> HttpResponse:
    """Find workspaces, the newest first."""
    words = request.GET.get("q", "").strip()
    rows = Workspace.objects.order_by("-pk")
    if words:
        key = from_public("ws", words) or read_id(words)
        rows = rows.filter(pk=key) if key else rows.filter(_named(words))
    if before := read_id(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    shown = list(rows[: PAGE_SIZE + 1])
    ids = [one.pk for one in shown[:PAGE_SIZE]]
    wallets = {one.workspace_id: one for one in Wallet.objects.filter(pk__in=ids)}
    query = request.GET.copy()
    if len(shown) > PAGE_SIZE:
        query["before"] = str(ids[-1])
    return page(
        request,
        "workspaces.html",
        title="Workspaces",
        current="workspaces",
        rows=[(one, wallets.get(one.pk)) for one in shown[:PAGE_SIZE]],
        words=words,
        next_url=f"?{query.urlencode()}" if len(shown) > PAGE_SIZE else "",
    )


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def workspace(request: StaffRequest, workspace_id: UUID) -> HttpResponse:
    """Show a workspace; give it credits, or correct them."""
    found = Workspace.objects.filter(pk=workspace_id).first()
    if found is None:
        raise Http404("There is no such workspace.")
    if request.method == "GET":
        return _show(request, found)
    demand(request, GRANT)
    posted = request.POST.dict()
    try:
        is_new = _give(found, posted, actor_id=request.user.pk, now=timezone.now())
    except grants.Unfit as unfit:
        return _show(request, found, posted=posted, faults={unfit.field: [str(unfit)]})
    except DomainError as refusal:
        return _show(request, found, posted=posted, faults={"amount": [str(refusal)]})
    messages.success(
        request, "Done; the ledger shows it." if is_new else "That was done already; nothing more happened."
    )
    return redirect(request.path)


def _named(words: str) -> Q:
    members = Membership.objects.filter(user__email__icontains=words).values("workspace")
    return Q(name__icontains=words) | Q(pk__in=members)


def _give(found: Workspace, posted: Mapping[str, str], *, actor_id: UUID, now: datetime) -> bool:
    """Do what the form says.

    :raises Unfit: a field is wrong. :raises DomainError: the books refuse it.
    """
    form_key, reason = read_id(posted.get("form_key", "")), grants.read_reason(posted.get("reason", ""))
    if form_key is None:
        raise grants.Unfit("", "This form is not one of ours. Open the page again.")
    who: dict[str, Any] = {  # arguments of either
        "workspace": found,
        "reason": reason,
        "form_key": form_key,
        "actor_id": actor_id,
        "now": now,
    }
    if posted.get("action") == "adjust":
        return grants.correct(amount_mc=grants.read_amount(posted.get("amount", ""), is_signed=True), **who)
    kind = posted.get("kind", "")
    if kind not in dict(grants.GIFTS):
        raise grants.Unfit("kind", "Choose what the credits are.")
    return grants.give(
        kind=LotKind(kind),
        amount_mc=grants.read_amount(posted.get("amount", ""), is_signed=False),
        expires_at=_read_expiry(posted.get("expires_on", ""), now),
        **who,
    )


def _read_expiry(text: str, now: datetime) -> datetime | None:
    """Read a day; credits are good until it ends.

    :raises Unfit: it is none, or past.
    """
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        raise grants.Unfit("expires_on", "Write a day, such as 2026-12-31.")
    ends_at = datetime.combine(day, time.max, tzinfo=UTC)
    if ends_at <= now:
        raise grants.Unfit("expires_on", "That day is past.")
    return ends_at


def _show(
    request: StaffRequest,
    found: Workspace,
    *,
    posted: Mapping[str, str] | None = None,
    faults: Mapping[str, list[str]] | None = None,
) -> HttpResponse:
    now, typed = timezone.now(), posted or {}
    lines = statement(workspace=found, limit=PAGE_SIZE + 1, after=read_id(request.GET.get("before", "")))
    return page(
        request,
        "workspace.html",
        title=found.name,
        current="workspaces",
        status=422 if faults else 200,
        workspace=found,
        balance=_balance(found, now),
        lots=_lots(found),
        rows=_rows(lines[:PAGE_SIZE]),
        next_url=f"?before={lines[PAGE_SIZE - 1].id}#ledger" if len(lines) > PAGE_SIZE else "",
        members=Membership.objects.for_workspace(found).select_related("user").order_by("created_at", "pk"),
        jobs=_jobs(found),
        gifts=grants.GIFTS,
        most=f"{grants.MOST_CREDITS:,}",
        typed=typed,
        faults=faults or {},
        form_keys=_form_keys(typed),
        may_grant=may(request, GRANT),
    )


def _form_keys(typed: Mapping[str, str]) -> dict[str, str]:
    """A fresh key for each form, so that sending one twice does it once; a form that was refused keeps its own."""
    keys = {"grant": str(uuid4()), "adjust": str(uuid4())}
    return keys | ({typed["action"]: typed["form_key"]} if typed.get("action") in keys and "form_key" in typed else {})


def _balance(found: Workspace, now: datetime) -> Balance | None:
    try:
        return read_balance(workspace=found, now=now)
    except WalletNotFound:
        return None


def _lots(found: Workspace) -> list[Lot]:
    ordered = Lot.objects.for_workspace(found).order_by("priority", F("expires_at").asc(nulls_last=True), "id")
    return list(ordered[:_LOTS_SHOWN])


def _rows(lines: list[StatementLine]) -> list[LedgerRow]:
    names = names_of(line.actor_id for line in lines)
    return [
        LedgerRow(
            line,
            names.get(line.actor_id, str(line.actor_id)) if line.actor_id else "Easel",
            to_public("job", line.job_id) if line.job_id else "",
        )
        for line in lines
    ]


def _jobs(found: Workspace) -> list[Any]:  # jobs, with their model
    return list(Job.objects.for_workspace(found).select_related("ai_model").order_by("-pk")[:_JOBS_SHOWN])
