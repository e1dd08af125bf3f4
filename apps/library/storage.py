"""Where files lie: keys, and links that answer without signing in until they expire, over Django's storages.

Keys begin with the id of the workspace. What a key holds never changes, except that a step which is repeated writes the
same bytes again. Two storages know how to make a link: the disk one below and the bucket in ``buckets.py``.
"""

import errno
import os
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol, cast
from urllib.parse import quote
from uuid import UUID

import structlog
from django.core import signing
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from django.core.files.uploadedfile import UploadedFile

from apps.errors import DomainError, NotFound

# What a file is, by the extension that we gave its key after looking into it. Whatever else lies there is served as
# bytes to be saved, never shown.
CONTENT_TYPES: Final[Mapping[str, str]] = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
UNKNOWN_TYPE: Final = "application/octet-stream"
_EXTENSIONS: Final[Mapping[str, str]] = {content_type: extension for extension, content_type in CONTENT_TYPES.items()}

_SALT: Final = "apps.library.storage.files"
# For so long a file keeps its link, so that a page may be drawn again and again and a browser may cache what it shows.
_STEADY_SECONDS: Final = 300
_USUAL_SECONDS: Final = 3600  # of a link that Django itself asks for
_ABANDONED_SECONDS: Final = 3600  # a half-written file of that age was left by a process that died
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

log = structlog.get_logger(__name__)


class StorageUnavailable(DomainError):
    """The storage did not take or give a file; nothing was left half-written. The same call may succeed later."""

    code = "storage_unavailable"


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link stands for. ``expires_at`` is in seconds since 1970."""

    key: str
    filename: str
    is_download: bool
    expires_at: int


class Storage(Protocol):
    """What is asked of a storage beside Django's own methods."""

    def sign(self, key: str, *, expires_in: int, filename: str, is_download: bool) -> str:
        """Return a link to the file, good for at most ``expires_in`` seconds and at least three quarters of them."""

    def is_public(self) -> bool:
        """Whether the links can be followed from anywhere, not only through this server."""


def upload_key(workspace_id: UUID, asset_id: UUID, extension: str) -> str:
    return f"{workspace_id}/uploads/{asset_id}.{extension}"


def output_key(workspace_id: UUID, job_id: UUID, index: int, extension: str) -> str:
    return f"{workspace_id}/jobs/{job_id}/{index}.{extension}"


def thumbnail_key(workspace_id: UUID, asset_id: UUID) -> str:
    return f"{workspace_id}/thumbnails/{asset_id}.webp"


def content_type_of(key: str) -> str:
    """Tell the content type under which a key is served."""
    return CONTENT_TYPES.get(key.rpartition(".")[2], UNKNOWN_TYPE)


def extension_of(content_type: str) -> str:
    """Tell the extension that files of this type get; ``bin`` for any that is not shown."""
    return _EXTENSIONS.get(content_type, "bin")


def put(key: str, file: IO[bytes], content_type: str) -> None:
    """Store a whole file, from its first byte on, in place of what was under the key; all of it is there then, or none.

    :raises StorageUnavailable: the disk is full, the bucket does not answer.
    """
    with _translated():
        file.seek(0)
        content = UploadedFile(file, name=key, content_type=content_type)  # a bucket keeps the type with it
        storages["default"].save(key, content)


def open(key: str) -> BinaryIO:
    """Open a stored file for reading; from a bucket it is brought to a temporary file first. The caller closes it.

    :raises NotFound: there is no such file. :raises StorageUnavailable: it cannot be read just now.
    """
    with _translated():
        return cast(BinaryIO, storages["default"].open(key))


def delete(key: str) -> None:
    """Remove a file; one that is gone already, or an empty key, is no error.

    :raises StorageUnavailable: it may still be there.
    """
    if key:
        with _translated():
            storages["default"].delete(key)


def exists(key: str) -> bool:
    """Whether there is a file under this key. :raises StorageUnavailable: that cannot be told just now."""
    with _translated():
        return storages["default"].exists(key)


