"""The line below which a workspace's owners are told that credits are few."""

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.ledger import posting
from apps.ledger.amounts import Millicredits, format_credits, from_credits
from apps.studio.access import SignedInRequest, workspace_view

_SHOWN: Final = 20  # characters of what was typed


@require_POST
@workspace_view(Capability.BUY_CREDITS)
def credits_low_balance(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Set the line to so many credits; nothing typed takes it away."""
    typed = request.POST.get("line", "").strip()
    try:
        line_mc = _read(typed)
        posting.set_low_balance(
            workspace=actor.workspace, line_mc=line_mc, actor_id=request.user.pk, now=timezone.now()
        )
    except ValueError:
        messages.error(request, f"“{typed[:_SHOWN]}” is not an amount of credits, such as 100. Nothing was changed.")
    except posting.AmountOutOfRange as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        if line_mc is None:
            said = "Nobody is told any more when credits are few."
        else:
            said = f"Owners are told when less than {format_credits(line_mc)} cr is left."
        messages.success(request, said)
    return redirect("top_up", actor.workspace.pk)


def _read(typed: str) -> Millicredits | None:
    return from_credits(typed.replace(",", "")) if typed else None
