"""Storages for tests of the library: a fresh folder, and a bucket on a server that checks signatures."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest
from pytest_django.fixtures import Settings

from tests.library.bucket import Bucket, serve_bucket


@pytest.fixture
def disk(settings: Settings, tmp_path: Path) -> Path:
    """The folder under which files lie."""
    folder = tmp_path / "media"
    _use(settings, "apps.library.storage.SignedFileSystemStorage", location=folder, base_url="/files/")
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[Bucket]:
    with serve_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(settings: Settings, server: Bucket) -> Bucket:
    """The storage is a bucket, empty at first."""
    server.empty()
    _use(settings, "apps.library.buckets.BucketStorage", **server.options)
    return server


@pytest.fixture
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    """``with full_disk(n)``: no file of this process can grow past n bytes, as on a disk without room."""

    @contextmanager
    def limited(size_bytes: int) -> Iterator[None]:
        usual, most = getrlimit(RLIMIT_FSIZE)
        setrlimit(RLIMIT_FSIZE, (size_bytes, most))
        try:
            yield
        finally:
            setrlimit(RLIMIT_FSIZE, (usual, most))

    return limited


def _use(settings: Settings, backend: str, **options: object) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}
