"""The id of a request, for answers and logs."""

from django.http import HttpRequest

from apps.ids import to_public, uuid7


def request_id_of(request: HttpRequest) -> str:
    """Return the id that the middleware gave this request; where none ran, make one and keep it."""
    known: str | None = getattr(request, "request_id", None)
    if known is None:
        known = to_public("req", uuid7())
        request.request_id = known  # type: ignore[attr-defined]  # ours, beside Django's own
    return known
