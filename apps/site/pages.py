"""How a public page answers: the same for everybody, kept by caches that ask again, and never with a cookie."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers, set_response_etag
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]  # URL arguments come by name

_PAGES: Final = (
    ("site_models", "Models"),
    ("site_choosing", "Choosing"),
    ("site_stages", "Stages"),
    ("site_calculator", "Calculator"),
    ("site_billing", "Prices"),
    ("docs", "Docs"),
)


@dataclass(frozen=True, slots=True)
class NavLink:
    label: str
    url: str
    is_current: bool


def public_page(view: View) -> Callable[..., HttpResponseBase]:
    """Answer GET and HEAD, with a tag of the content: whoever has the page is told that it still holds.

    A cache may keep it, but asks each time, so that a changed price is seen at once.
    """

    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, **arguments: Any) -> HttpResponseBase:  # what the URL holds
        response = view(request, **arguments)
        patch_vary_headers(response, ["Cookie", "HX-Request"])
        patch_cache_control(response, no_cache=True, **({"private": True} if is_known(request) else {"public": True}))
        if response.status_code != 200:
            return response
        set_response_etag(response)
        return get_conditional_response(request, etag=response["ETag"], response=response) or response

    return shown


def show(
    request: HttpRequest, template: str, *, current: str = "", status: int = 200, **context: Any
) -> HttpResponse:  # whatever the template shows
    """Draw a page in the frame of the public pages."""
    frame = {
        "nav": [NavLink(label, reverse(name), name == current) for name, label in _PAGES],
        "is_known": is_known(request),
        "community_url": settings.EASEL_COMMUNITY_URL,
    }
    return render(request, template, frame | context, status=status)


def is_known(request: HttpRequest) -> bool:
    """Whether somebody signed in; who it is does not matter here, so nobody is looked up."""
    return SESSION_KEY in request.session
