"""From a public page into the studio."""

from typing import Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from apps.accounts.members import workspaces_of

LONGEST: Final = 4000  # characters of a value that is taken along


@require_safe
def try_model(request: HttpRequest) -> HttpResponse:
    """Open a model in the studio with what the address says filled in; strangers sign in first and come back."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), resolve_url("sign_in"))
    workspaces = workspaces_of(request.user)
    if not workspaces:
        return redirect("workspace_new")
    given = {
        name: value for name, value in request.GET.items() if isinstance(value, str) and value and len(value) <= LONGEST
    }
    response = redirect(f"{reverse('studio', args=[workspaces[-1].pk])}?{urlencode(given)}")
    add_never_cache_headers(response)
    return response
