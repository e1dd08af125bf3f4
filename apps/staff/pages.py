"""How a page of staff is made: who may open it, what stands around it, how what it is sent is read."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.models import User
from apps.catalog.models import AIModel
from apps.staff.navigation import groups_of


class StaffRequest(HttpRequest):
    """A request of a person who is staff; for types only, nothing is made of it."""

    user: User


View = Callable[..., HttpResponse]  # URL arguments come by name


def staff_page(*permissions: str) -> Callable[[View], View]:
    """Let whoever has one of these permissions in. The site has made sure that they are staff."""

    def decorate(view: View) -> View:
        @wraps(view)
        def admit(request: StaffRequest, **arguments: Any) -> HttpResponse:  # what the URL holds
            demand(request, *permissions)
            return view(request, **arguments)

        return admit

    return decorate


def demand(request: StaffRequest, *permissions: str) -> None:
    """Go on when the person has one of these permissions.

    :raises PermissionDenied: they have none.
    """
    if not may(request, *permissions):
        raise PermissionDenied(f"You lack the permission {' or '.join(permissions)}.")


def may(request: StaffRequest, *permissions: str) -> bool:
    """Whether the person has one of these permissions."""
    return any(request.user.has_perm(one) for one in permissions)


def page(
    request: StaffRequest,
    template: str,
    *,
    title: str,
    current: str,
    status: int = 200,
    **context: Any,  # template values
) -> HttpResponse:
    """Make a whole page. ``current`` is its place in the sidebar."""
    frame = admin.site.each_context(request)
    frame |= {"groups": groups_of(request.user, current=current, counts=frame["counts"])}
    return render(request, f"staff/{template}", {**frame, "title": title, **context}, status=status)


def find_model(model_id: str) -> AIModel:
    """The model of this id, with provider and successor.

    :raises Http404: there is none.
    """
    found = AIModel.objects.select_related("provider", "successor").filter(pk=model_id).first()
    if found is None:
        raise Http404("There is no such model.")
    return found


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """E-mail addresses of people by id, in one query."""
    return dict(User.objects.filter(pk__in={one for one in ids if one}).values_list("pk", "email"))


def read_id(text: str) -> UUID | None:
    """Read an id, such as where a list goes on; None where the text is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """Read what a ``datetime-local`` field sends, as UTC; None when it is empty.

    :raises ValueError: it is no moment.
    """
    if not text.strip():
        return None
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
