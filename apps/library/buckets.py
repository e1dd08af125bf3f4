"""Files in an S3 bucket, with limits on every wait. Loaded only where one is configured: the SDK is large."""

import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import structlog
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.utils.http import content_disposition_header
from s3transfer.exceptions import RetriesExceededError  # type: ignore[import-untyped]  # the package has no types
from storages.backends.s3 import S3Storage

from apps.library.storage import StorageUnavailable, content_type_of, steady_expiry

_MAX_LINKS: Final = 4096  # remembered; some 600 bytes each

log = structlog.get_logger(__name__)


class BucketStorage(S3Storage):  # type: ignore[misc]  # the package has no types
    """An S3 bucket. Its own errors become StorageUnavailable; a missing object is a FileNotFoundError, as on disk."""

    def __init__(self, **options: Any) -> None:  # django-storages' own settings
        super().__init__(
            client_config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "max_attempts": 3},
                signature_version="s3v4",
                s3={"addressing_style": options.pop("addressing_style", "auto")},
                # Newer checksums only where a call needs them: many servers that speak S3 do not know them.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            transfer_config=TransferConfig(use_threads=False),
            file_overwrite=True,
            default_acl=None,
            **options,
        )
        self._links: dict[tuple[str, int, str, bool], str] = {}
        self._lock = threading.Lock()

    def sign(self, key: str, *, expires_in: int, filename: str, is_download: bool) -> str:
        """As ``storage.Storage`` says. S3 counts from the second of signing, so a link is kept to be the same again."""
        expires_at = steady_expiry(expires_in=expires_in)
        wanted = (key, expires_at, filename, is_download)
        link = self._links.get(wanted)
        if link is None:
            parameters = {
                "ResponseContentType": content_type_of(key),
                "ResponseContentDisposition": content_disposition_header(is_download, filename),
                "ResponseCacheControl": f"private, max-age={expires_in}, immutable",
            }
            with _translated():
                link = str(super().url(key, parameters=parameters, expire=max(1, expires_at - int(time.time()))))
            with self._lock:
                if len(self._links) >= _MAX_LINKS:
                    self._links.clear()
                self._links[wanted] = link
        return link

    def is_public(self) -> bool:
        """As ``storage.Storage`` says: a server of one's own without https stands behind the same wall as we do."""
        return not self.endpoint_url or self.endpoint_url.startswith("https://")

    def exists(self, name: str) -> bool:
        with _translated():
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _translated():
            return int(super().size(name))

    def delete(self, name: str) -> None:
        with _translated():
            super().delete(name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        with _translated():
            return str(super()._save(name, content))

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Bring the object to a nameless temporary file: the package would hold it in memory."""
        with ExitStack() as undo:
            file = undo.enter_context(tempfile.TemporaryFile())
            with _translated():
                self.bucket.Object(self._normalize_name(name)).download_fileobj(file, Config=self.transfer_config)
            file.seek(0)
            undo.pop_all()  # open from here on: the caller's to close
        return File(file, name=name)


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            raise FileNotFoundError("There is no such object.") from error
        log.warning("bucket_refuses", fault=str(error))
        raise StorageUnavailable("The storage refuses.") from error
    except (BotoCoreError, Boto3Error, RetriesExceededError) as error:
        log.warning("bucket_unreachable", fault=str(error))
        raise StorageUnavailable("The storage cannot be reached.") from error
