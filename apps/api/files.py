"""Files on our own disk, behind signed links. A bucket serves its own; then nothing links here."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import IO, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from apps.errors import NotFound
from apps.library import storage

_CHUNK_BYTES: Final = 65_536
_RANGE: Final = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?")


@require_safe
def serve_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Send a stored file to whoever has its link; ``name`` is for people, the token says what and until when.

    404 when the token is not ours, has expired, or the file is gone. One Range is served, so that clips can be seeked.
    """
    try:
        link = storage.read_signed(token)
        size = storage.size(link.key)
    except NotFound as error:
        raise Http404 from error
    except storage.StorageUnavailable as error:
        return HttpResponse(str(error), status=503, content_type="text/plain", headers={"Retry-After": "5"})
    first, last = _asked(request.headers.get("Range", ""), size)
    if first > last and size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    length = last - first + 1
    response: HttpResponseBase = (
        HttpResponse() if request.method == "HEAD" else _stream(request, link.key, first, length)
    )
    content_type = storage.content_type_of(link.key)
    is_download = link.is_download or content_type == storage.UNKNOWN_TYPE
    response["Content-Type"] = content_type
    response["Content-Length"] = str(length)
    response["Content-Disposition"] = content_disposition_header(is_download, link.filename) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = f"private, max-age={max(0, link.expires_at - int(time.time()))}, immutable"
    # A customer's file runs nothing, whatever a browser takes it for.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    if length < size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _asked(header: str, size: int) -> tuple[int, int]:
    """Read a Range header as first and last byte; first > last: outside the file. Anything but one range is ignored.

    Source: RFC 9110, section 14.2.
    """
    whole = 0, size - 1
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group(0) == "bytes=-" or not size:
        return whole
    start, end = match.groups()
    if start is None:
        return max(0, size - int(end)), size - 1
    if end is not None and int(end) < int(start):
        return whole
    return int(start), min(size - 1, int(end) if end is not None else size - 1)


def _stream(request: HttpRequest, key: str, first: int, length: int) -> StreamingHttpResponse:
    """Read the file piece by piece: given the wrong kind of iterator for the server, Django would hold all of it."""
    is_async = isinstance(request, ASGIRequest)
    return StreamingHttpResponse(_read_async(key, first, length) if is_async else _read(key, first, length))


def _read(key: str, first: int, length: int) -> Iterator[bytes]:
    with storage.open(key) as file:
        file.seek(first)
        while piece := _next(file, length):
            length -= len(piece)
            yield piece


async def _read_async(key: str, first: int, length: int) -> AsyncIterator[bytes]:
    file = await sync_to_async(storage.open, thread_sensitive=False)(key)
    try:
        file.seek(first)
        while piece := await sync_to_async(_next, thread_sensitive=False)(file, length):
            length -= len(piece)
            yield piece
    finally:
        file.close()


def _next(file: IO[bytes], length: int) -> bytes:
    return file.read(min(length, _CHUNK_BYTES))
