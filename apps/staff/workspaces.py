"""Workspaces: found by name, id or a member's e-mail; one with its books, people and jobs; credits given by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.db.models import F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import Membership
from apps.accounts.tenancy import Workspace
from apps.billing import grants
from apps.billing.grants import MOST_CREDITS
from apps.billing.models import GrantRequest
from apps.errors import DomainError
from apps.ids import from_public, to_public
from apps.jobs.models import Job
from apps.ledger.amounts import from_credits
from apps.ledger.balances import Balance, read_balance
from apps.ledger.models import Lot, Wallet
from apps.ledger.operations import WalletNotFound
from apps.ledger.statement import StatementLine, statement
from apps.staff.approvals import RequestRow, rows_of
from apps.staff.faults import Faults, faults_of
from apps.staff.grants import GIFTS, read_wish
from apps.staff.navigation import GRANT, VIEW_PURCHASES
from apps.staff.pages import StaffRequest, demand, may, names_of, page, read_id, staff_page

VIEW: Final = ("accounts.view_workspace", "accounts.change_workspace")
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
    posted, now = request.POST.dict(), timezone.now()
    try:
        asked = grants.give(
            workspace=found,
            actor_id=request.user.pk,
            threshold_mc=from_credits(settings.EASEL_TWO_PERSON_CREDITS),
            now=now,
            **read_wish(posted),
        )
    except DomainError as refusal:
        return _show(request, found, posted=posted, faults=faults_of(refusal))
    messages.success(request, _said(asked))
    return redirect(request.path)


def _said(asked: grants.Asked) -> str:
    if not asked.is_new:
        return "That was sent already; nothing more happened."
    if asked.request.state == GrantRequest.State.WAITING:
        most = f"{settings.EASEL_TWO_PERSON_CREDITS:,}"
        return f"Nothing is given yet: beyond {most} credits in 24 hours another person has to approve it."
    return "Done; the ledger shows it."


def _named(words: str) -> Q:
    members = Membership.objects.filter(user__email__icontains=words).values("workspace")
    return Q(name__icontains=words) | Q(pk__in=members)


def _show(
    request: StaffRequest,
    found: Workspace,
    *,
    posted: Mapping[str, str] | None = None,
    faults: Faults | None = None,
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
        gifts=GIFTS,
        most=f"{MOST_CREDITS:,}",
        alone=f"{settings.EASEL_TWO_PERSON_CREDITS:,}",
        requests=_waiting(request, found, now),
        typed=typed,
        faults=faults or {},
        form_keys=_form_keys(typed),
        may_grant=may(request, GRANT),
        may_see_purchases=may(request, *VIEW_PURCHASES),
    )


def _form_keys(typed: Mapping[str, str]) -> dict[str, str]:
    """A fresh key for each form, so that sending one twice does it once; a form that was refused keeps its own."""
    keys = {"grant": str(uuid4()), "adjust": str(uuid4())}
    return keys | ({typed["action"]: typed["form_key"]} if typed.get("action") in keys and "form_key" in typed else {})


def _waiting(request: StaffRequest, found: Workspace, now: datetime) -> list[RequestRow]:
    """What waits for a second person, for those who may give."""
    if not may(request, GRANT):
        return []
    return rows_of(GrantRequest.objects.waiting(now).filter(workspace=found).order_by("pk"), viewer=request.user)


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
