"""Spend limits: whose there are and what is left of them, changed where they stand, moved, asked about."""

from typing import Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.billing import limit_changes, limit_letters, spend_limits
from apps.errors import DomainError, NotFound
from apps.ledger.amounts import from_credits
from apps.ledger.budgets import Subject
from apps.ledger.periods import Period
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.credits_tabs import credits_tabs
from apps.studio.limit_rows import PERIODS, Editing, board_of, in_words
from apps.studio.shell import page

CHANGES_SHOWN: Final = 20
_KEY_LENGTH: Final = 64
_NO_AMOUNT: Final = "Write an amount of credits with at most three decimals, such as 50 or 12.5."


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def credit_limits(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show every limit, and the changes, newest first, by keyset; ``?edit=member_…`` opens the form of one."""
    return _show(request, actor, editing=Editing(request.GET.get("edit", "")))


@require_POST
@workspace_view(Capability.MANAGE_LIMITS)
def limit_set(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Set a limit, or lift it."""
    asked, text = request.POST.get("subject", ""), request.POST.get("limit", "").strip()
    period, is_lifting = request.POST.get("period", ""), "lift" in request.POST
    editing = Editing(asked, text=text, period=period)
    subject = _subject(asked)
    try:
        limit_mc = None if is_lifting else from_credits(text)
        chosen = Period(period) if period else None
    except ValueError:
        return _show(request, actor, editing=editing.refused(_NO_AMOUNT), status=422)
    try:
        limit = limit_changes.set_limit(
            actor=actor, subject=subject, limit_mc=limit_mc, period=chosen, key=_key(request), now=timezone.now()
        )
    except NotFound as gone:
        raise Http404 from gone
    except DomainError as refusal:
        return _show(request, actor, editing=editing.refused(str(refusal)), status=422)
    return _done(request, actor, f"{limit.holder.name} has {in_words(limit)}.")


@require_POST
@workspace_view(Capability.MANAGE_LIMITS)
def limit_move(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Move allowance from one limit to another."""
    source, target = (_subject(request.POST.get(name, "")) for name in ("source", "target"))
    text = request.POST.get("credits", "").strip()
    try:
        amount_mc = from_credits(text)
    except ValueError:
        return _show(request, actor, move_fault=_NO_AMOUNT, status=422)
    try:
        moved = limit_changes.move_allowance(
            actor=actor,
            source=source,
            target=target,
            amount_mc=amount_mc,
            key=_key(request) or uuid4().hex,
            now=timezone.now(),
        )
    except NotFound as gone:
        raise Http404 from gone
    except DomainError as refusal:
        return _show(request, actor, move_fault=str(refusal), status=422)
    ends = (f"{one.holder.name} has {in_words(one)}" for one in (moved.source, moved.target))
    return _done(request, actor, f"Moved. {', '.join(ends)}.")


@require_POST
@workspace_view(Capability.MAKE)
def limit_ask(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Write to those who may raise a limit."""
    try:
        subject = _subject(request.POST.get("subject", ""))
        count = limit_letters.ask_for_more(actor=actor, subject=subject, now=timezone.now())
    except NotFound as gone:
        raise Http404 from gone
    words = f"Asked {count} {'person' if count == 1 else 'people'} who may raise it. One letter a day goes out."
    said = words if count else "Nobody else here may raise it."
    if request.htmx:
        return render(request, "studio/_asked.html", {"said": said})
    messages.success(request, said)
    return redirect("credit_limits", actor.workspace.pk)


def _done(request: SignedInRequest, actor: Actor, said: str) -> HttpResponse:
    """Say what was done: to htmx with the page, which takes its part of it, else on the page it is sent to."""
    if request.htmx:
        return _show(request, actor, said=said)
    messages.success(request, said)
    return redirect("credit_limits", actor.workspace.pk)


def _show(
    request: SignedInRequest,
    actor: Actor,
    *,
    editing: Editing | None = None,
    move_fault: str = "",
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    now, workspace = timezone.now(), actor.workspace
    here = reverse("credit_limits", args=[workspace.pk])
    limits = spend_limits.list_limits(workspace=workspace, now=now)
    changes = spend_limits.list_changes(
        workspace=workspace, limit=CHANGES_SHOWN + 1, after=_uuid(request.GET.get("before", ""))
    )
    more = len(changes) > CHANGES_SHOWN
    return page(
        request,
        actor,
        "studio/limits.html",
        current="credits",
        status=status,
        tabs=credits_tabs(actor, current="credit_limits"),
        board=board_of(actor, limits, changes[:CHANGES_SHOWN], editing=editing or Editing("")),
        periods=PERIODS.items(),
        move_fault=move_fault,
        asked=request.POST if move_fault else {},
        said=said,
        here=here,
        older_url=f"{here}?before={changes[CHANGES_SHOWN - 1].id}#changes" if more else "",
        key=uuid4().hex,
    )


def _subject(text: str) -> Subject:
    try:
        return spend_limits.read_subject(text.partition("_")[0], text)
    except NotFound as unknown:
        raise Http404 from unknown


def _key(request: SignedInRequest) -> str | None:
    return request.POST.get("key", "")[:_KEY_LENGTH] or None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
