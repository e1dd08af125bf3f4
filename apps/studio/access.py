"""Who may open a page: the one gate between a URL and a workspace."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from apps.accounts.actor import Actor
from apps.accounts.members import find_actor
from apps.accounts.models import User
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.errors import NotFound
from apps.ids import from_public
from apps.jobs.models import Job
from apps.studio.runs import with_pictures

Arguments = ParamSpec("Arguments")


class SignedInRequest(HttpRequest):
    """A request of a person that is known; for types only, nothing is made of it."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]  # URL arguments come by name
WorkspaceView = Callable[Concatenate[SignedInRequest, Actor, Arguments], HttpResponseBase]


def person_view(view: View) -> View:
    """Let a signed-in person in; send everyone else to sign in and back."""

    @wraps(view)
    def checked(request: HttpRequest, **arguments: Any) -> HttpResponseBase:  # what the URL holds
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        response = view(request, **arguments)
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return checked


def workspace_view(capability: Capability) -> Callable[[WorkspaceView[Arguments]], View]:
    """Hand a view its Actor when a member of the workspace in the URL has this capability.

    Strangers get 404, as if there were no such workspace; members without the capability 403.
    """

    def decorate(view: WorkspaceView[Arguments]) -> View:
        @wraps(view)
        def admit(
            request: SignedInRequest, workspace_id: UUID, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> HttpResponseBase:
            try:
                actor = find_actor(user=request.user, workspace_id=workspace_id)
            except NotFound as unknown:
                raise Http404 from unknown
            if not actor.can(capability):
                raise PermissionDenied(f"Your role in this workspace does not include: {capability.label}.")
            return view(request, actor, *args, **kwargs)

        return person_view(admit)

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A fragment cannot be a sign-in page: htmx is told to take the whole window there."""
    if not request.headers.get("HX-Request"):
        return redirect_to_login(request.get_full_path(), resolve_url("sign_in"))
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return HttpResponseClientRedirect(f"{reverse('sign_in')}?{urlencode({'next': here})}")


def find_job(workspace: Workspace, job_id: str) -> Job:
    """The job of this public id; anyone else's is not found."""
    key = from_public("job", job_id)
    job = with_pictures(Job.objects.for_workspace(workspace)).filter(pk=key).first() if key else None
    if job is None:
        raise Http404("There is no such job.")
    return job
