"""API keys of a workspace, and how to use one."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import api_keys as keys
from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey
from apps.accounts.roles import Capability
from apps.ids import from_public
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.shell import page


class KeyForm(forms.Form):
    """What a key is for, and whether it may spend."""

    name = forms.CharField(max_length=80)
    is_test = forms.BooleanField(required=False)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key in the list; its secret is not known any more."""

    id: str
    name: str
    start: str
    is_test: bool
    maker: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@require_http_methods(["GET", "POST"])
@workspace_view(Capability.MANAGE_KEYS)
def api_keys(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """List the keys, and make one; its secret is in the answer to that and never again."""
    form, secret = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        _, secret = keys.issue(
            workspace=actor.workspace,
            created_by=request.user,
            name=fields["name"],
            is_test=fields["is_test"],
            now=timezone.now(),
        )
    return page(
        request,
        actor,
        "studio/api_keys.html",
        current="api_keys",
        status=422 if form.is_bound and form.errors else 200,
        form=form,
        secret=secret,
        rows=_rows(actor),
        models_url=reverse("models", args=[actor.workspace.pk]),
        base_url=settings.EASEL_BASE_URL,
    )


@require_POST
@workspace_view(Capability.MANAGE_KEYS)
def revoke_api_key(request: SignedInRequest, actor: Actor, key_id: str) -> HttpResponse:
    """End a key at once."""
    key = from_public("key", key_id)
    api_key = ApiKey.objects.for_workspace(actor.workspace).filter(pk=key).first() if key else None
    if api_key is None:
        raise Http404("There is no such key.")
    keys.revoke(api_key=api_key, revoked_by=request.user, now=timezone.now())
    return redirect("api_keys", actor.workspace.pk)


def _rows(actor: Actor) -> list[KeyRow]:
    """Keys that work first, then the newest."""
    found = ApiKey.objects.for_workspace(actor.workspace).select_related("created_by").order_by("-created_at", "-id")
    rows = [
        KeyRow(
            id=one.public_id,
            name=one.name,
            start=f"easel_{'test' if one.is_test else 'live'}_{one.lookup}…",
            is_test=one.is_test,
            maker=one.created_by.name or one.created_by.email,
            created_at=one.created_at,
            last_used_at=one.last_used_at,
            revoked_at=one.revoked_at,
        )
        for one in found
    ]
    return sorted(rows, key=lambda row: row.revoked_at is not None)
