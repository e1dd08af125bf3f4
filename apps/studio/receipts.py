"""Receipts: what was paid, what went back, and the papers of each purchase."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.ids import from_public
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.buying import list_rows
from apps.studio.credits_tabs import credits_tabs
from apps.studio.shell import page
from apps.studio.statements import months_of


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def receipts(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """List purchases, newest first, by keyset."""
    here = reverse("receipts", args=[actor.workspace.pk])
    bought, older = list_rows(actor.workspace, after=_after(request.GET.get("before", "")))
    return page(
        request,
        actor,
        "studio/receipts.html",
        current="credits",
        tabs=credits_tabs(actor, current="receipts"),
        purchases=bought,
        months=months_of(actor.workspace, now=timezone.now()),
        older_url=f"{here}?before={older}" if older else "",
    )


def _after(text: str) -> UUID | None:
    return from_public("purchase", text)
