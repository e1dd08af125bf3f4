"""Reading multipart uploads: one file, streamed to disk, cut off at the limit."""

from typing import Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from apps.api.faults import Faults, UnsupportedMediaType
from apps.library.uploads import UploadTooLarge

_FIELD: Final = "file"
_OVERHEAD_BYTES: Final = 64_000  # of multipart itself: boundaries, headers, small fields


def read_file(request: HttpRequest) -> "UploadedFile[bytes]":
    """Read the one file of an upload.

    :raises UnsupportedMediaType: not multipart. :raises UploadTooLarge: past ``EASEL_MAX_UPLOAD_BYTES``.
    :raises InvalidRequest: anything but one file under ``file``.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("Send the picture as multipart/form-data, in a field called file.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.EASEL_MAX_UPLOAD_BYTES + _OVERHEAD_BYTES:
        raise _too_large()
    request.upload_handlers.insert(0, _Bounded(request))
    faults = Faults()
    for name in sorted((set(request.POST) | set(request.FILES)) - {_FIELD}):
        faults.add(name[:64], "unknown_parameter", "There is no such field.", [_FIELD])
    files = request.FILES.getlist(_FIELD)
    if not files:
        faults.add(_FIELD, "required", "The picture, as a file.")
    if len(files) > 1:
        faults.add(_FIELD, "given_twice", "One file an upload.")
    faults.refuse()
    file: UploadedFile[bytes] = files[0]
    return file


class _Bounded(FileUploadHandler):
    """Stops reading where a file grows past the limit, whatever its length was said to be; stores nothing itself."""

    _seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._seen += len(raw_data)
        if self._seen > settings.EASEL_MAX_UPLOAD_BYTES:
            raise _too_large()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def _too_large() -> UploadTooLarge:
    return UploadTooLarge(f"A picture may have at most {settings.EASEL_MAX_UPLOAD_BYTES:,} bytes.")
