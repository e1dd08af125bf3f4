"""Style sheets, scripts and fonts."""

import contextlib

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """WhiteNoise, answering in one piece: it streams plain files, which Django's ASGI side warns about and reads whole.

    Every static file is small; pictures never come this way.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Answer with a file, a part of it, or 304, as the request's headers ask."""
        found = static_file.get_response(request.method, request.META)
        with contextlib.closing(found.file) if found.file else contextlib.nullcontext():
            body = found.file.read() if found.file else b""
        response = HttpResponse(body, status=int(found.status))
        del response["Content-Type"]  # the file's own follows; a 304 has none
        for name, value in found.headers:
            response[name] = value
        return response