def size(key: str) -> int:
    """Tell the bytes of a file. :raises NotFound: there is none. :raises StorageUnavailable: ask later."""
    with _translated():
        return storages["default"].size(key)


def signed_url(key: str, *, expires_in: int, filename: str | None = None, is_download: bool = False) -> str:
    """Make a link that answers 200 without signing in, for at most ``expires_in`` seconds and at least 3/4 of them.

    Asked again within minutes it is the same link. A path on this server, or an absolute address in a bucket;
    ``filename`` is the name to save it under, ``is_download`` whether to save instead of show.
    """
    name = _file_name(filename or key, key)
    return cast(Storage, storages["default"]).sign(key, expires_in=expires_in, filename=name, is_download=is_download)


def public_url(key: str, *, expires_in: int) -> str | None:
    """Make a link that a provider can fetch; None where files lie on our own disk, which may be out of its reach."""
    return signed_url(key, expires_in=expires_in) if cast(Storage, storages["default"]).is_public() else None


def read_signed(token: str) -> Link:
    """Read the token of a link to this server.

    :raises NotFound: not signed by us, or expired; the two look the same.
    """
    try:
        link = Link(*signing.Signer(salt=_SALT).unsign_object(token))
    except signing.BadSignature as error:
        raise NotFound("There is no such file.") from error
    if link.expires_at <= time.time():
        raise NotFound("There is no such file.")
    return link


def steady_expiry(*, expires_in: int) -> int:
    """When a link made now ends: at most ``expires_in`` seconds ahead; those made soon after end at the same moment."""
    window = max(1, min(_STEADY_SECONDS, expires_in // 4))
    return (int(time.time()) + expires_in) // window * window


class SignedFileSystemStorage(FileSystemStorage):
    """Files on disk, whole or not at all, and links that ``read_signed`` reads."""

    def __init__(self, location: str | Path, base_url: str) -> None:
        super().__init__(location=location, base_url=base_url, allow_overwrite=True)

    def url(self, name: str | None) -> str:
        key = name or ""
        return self.sign(key, expires_in=_USUAL_SECONDS, filename=_file_name(key, key), is_download=False)

    def sign(self, key: str, *, expires_in: int, filename: str, is_download: bool) -> str:
        link = [key, filename, is_download, steady_expiry(expires_in=expires_in)]
        return f"{self.base_url}{signing.Signer(salt=_SALT).sign_object(link)}/{quote(filename)}"

    def is_public(self) -> bool:
        return False

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Write beside, flush to the disk, then rename: whenever we are stopped, a key has its whole file or none."""
        path = Path(self.path(name))
        _make_folder(path.parent)
        handle, beside = tempfile.mkstemp(dir=self._incoming())  # readable by this user only, and so it stays
        try:
            with os.fdopen(handle, "wb") as target:
                for chunk in content.chunks():
                    target.write(chunk)
                target.flush()
                os.fsync(handle)
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return name

    def _incoming(self) -> Path:
        """The folder of files being written; clears away what dead processes left in it."""
        folder = Path(self.location) / ".incoming"
        _make_folder(folder)
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # done and renamed meanwhile
                if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                    path.unlink()
        return folder


@contextmanager
def _translated() -> Generator[None]:
    """Turn what storages raise into ours. A bucket does so itself for its own errors."""
    try:
        yield
    except (FileNotFoundError, SuspiciousFileOperation) as error:
        raise NotFound("There is no such file.") from error
    except OSError as error:
        log.warning("disk_fault", fault=str(error))
        reason = "The storage is full." if error.errno in _FULL else "The storage cannot be reached."
        raise StorageUnavailable(reason) from error


def _file_name(wanted: str, key: str) -> str:
    """The last part of a name, with the extension of what the file really is."""
    extension, name = key.rpartition(".")[2], wanted.rpartition("/")[2]
    return name if name.lower().endswith(f".{extension}") else f"{name}.{extension}"


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
