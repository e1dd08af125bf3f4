"""Jobs: made, watched, listed, canceled, tried again."""

from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseClientRefresh, reswap, trigger_client_event

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.errors import DomainError
from apps.ids import from_public
from apps.jobs import cancellation, submission
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.jobs.submission import MaxCreditsExceeded
from apps.studio import catalog
from apps.studio.access import SignedInRequest, find_job, workspace_view
from apps.studio.catalog import Assortment
from apps.studio.composer import REQUOTE, available, show
from apps.studio.desk import desk_of, links_of
from apps.studio.drafting import read_draft
from apps.studio.drafts import Draft
from apps.studio.job_page import job_page_of
from apps.studio.runs import page_url, run_of, runs_of, with_pictures
from apps.studio.shell import page, shell_of

PAGE_SIZE: Final = 50
POLLED_AT_MOST: Final = 24
_KEY_LENGTH: Final = 64
_TABS: Final = {"": "All", "running": "Running", "failed": "Failed"}


@require_POST
@workspace_view(Capability.MAKE)
def create(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Run what is in the composer, at the price that was shown; a higher one is shown first and asked again."""
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    draft = read_draft(request, actor, everything, now=now)
    if draft.upload_faults:
        return _refused(request, actor, draft, everything)
    try:
        submitted = submission.submit(
            actor=actor,
            ai_model_id=draft.chosen.ai_model.pk,
            request=draft.sent,
            key=request.POST.get("key", "")[:_KEY_LENGTH] or uuid4().hex,
            max_mc=_shown_price(request),
            stage=draft.chosen.ai_model.stage,
            now=now,
        )
    except MaxCreditsExceeded as refusal:
        words = f"The price is {refusal.details['required']} cr now. Press Run again to accept it."
        return _refused(request, actor, replace(draft, refusal=words), everything)
    except DomainError as refusal:
        faults = refusal.details.get("fields", ())
        return _refused(
            request, actor, replace(draft, faults=faults, refusal="" if faults else str(refusal)), everything
        )
    if not request.htmx:
        return redirect(f"{reverse('studio', args=[actor.workspace.pk])}?job={submitted.job.public_id}")
    context = {
        "shell": shell_of(actor, current="studio", everything=everything),
        "run": run_of(find_job(actor.workspace, submitted.job.public_id), now=now),
        "links": links_of(actor.workspace.pk),
        "key": uuid4().hex,
        "is_new": not submitted.is_replay,
    }
    answer = trigger_client_event(render(request, "studio/_created.html", context), REQUOTE, after="settle")
    return answer if context["is_new"] else reswap(answer, "none")


@require_GET
@workspace_view(Capability.VIEW)
def poll(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Bring the runs that a page has open up to date; when all of them have ended, tell it to stop asking."""
    ids = [key for text in request.GET.getlist("run")[:POLLED_AT_MOST] if (key := from_public("job", text))]
    runs = runs_of(with_pictures(Job.objects.for_workspace(actor.workspace).filter(pk__in=ids)), now=timezone.now())
    context = {
        "shell": shell_of(actor, current="studio"),
        "runs": runs,
        "announcement": ". ".join(f"{run.status.word}: {run.title}" for run in runs if not run.is_open),
    }
    is_over = not any(run.is_open for run in runs)
    return render(request, "studio/_polled.html", context, status=HTMX_STOP_POLLING if is_over else 200)


@require_GET
@workspace_view(Capability.VIEW)
def jobs(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """List the workspace's jobs, newest first, by keyset."""
    tab = request.GET.get("state", "")
    tab = tab if tab in _TABS else ""
    found = with_pictures(Job.objects.for_workspace(actor.workspace).order_by("-id"))
    if tab == "running":
        found = found.open()
    elif tab == "failed":
        found = found.filter(state=State.FAILED)
    if before := from_public("job", request.GET.get("before", "")):
        found = found.filter(pk__lt=before)
    rows = runs_of(found[: PAGE_SIZE + 1], now=timezone.now())
    here = reverse("jobs", args=[actor.workspace.pk])
    more = f"{here}?state={tab}&before={rows[PAGE_SIZE - 1].id}" if len(rows) > PAGE_SIZE else ""
    refresh_url = request.get_full_path() if any(run.is_open for run in rows[:PAGE_SIZE]) else ""
    context: dict[str, Any] = {  # template values
        "tabs": [(label, f"{here}?state={name}" if name else here, name == tab) for name, label in _TABS.items()],
        "runs": rows[:PAGE_SIZE],
        "next_url": more,
        "refresh_url": refresh_url,
    }
    if request.htmx:
        return render(request, "studio/_jobs.html", context, status=200 if refresh_url else HTMX_STOP_POLLING)
    return page(request, actor, "studio/jobs.html", current="jobs", **context)


@require_GET
@workspace_view(Capability.VIEW)
def job(request: SignedInRequest, actor: Actor, job_id: str) -> HttpResponse:
    """Show one job; ``?output=2`` shows the second of its pictures. While it is open, htmx asks for its facts anew."""
    now = timezone.now()
    found = find_job(actor.workspace, job_id)
    if request.htmx and found.has_ended:
        return HttpResponseClientRefresh()
    text = request.GET.get("output", "1")
    number = int(text) if text.isdecimal() and len(text) < 4 else 1
    everything = catalog.offered(actor, now=now)
    shown = job_page_of(found, number=number, everything=everything, now=now)
    if request.htmx:
        return render(request, "studio/_job.html", {"shell": shell_of(actor, everything=everything), "job": shown})
    shell = shell_of(actor, current="jobs", everything=everything)
    return page(request, actor, "studio/job.html", shell=shell, job=shown)


@require_POST
@workspace_view(Capability.MAKE)
def cancel(request: SignedInRequest, actor: Actor, job_id: str) -> HttpResponse:
    """Ask a job to stop."""
    found = find_job(actor.workspace, job_id)
    refusal = ""
    try:
        found = cancellation.request_cancel(job=found, now=timezone.now())
    except DomainError as ended:
        refusal = str(ended)
    if request.htmx:
        runs = runs_of([find_job(actor.workspace, job_id)], now=timezone.now())
        announcement = refusal or f"{runs[0].status.word}: {runs[0].title}"
        context = {"shell": shell_of(actor, current="studio"), "runs": runs, "announcement": announcement}
        return render(request, "studio/_polled.html", context)
    if refusal:
        messages.error(request, refusal)
    return redirect(page_url(found))


@require_POST
@workspace_view(Capability.MAKE)
def retry(request: SignedInRequest, actor: Actor, job_id: str) -> HttpResponse:
    """Run an ended job's request again, at the price that was shown."""
    found = find_job(actor.workspace, job_id)
    key = request.POST.get("key", "")[:_KEY_LENGTH] or uuid4().hex
    try:
        submitted = submission.retry(actor=actor, job=found, key=key, max_mc=_shown_price(request), now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(page_url(found))
    return redirect(page_url(submitted.job))


def _shown_price(request: SignedInRequest) -> int:
    """The price that stood on the button; without one nothing may be charged."""
    text = request.POST.get("shown_mc", "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def _refused(request: SignedInRequest, actor: Actor, draft: Draft, everything: Assortment) -> HttpResponse:
    """Show the composer again with what was wrong, and with today's price."""
    now = timezone.now()
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now, status=422)
    desk = desk_of(actor, draft, everything=everything, available_mc=available(actor, now), now=now)
    answer = render(request, "studio/_refused.html", {"desk": desk, "offer": desk.offer}, status=422)
    return reswap(answer, "none")
