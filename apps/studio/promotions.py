"""Have a code? A promo code typed in on the credits page."""

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.billing import promotions
from apps.errors import DomainError
from apps.ledger.amounts import format_credits
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.buying import SeeOther

_LONGEST: Final = 64  # characters that are read, and shown again


@require_POST
@workspace_view(Capability.BUY_CREDITS)
def redeem_code(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Add the credits of a code; one that is refused stays in its field, with why."""
    here, typed = reverse("credits", args=[actor.workspace.pk]), request.POST.get("code", "")[:_LONGEST]
    try:
        redeemed = promotions.redeem(actor=actor, text=typed, now=timezone.now())
    except DomainError as refusal:
        if request.htmx:
            context = {"redeem_url": request.path, "typed": typed, "fault": str(refusal)}
            return render(request, "components/promo.html", context, status=422)
        messages.error(request, str(refusal))
        return redirect(here)
    messages.success(request, _said(redeemed))
    return HttpResponseClientRedirect(here) if request.htmx else SeeOther(here)


def _said(redeemed: promotions.Redeemed) -> str:
    credits = format_credits(redeemed.lot.granted_mc)
    if redeemed.is_replay:
        at = redeemed.redemption.redeemed_at
        return f"This workspace has had these {credits} cr, on {at:%d %b %Y}. Nothing more was added."
    expires_at = redeemed.lot.expires_at
    until = f"They can be spent until {expires_at:%d %b %Y, %H:%M} UTC." if expires_at else "They do not expire."
    return f"{redeemed.name}: {credits} cr were added. {until}"
