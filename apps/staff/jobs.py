"""Jobs: a list with filters, and one with its whole timeline. Nothing of a job is changed here."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.models import ApiKey
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, Endpoint
from apps.ids import from_public
from apps.jobs.models import Attempt, AttemptState, Job, Output
from apps.jobs.states import State
from apps.ledger.models import Entry
from apps.staff.pages import StaffRequest, names_of, page, read_id, staff_page

PAGE_SIZE: Final = 50
_FILTERS: Final = ("state", "model", "adapter", "workspace", "mock", "before")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a job, and how long after the one before."""

    at: datetime
    what: str
    note: str
    after_seconds: float | None


@require_GET
@staff_page("jobs.view_job")
def jobs(request: StaffRequest) -> HttpResponse:
    """List jobs, newest first, by keyset; by state, model, adapter, workspace, and whether they are mocks."""
    wanted = {name: request.GET.get(name, "").strip() for name in _FILTERS}
    rows = _filtered(Job.objects.order_by("-pk"), wanted)
    shown = list(rows.select_related("ai_model", "workspace")[: PAGE_SIZE + 1])
    query = request.GET.copy()
    if len(shown) > PAGE_SIZE:
        query["before"] = str(shown[PAGE_SIZE - 1].pk)
    return page(
        request,
        "jobs.html",
        title="Jobs",
        current="jobs",
        rows=shown[:PAGE_SIZE],
        wanted=wanted,
        states=State.values,
        models=AIModel.objects.order_by("name").values_list("pk", "name"),
        adapters=Endpoint.objects.order_by("adapter").values_list("adapter", flat=True).distinct(),
        next_url=f"?{query.urlencode()}" if len(shown) > PAGE_SIZE else "",
    )


@require_GET
@staff_page("jobs.view_job")
def job(request: StaffRequest, job_id: str) -> HttpResponse:
    """Show one job: what was asked, every move and attempt, what came of it, what it cost."""
    key = from_public("job", job_id)
    loaded = Job.objects.select_related("ai_model", "workspace", "hold", "price_version")
    found = loaded.filter(pk=key).first() if key else None
    if found is None:
        raise Http404("There is no such job.")
    attempts = list(Attempt.objects.filter(job=found).order_by("submitted_at", "pk"))
    names = names_of([found.user_id])
    keys = ApiKey.objects.for_workspace(found.workspace).filter(pk__in=[one for one in [found.api_key_id] if one])
    return page(
        request,
        "job.html",
        title=found.public_id,
        current="jobs",
        job=found,
        who=names.get(found.user_id, "") if found.user_id else "",
        key_name=keys.values_list("name", flat=True).first() or "",
        moments=_timeline(found, attempts),
        attempts=attempts,
        outputs=Output.objects.filter(job=found).select_related("asset").order_by("index"),
        entries=Entry.objects.filter(hold=found.hold).select_related("operation").order_by("seq") if found.hold else [],
        inputs=json.dumps(found.inputs, indent=2, ensure_ascii=False),
        effective=json.dumps(found.effective_inputs, indent=2, ensure_ascii=False),
        error=json.dumps(found.error, indent=2, ensure_ascii=False) if found.error else "",
    )


def _filtered(rows: QuerySet[Job], wanted: dict[str, str]) -> QuerySet[Job]:
    if wanted["state"] in State.values:
        rows = rows.filter(state=wanted["state"])
    if wanted["model"]:
        rows = rows.filter(ai_model_id=wanted["model"])
    if wanted["adapter"]:
        rows = rows.filter(pk__in=Attempt.objects.filter(adapter=wanted["adapter"]).values("job"))
    if wanted["workspace"]:
        key = from_public("ws", wanted["workspace"]) or read_id(wanted["workspace"])
        named = Workspace.objects.filter(name__icontains=wanted["workspace"]).values("pk")
        rows = rows.filter(workspace_id=key) if key else rows.filter(workspace__in=named)
    if wanted["mock"] in {"yes", "no"}:
        rows = rows.filter(is_mock=wanted["mock"] == "yes")
    if before := read_id(wanted["before"]):
        rows = rows.filter(pk__lt=before)
    return rows


def _timeline(found: Job, attempts: list[Attempt]) -> list[Moment]:
    """Moves of the job and what its attempts did, in the order in which they happened."""
    events: list[tuple[datetime, str, str]] = [
        (move.created_at, f"{move.source or 'new'} → {move.target}", move.note)
        for move in found.transitions.order_by("created_at", "pk")
    ]
    for attempt in attempts:
        events.append((attempt.submitted_at, f"sent to {attempt.adapter}", attempt.provider_model))
        if attempt.finished_at:
            word = AttemptState(attempt.state).label.lower()
            events.append((attempt.finished_at, f"attempt {word}", attempt.reference))
    for name, at in (
        ("the provider began", found.provider_started_at),
        ("the provider delivered", found.delivered_at),
        ("cancellation asked for", found.cancel_requested_at),
        ("cancellation sent on", found.cancel_sent_at),
    ):
        if at:
            events.append((at, name, ""))
    events.sort(key=lambda one: one[0])
    moments, last = [], None
    for at, what, note in events:
        moments.append(Moment(at, what, note, round((at - last).total_seconds(), 2) if last else None))
        last = at
    return moments
