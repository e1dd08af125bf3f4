"""The studio page, and every way to change what is about to run before it costs anything."""

from datetime import datetime
from typing import Final

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import replace_url, trigger_client_event

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.catalog.models import Stage
from apps.catalog.spec import picture_fields
from apps.jobs.models import Job
from apps.jobs.preparation import JobRequest
from apps.ledger.balances import read_balance
from apps.studio import catalog
from apps.studio.access import SignedInRequest, find_job, workspace_view
from apps.studio.catalog import Offered
from apps.studio.desk import Draft, desk_of
from apps.studio.fields import PROMPT
from apps.studio.forms import carry_over, read_inputs, read_request
from apps.studio.offers import offer_of
from apps.studio.references import rearranged
from apps.studio.runs import runs_of, with_pictures
from apps.studio.shell import page, shell_of

RUNS_SHOWN: Final = 12
REQUOTE: Final = "requote"  # the event on which the page asks for the price again


@require_GET
@workspace_view(Capability.VIEW)
def studio(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show the wall and the composer.

    ``?stage=`` and ``?model=`` choose, ``?job=`` fills the form with a job's settings, ``?picture=`` puts a picture in.
    """
    now = timezone.now()
    everything = catalog.offered(now=now)
    return show(request, actor, _draft_from_url(actor, everything, request.GET), everything=everything, now=now)


@require_POST
@workspace_view(Capability.MAKE)
def change_model(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Change to another model, or with ``?stage=`` to a stage's own, and take along what it also accepts."""
    now = timezone.now()
    everything = catalog.offered(now=now)
    source = read_draft(request, actor, everything, now=now, model_field="was")
    target = _target(everything, source, stage=request.GET.get("stage", ""), wanted=request.POST.get("model", ""))
    inputs, dropped = carry_over(
        source=source.chosen.ai_model.spec(), target=target.ai_model.spec(), inputs=source.request.inputs
    )
    if source.prompt and PROMPT in target.ai_model.schema["properties"]:
        inputs[PROMPT] = source.prompt
    draft = Draft(
        target,
        JobRequest(inputs=inputs, is_mock=source.request.is_mock),
        prompt=source.prompt,
        dropped=dropped,
        upload_faults=source.upload_faults,
    )
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now)
    desk = desk_of(actor, draft, everything=everything, available_mc=available(actor, now), now=now)
    query = urlencode({"stage": target.ai_model.stage, "model": target.ai_model.pk})
    answer = render(request, "studio/_model.html", {"desk": desk, "offer": desk.offer})
    return replace_url(answer, f"{reverse('studio', args=[actor.workspace.pk])}?{query}")


@require_POST
@workspace_view(Capability.MAKE)
def quote(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Say what the composer's content costs now: the quote and the spend button, always together."""
    now = timezone.now()
    everything = catalog.offered(now=now)
    draft = read_draft(request, actor, everything, now=now)
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now)
    ai_model = draft.chosen.ai_model
    offer = offer_of(
        actor=actor,
        ai_model_id=ai_model.pk,
        spec=ai_model.spec(),
        request=draft.request,
        available_mc=available(actor, now),
        now=now,
    )
    return render(request, "studio/_quote.html", {"offer": offer})


@require_POST
@workspace_view(Capability.MAKE)
def change_references(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Take in the pictures that were chosen, or take one out of its slot."""
    now = timezone.now()
    everything = catalog.offered(now=now)
    draft = read_draft(request, actor, everything, now=now)
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now)
    desk = desk_of(actor, draft, everything=everything, available_mc=None, now=now)
    answer = render(request, "studio/_references.html", {"desk": desk})
    return trigger_client_event(answer, REQUOTE, after="swap")


def show(
    request: SignedInRequest, actor: Actor, draft: Draft, *, everything: list[Offered], now: datetime, status: int = 200
) -> HttpResponse:
    """Make the whole page around a draft."""
    shell = shell_of(actor, current="studio", everything=everything)
    desk = desk_of(
        actor,
        draft,
        everything=everything,
        available_mc=shell.balance.available_mc if shell.balance else None,
        now=now,
    )
    jobs = with_pictures(Job.objects.for_workspace(actor.workspace).order_by("-id"))[:RUNS_SHOWN]
    runs = runs_of(jobs, now=now)
    return page(
        request,
        actor,
        "studio/studio.html",
        shell=shell,
        status=status,
        desk=desk,
        offer=desk.offer,
        runs=runs,
        is_polling=any(run.is_open for run in runs),
    )


def read_draft(
    request: SignedInRequest, actor: Actor, everything: list[Offered], *, now: datetime, model_field: str = "model"
) -> Draft:
    """Read what was posted, files included: they are stored at once.

    ``model_field`` says which model the posted fields belong to: the one chosen, or the one the form was drawn for.
    """
    chosen = catalog.find(everything, request.POST.get(model_field, ""))
    if chosen is None:
        raise Http404("There is no such model.")
    spec = chosen.ai_model.spec()
    sent = read_request(spec=spec, data=request.POST)
    inputs, faults = rearranged(request=request, actor=actor, spec=spec, inputs=sent.inputs, now=now)
    return Draft(
        chosen,
        JobRequest(inputs=inputs, is_mock=sent.is_mock),
        prompt=request.POST.get("prompt", ""),
        upload_faults=faults,
    )


def available(actor: Actor, now: datetime) -> int | None:
    """The credits this person sees, if their role may."""
    if not actor.can(Capability.SEE_CREDITS):
        return None
    return read_balance(workspace=actor.workspace, now=now).available_mc


def _target(everything: list[Offered], source: Draft, *, stage: str, wanted: str) -> Offered:
    """The model to change to: a stage's own for the pictures at hand, the one that was picked, or the one there is."""
    pictures = picture_fields(source.chosen.ai_model.schema)
    has_picture = any(name in source.request.inputs for name in pictures)
    of_stage = catalog.default_of_stage(everything, stage=stage, with_picture=has_picture) if stage else None
    return of_stage or catalog.find(everything, wanted) or source.chosen


def _draft_from_url(actor: Actor, everything: list[Offered], query: QueryDict) -> Draft:
    """Begin a draft as a link asks for it."""
    if not everything:
        raise Http404("No model is on sale.")
    if job_id := query.get("job"):
        return _draft_from_job(everything, find_job(actor.workspace, job_id))
    picture = query.get("picture", "")
    stage = query.get("stage") or Stage.EXPLORE
    chosen = (
        catalog.find(everything, query.get("model", ""))
        or catalog.default_of_stage(everything, stage=stage, with_picture=bool(picture))
        or everything[0]
    )
    slots = picture_fields(chosen.ai_model.schema)
    data = query.copy()
    if picture and slots:
        data[slots[0]] = picture
    inputs = read_inputs(spec=chosen.ai_model.spec(), data=data)
    return Draft(chosen, JobRequest(inputs=inputs), prompt=query.get("prompt", ""))


def _draft_from_job(everything: list[Offered], job: Job) -> Draft:
    """Begin with what a job was asked; its pictures are those that were kept of it."""
    chosen = catalog.find(everything, job.ai_model_id)
    if chosen is None:
        raise Http404("Its model is not on sale any more.")
    spec = chosen.ai_model.spec()
    pictures = picture_fields(spec.schema)
    inputs = {name: job.effective_inputs.get(name) if name in pictures else value for name, value in job.inputs.items()}
    kept = {name: value for name, value in inputs.items() if value is not None and name in spec.properties}
    return Draft(chosen, JobRequest(inputs=kept, is_mock=job.is_mock), prompt=str(job.inputs.get(PROMPT) or ""))
