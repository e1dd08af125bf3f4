"""A file in, an Asset out: looked into, stored with its thumbnail, and only then a row."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import IO, Final
from uuid import UUID

import structlog

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.ids import uuid7
from apps.library import media, storage, thumbnails
from apps.library.models import Asset, Origin, Project
from apps.library.names import InvalidName, clean_name
from apps.library.spooling import temporary_file

__all__ = ["InvalidName", "UploadTooLarge", "clean_name", "receive", "remove_files", "store"]

_CHUNK_BYTES: Final = 262_144

log = structlog.get_logger(__name__)


class UploadTooLarge(DomainError):
    """The file has more bytes than are taken."""

    code = "upload_too_large"


def receive(
    *,
    workspace: Workspace,
    file: IO[bytes],
    name: str,
    created_by_id: UUID | None,
    now: datetime,
    max_bytes: int,
    origin: Origin = Origin.UPLOADED,
    project: Project | None = None,
) -> Asset:
    """Take a file into a workspace's library under a relative name; every call makes an Asset of its own.

    The file is read from its beginning if it can be rewound, else from where it stands, and not closed. Nothing stays
    behind after an error. Not to be called inside a transaction: a storage is written.

    :raises InvalidName, UploadTooLarge: before anything is looked at. :raises media.BadPicture: no picture we read.
    :raises StorageUnavailable: it could not be stored.
    """
    name = clean_name(name)
    with _rewindable(file, max_bytes=max_bytes) as whole:
        asset = store(
            workspace=workspace,
            file=whole,
            inspected=media.inspect(whole),
            name=name,
            origin=origin,
            created_by_id=created_by_id,
            now=now,
            project=project,
        )
    is_saved = False
    try:
        asset.save(force_insert=True)
        is_saved = True
    finally:
        if not is_saved:
            remove_files(asset)
    return asset


def store(
    *,
    workspace: Workspace,
    file: IO[bytes] | None,
    inspected: media.Inspected,
    name: str,
    origin: Origin,
    created_by_id: UUID | None,
    now: datetime,
    project: Project | None = None,
    key: str = "",
) -> Asset:
    """Put a file that was looked into, and its thumbnail, where files lie; return the row for it, not saved yet.

    It goes under ``key``, or one made from the Asset's id; ``file`` is None when it lies under that key already.

    :raises StorageUnavailable: neither of the two is there.
    """
    asset_id = uuid7()
    asset = Asset(
        id=asset_id,
        workspace=workspace,
        origin=origin,
        name=name,
        storage_key=key or storage.upload_key(workspace.pk, asset_id, storage.extension_of(inspected.content_type)),
        thumbnail_key=storage.thumbnail_key(workspace.pk, asset_id),
        content_type=inspected.content_type,
        width=inspected.width,
        height=inspected.height,
        size_bytes=inspected.size_bytes,
        sha256=inspected.sha256,
        blurhash=inspected.blurhash,
        duration_ms=inspected.duration_ms,
        project=project,
        created_by_id=created_by_id,
        created_at=now,
    )
    if file is not None:
        storage.put(asset.storage_key, file, inspected.content_type)
    try:
        storage.put(asset.thumbnail_key, BytesIO(inspected.thumbnail), thumbnails.CONTENT_TYPE)
    except storage.StorageUnavailable:
        remove_files(asset)
        raise
    return asset


def remove_files(asset: Asset) -> None:
    """Delete what lies under an Asset's keys; the row is the caller's. What cannot be deleted is logged and stays."""
    for key in (asset.storage_key, asset.thumbnail_key):
        try:
            storage.delete(key)
        except storage.StorageUnavailable as error:
            log.warning("file_left_behind", key=key, fault=str(error))


@contextmanager
def _rewindable(file: IO[bytes], *, max_bytes: int) -> Generator[IO[bytes]]:
    """Yield the file itself, or a temporary copy of a stream, once it is known to be small enough."""
    if file.seekable():
        if file.seek(0, os.SEEK_END) > max_bytes:
            raise _too_large(max_bytes)
        yield file
        return
    with temporary_file() as copy:
        size_bytes = 0
        while chunk := file.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                raise _too_large(max_bytes)
            try:
                copy.write(chunk)
                copy.flush()
            except OSError as error:
                raise storage.StorageUnavailable("There is no room for this upload.") from error
        yield copy


def _too_large(max_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"A picture may have {max_bytes:,} bytes; this one has more.", max_bytes=max_bytes)
