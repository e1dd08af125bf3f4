"""From the URLs and data URIs of one request to temporary files, within the request's limits on bytes and time."""

import binascii
import tempfile
import threading
import time
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, cast

from apps.outbound import OutboundFailed, OutboundRefused, OutboundTooLarge, fetch_public

MAX_TOTAL: Final = 4  # all pictures of a request together, in times the limit of one

_AT_ONCE: Final = 4  # downloads of one request
_HEAD_LETTERS: Final = 256  # among which the comma of a data URI is looked for
_CHUNK_LETTERS: Final = 262_144  # a multiple of four


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one source: a stable word and a sentence."""

    code: str
    message: str


@contextmanager
def temporary_file() -> Generator[IO[bytes]]:
    """Open a nameless file that is gone after the block. A full disk is an OSError of ``write`` and ``flush`` only."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # its own block would raise the error of a flush a second time
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


def is_url(source: str) -> bool:
    return source[:8].lower().startswith(("http://", "https://"))


def is_data_uri(source: str) -> bool:
    return source[:5].lower() == "data:"


class Spooler:
    """Fills files from their sources, a few at a time. The clock starts when it is made."""

    def __init__(self, *, max_bytes: int, timeout_seconds: float, allow_private: bool) -> None:
        self._max_bytes = max_bytes
        self._deadline = time.monotonic() + timeout_seconds
        self._allow_private = allow_private
        self._left = MAX_TOTAL * max_bytes
        self._lock = threading.Lock()

    def fill(self, files: Mapping[str, IO[bytes]]) -> dict[str, Fault]:
        """Write into each file what its source names; return the faults of those that could not be had, by source.

        :raises OSError: there is no room for the files.
        """
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as pool:
            faults = list(pool.map(self._fill_one, files.keys(), files.values()))
        return {source: fault for source, fault in zip(files, faults, strict=True) if fault}

    def write(self, part: bytes, file: IO[bytes]) -> int:
        """Write a part of a picture, counted. :raises OutboundTooLarge: all pictures together have too many bytes."""
        with self._lock:
            self._left -= len(part)
            if self._left < 0:
                total = MAX_TOTAL * self._max_bytes
                raise OutboundTooLarge(f"All pictures of a request together may have {total:,} bytes.", max_bytes=total)
        return file.write(part)

    def _fill_one(self, source: str, file: IO[bytes]) -> Fault | None:
        try:
            fault = self._decode(source, file) if is_data_uri(source) else None
            if is_url(source):
                self._download(source, file)
            file.flush()  # a full disk shows here, if not before
        except (OutboundRefused, OutboundTooLarge, OutboundFailed) as error:
            return Fault(error.code, str(error))
        return fault

    def _download(self, url: str, file: IO[bytes]) -> None:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise OutboundFailed("No file came from this URL: the other ones took too long.")
        try:
            fetch_public(
                url,
                into=cast(BinaryIO, _Counted(file, self)),  # writing is all that is done to it
                max_bytes=self._max_bytes,
                timeout_seconds=seconds,
                allow_private=self._allow_private,
            )
        except UnicodeError as error:  # a host such as « xn-- », which stands for no name
            raise OutboundRefused("This is not a URL.") from error

    def _decode(self, uri: str, file: IO[bytes]) -> Fault | None:
        """Write what a data URI holds, which must be base64 to the letter. Source: RFC 2397; RFC 4648, section 4."""
        comma = uri.find(",", 0, _HEAD_LETTERS)
        start, end = comma + 1, len(uri)
        padding = uri.find("=", start)
        if comma < 0 or not uri[:comma].lower().endswith(";base64") or 0 <= padding < end - 2:
            return _NO_DATA
        if (end - start) // 4 * 3 > self._max_bytes + 2:  # two bytes of it may be padding
            raise OutboundTooLarge(f"A picture may have {self._max_bytes:,} bytes.", max_bytes=self._max_bytes)
        for position in range(start, end, _CHUNK_LETTERS):
            try:
                part = binascii.a2b_base64(uri[position : position + _CHUNK_LETTERS], strict_mode=True)
            except ValueError:
                return _NO_DATA
            self.write(part, file)
        return None


class _Counted:
    """A file that counts what a download writes into it."""

    def __init__(self, file: IO[bytes], spooler: Spooler) -> None:
        self._file = file
        self._spooler = spooler

    def write(self, part: bytes) -> int:
        return self._spooler.write(part, self._file)


_NO_DATA: Final = Fault("invalid_data_uri", "A data URI has to read data:image/…;base64,… in plain base64.")
