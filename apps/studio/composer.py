"""The studio page, and every way to change what is about to run before it costs anything."""

from datetime import datetime
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import replace_url, trigger_client_event

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.jobs.models import Job
from apps.ledger.balances import read_balance
from apps.studio import catalog
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.catalog import Assortment
from apps.studio.desk import desk_of
from apps.studio.drafting import changed, fields_of, from_address, place_of, read_draft
from apps.studio.drafts import Draft
from apps.studio.offers import offer_of
from apps.studio.runs import runs_of, with_pictures
from apps.studio.shell import page, shell_of

RUNS_SHOWN: Final = 12
LONGEST_ADDRESS: Final = 3000  # characters: a server takes no more than 4096 in a line
REQUOTE: Final = "requote"  # the event on which the page asks for the price again


@require_GET
@workspace_view(Capability.VIEW)
def studio(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show the wall and the composer.

    ``?stage=``, ``?model=`` and ``?purpose=`` choose, ``?job=`` fills the form with a job's settings, ``?picture=``
    puts a picture in, and every input of the model can be given by its name.
    """
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    if not everything.models:
        return _nothing(request, actor, everything)
    return show(request, actor, from_address(actor, everything, request.GET), everything=everything, now=now)


@require_POST
@workspace_view(Capability.MAKE)
def change_model(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Change to another model and take along what it also accepts.

    ``?stage=`` and ``?purpose=`` change to their own; inputs in the address, a prompt among them, are set on arrival.
    """
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    source = read_draft(request, actor, everything, now=now, model_field="was")
    draft = changed(source, everything, wanted=request.POST.get("model", ""), given=request.GET)
    address = f"{reverse('studio', args=[actor.workspace.pk])}?"
    if request.htmx:
        desk = desk_of(actor, draft, everything=everything, available_mc=available(actor, now), now=now)
        answer = render(request, "studio/_model.html", {"desk": desk, "offer": desk.offer})
        return replace_url(answer, address + urlencode(place_of(draft)))
    whole = address + urlencode(fields_of(draft))
    if draft.dropped or draft.upload_faults or len(whole) > LONGEST_ADDRESS:
        return show(request, actor, draft, everything=everything, now=now)
    return redirect(whole)


@require_POST
@workspace_view(Capability.MAKE)
def sort_models(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show the models of the stage in another order."""
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    draft = read_draft(request, actor, everything, now=now, model_field="was")
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now)
    desk = desk_of(actor, draft, everything=everything, available_mc=None, now=now)
    return render(request, "components/picker.html", {"desk": desk})


@require_POST
@workspace_view(Capability.MAKE)
def quote(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Say what the composer's content costs now: the quote and the spend button, always together."""
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    draft = read_draft(request, actor, everything, now=now)
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now)
    offer = offer_of(actor=actor, draft=draft, everything=everything, available_mc=available(actor, now), now=now)
    return render(request, "studio/_quote.html", {"offer": offer})


@require_POST
@workspace_view(Capability.MAKE)
def change_references(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Take in the pictures that were chosen, or take one out of its slot."""
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    draft = read_draft(request, actor, everything, now=now)
    if not request.htmx:
        return show(request, actor, draft, everything=everything, now=now)
    desk = desk_of(actor, draft, everything=everything, available_mc=None, now=now)
    answer = render(request, "studio/_references.html", {"desk": desk})
    return trigger_client_event(answer, REQUOTE, after="swap")


def show(
    request: SignedInRequest, actor: Actor, draft: Draft, *, everything: Assortment, now: datetime, status: int = 200
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


def available(actor: Actor, now: datetime) -> int | None:
    """The credits this person sees, if their role may."""
    if not actor.can(Capability.SEE_CREDITS):
        return None
    return read_balance(workspace=actor.workspace, now=now).available_mc


def _nothing(request: SignedInRequest, actor: Actor, everything: Assortment) -> HttpResponse:
    """Say before anybody tries that no model can be run, who decided that, and where it is changed."""
    return page(
        request,
        actor,
        "studio/nothing.html",
        shell=shell_of(actor, current="studio", everything=everything),
        reasons=catalog.why_nothing(everything),
        models_url=reverse("models", args=[actor.workspace.pk]),
    )
