"""What people type: no page takes a character that PostgreSQL cannot store."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.utils.deprecation import MiddlewareMixin


class TypedTextMiddleware(MiddlewareMixin):
    """Refuse addresses and forms with a NUL in them, in one place for every page.

    Browsers send none. Views for programs, which are exempt from the check against forged forms, read their own bodies.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:  # Any: whatever a route names
        """:raises BadRequest: answered with status 400, before the view has read a row."""
        if not getattr(view, "csrf_exempt", False) and (_has_nul(request.GET) or _has_nul(request.POST)):
            raise BadRequest("A form or an address holds a NUL character.")


def _has_nul(typed: QueryDict) -> bool:
    return any("\0" in text for name, values in typed.lists() for text in (name, *values))
