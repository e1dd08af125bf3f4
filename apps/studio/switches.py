"""The Models page: everything on sale, who may use it, and with which model a task begins."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey
from apps.accounts.roles import Capability
from apps.catalog.defaults import UnfitDefault, set_defaults
from apps.catalog.models import Surface
from apps.catalog.switching import MayNotSwitch, switch_as
from apps.errors import NotFound
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.default_choices import choices_of, read_choices
from apps.studio.shell import page
from apps.studio.switch_board import board_of, columns_of, find_key

_PARTS: Final = 4  # whose, model or tool, its id, on or off
_TARGETS: Final = {"model": "ai_model_id", "tool": "tool"}


@require_GET
@workspace_view(Capability.VIEW)
def models(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """List the models with their switches; ``?key=`` shows those of an API key."""
    api_key = _wanted_key(actor, request.GET.get("key", ""))
    board = board_of(actor, now=timezone.now(), api_key=api_key)
    current = "api_keys" if api_key else "models"
    return page(request, actor, "studio/models.html", current=current, board=board, tab="models")


@require_POST
@workspace_view(Capability.VIEW)
def turn_switch(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Turn the one switch that was pressed, to where it was asked to stand; pressed twice, it stands there still.

    htmx gets what that changed alone: a switch that waits for its turn must stay on the page until then.
    """
    api_key = _wanted_key(actor, request.POST.get("key", ""))
    whose, kind, target, position = _read_turn(request.POST.get("turn", ""))
    column = next((one for one in columns_of(actor, api_key) if one.id == whose), None)
    url, now = reverse("models", args=[actor.workspace.pk]), timezone.now()
    try:
        if column is None:
            raise MayNotSwitch("Only owners and admins switch models for others.")
        switch_as(
            actor=actor,
            by=column.by,
            subject=column.subject,
            **{_TARGETS[kind]: target},
            is_on=position == "on",
            now=now,
        )
    except NotFound as unknown:
        raise Http404 from unknown
    except MayNotSwitch as refusal:
        messages.error(request, str(refusal))
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    if request.htmx:
        board = board_of(actor, now=now, api_key=api_key)
        turned = board.turned(whose, **{_TARGETS[kind]: target})
        return render(
            request,
            "studio/_turned.html",
            {"board": board, "turned": turned, "workspace_id": actor.workspace.pk},
        )
    query = f"?{urlencode({'key': api_key.public_id})}" if api_key else ""
    return redirect(f"{url}{query}#{kind}-{target}")


@require_GET
@workspace_view(Capability.VIEW)
def model_defaults(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Show the model that each task begins with, on one surface."""
    surface = _surface(request.GET.get("surface", ""))
    url = reverse("model_defaults", args=[actor.workspace.pk])
    return page(
        request,
        actor,
        "studio/model_defaults.html",
        current="models",
        tab="defaults",
        tasks=choices_of(actor, surface=surface, now=timezone.now()),
        surface=surface,
        surfaces=[(one.label, f"{url}?surface={one}", one is surface) for one in Surface],
        may_edit=actor.can(Capability.MANAGE_MODELS),
    )


@require_POST
@workspace_view(Capability.MANAGE_MODELS)
def save_defaults(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Keep the workspace's own defaults as the form has them: all of them or, if one cannot be, none."""
    surface = _surface(request.POST.get("surface", ""))
    try:
        changed = set_defaults(
            surface=surface,
            wanted=read_choices(request.POST),
            workspace=actor.workspace,
            editor_id=actor.user_id,
            now=timezone.now(),
        )
    except (UnfitDefault, NotFound) as refusal:
        messages.error(request, f"Nothing was changed. {refusal}")
    else:
        messages.success(request, "The defaults are saved." if changed else "Nothing was changed.")
    return redirect(f"{reverse('model_defaults', args=[actor.workspace.pk])}?surface={surface}")


def _wanted_key(actor: Actor, public_id: str) -> ApiKey | None:
    if not public_id:
        return None
    api_key = find_key(actor, public_id)
    if api_key is None:
        raise Http404("There is no such key.")
    return api_key


def _read_turn(value: str) -> tuple[str, str, str, str]:
    parts = value.split(".")
    if len(parts) != _PARTS or parts[1] not in _TARGETS or not parts[2] or parts[3] not in {"on", "off"}:
        raise Http404("There is no such switch.")
    return parts[0], parts[1], parts[2], parts[3]


def _surface(name: str) -> Surface:
    return Surface(name) if name in Surface.values else Surface.STUDIO
