"""What tests of the library stand on: a fresh folder, a bucket on a server that checks signatures, pages to fetch."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest
from pytest_django.fixtures import Settings

from apps.accounts.tenancy import Workspace
from apps.library import fetching
from tests.library.bucket import Bucket, serve_bucket
from tests.library.web import Web, serve_web

Fetch = Callable[..., AbstractContextManager[fetching.Fetched]]


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


@pytest.fixture
def web() -> Iterator[Web]:
    with serve_web() as web:
        yield web


@pytest.fixture
def fetch(acme: Workspace, disk: Path) -> Fetch:
    """Fetch for acme, with limits that do not matter where a test names none."""

    def call(*sources: str, **limits: object) -> AbstractContextManager[fetching.Fetched]:
        settled = {"max_bytes": 20_000_000, "timeout_seconds": 10, "allow_private": True} | limits
        return fetching.fetch(workspace=acme, sources=sources, **settled)  # type: ignore[arg-type]  # as the tests give them

    return call


def faults_of(attempt: AbstractContextManager[fetching.Fetched]) -> dict[str, fetching.Fault]:
    """Fetch, be refused, and say why; nothing may have been kept."""
    with pytest.raises(fetching.InvalidReferences) as refusal, attempt:
        raise AssertionError("not refused")
    fields = refusal.value.details["fields"]
    assert refusal.value.code == "invalid_input"
    assert [field["code"] for field in fields] == [fault.code for fault in refusal.value.faults.values()]
    return dict(refusal.value.faults)


def _use(settings: Settings, backend: str, **options: object) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}
