"""Workspaces: the way in, a new one, and the look of the pages."""

from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.members import workspaces_of
from apps.billing.sign_up import open_workspace
from apps.studio.access import SignedInRequest, person_view

_YEAR: Final = 31_536_000  # seconds


class WorkspaceForm(forms.Form):
    """What to call a workspace."""

    name = forms.CharField(max_length=80)


@require_GET
@person_view
def home(request: SignedInRequest) -> HttpResponse:
    """Go to the newest workspace; a person who has none makes one."""
    workspaces = workspaces_of(request.user)
    return redirect("studio", workspaces[-1].pk) if workspaces else redirect("workspace_new")


@require_http_methods(["GET", "POST"])
@person_view
def workspace_new(request: SignedInRequest) -> HttpResponse:
    """Open another workspace, with its own credits, keys and pictures."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workspace = open_workspace(name=form.cleaned_data["name"], owner=request.user, now=timezone.now())
        return redirect("studio", workspace.pk)
    context = {"form": form, "has_another": bool(workspaces_of(request.user))}
    return render(request, "studio/workspace_new.html", context, status=422 if form.is_bound else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Switch between light and dark, for a browser without scripts; the cookie is what every page is drawn by."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    response = redirect(wanted if is_ours else reverse("home"))
    next_theme = "light" if request.COOKIES.get("theme") == "dark" else "dark"
    response.set_cookie("theme", next_theme, max_age=_YEAR, samesite="Lax", secure=request.is_secure())
    return response
