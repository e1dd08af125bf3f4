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
from apps.billing import spend_limits
from apps.billing.limit_changes import issue_key
from apps.ids import from_public
from apps.ledger.amounts import LARGEST, Millicredits, from_credits
from apps.ledger.periods import Period
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.limit_rows import PERIODS, LimitRow, row_of
from apps.studio.shell import page


class KeyForm(forms.Form):
    """What a key is for, whether it may spend, and how much of it when."""

    name = forms.CharField(max_length=80)
    is_test = forms.BooleanField(required=False)
    limit = forms.CharField(required=False, max_length=20)
    period = forms.ChoiceField(required=False, choices=[(period.value, words) for period, words in PERIODS.items()])

    def clean_limit(self) -> int | None:
        """Read the limit in millicredits."""
        text = self.cleaned_data["limit"]
        try:
            limit_mc = from_credits(text) if text else None
        except ValueError:
            limit_mc = Millicredits(-1)
        if limit_mc is not None and not 0 <= limit_mc <= LARGEST:
            raise forms.ValidationError("An amount of credits with at most three decimals, such as 50 or 12.5.")
        if limit_mc is not None and self.cleaned_data.get("is_test"):
            raise forms.ValidationError("A test key spends nothing: it needs no limit.")
        return limit_mc


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
    limit: LimitRow | None


@require_http_methods(["GET", "POST"])
@workspace_view(Capability.MANAGE_KEYS)
def api_keys(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """List the keys, and make one; its secret is in the answer to that and never again."""
    form, secret, now = KeyForm(request.POST or None), "", timezone.now()
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        _, secret = issue_key(
            actor=actor,
            name=fields["name"],
            is_test=fields["is_test"],
            limit_mc=fields["limit"],
            period=Period(fields["period"] or Period.MONTH),
            now=now,
        )
    return page(
        request,
        actor,
        "studio/api_keys.html",
        current="api_keys",
        status=422 if form.is_bound and form.errors else 200,
        form=form,
        secret=secret,
        rows=_rows(actor, now),
        periods=PERIODS.items(),
        limits_url=reverse("credit_limits", args=[actor.workspace.pk]),
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


def _rows(actor: Actor, now: datetime) -> list[KeyRow]:
    """Keys that work first, then the newest."""
    listed = spend_limits.list_limits(workspace=actor.workspace, now=now).api_keys
    limits = {limit.subject.id: row_of(actor, limit) for limit in listed if limit.limit_mc is not None}
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
            limit=limits.get(one.pk),
        )
        for one in found
    ]
    return sorted(rows, key=lambda row: row.revoked_at is not None)
