"""Keeping a picture of a job, and taking that back."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.library.keeping import keep
from apps.studio.access import SignedInRequest, find_job, workspace_view
from apps.studio.job_page import Keeping
from apps.studio.runs import page_url


@require_POST
@workspace_view(Capability.MAKE)
def keep_output(request: SignedInRequest, actor: Actor, job_id: str) -> HttpResponse:
    """Mark one of a job's pictures as kept, or undo that."""
    job = find_job(actor.workspace, job_id)
    text, outputs = request.POST.get("output", ""), list(job.outputs.all())
    number = int(text) if text.isdecimal() and len(text) < 4 else 0
    if not 0 < number <= len(outputs):
        raise Http404("There is no such picture.")
    asset, here = outputs[number - 1].asset, page_url(job, number=number)
    keep(asset=asset, is_kept=request.POST.get("keep") == "on", now=timezone.now())
    if not request.htmx:
        return redirect(here)
    return render(request, "components/keep.html", {"keeping": Keeping.of(job, asset, number), "is_fresh": True})
