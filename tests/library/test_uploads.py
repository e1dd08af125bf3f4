"""An upload becomes an Asset with its files, or leaves nothing at all."""

import hashlib
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.library import media, storage, uploads
from apps.library.models import Asset, Origin, Project
from apps.library.names import InvalidName
from apps.library.storage import StorageUnavailable
from apps.library.uploads import UploadTooLarge
from tests.library import pictures
from tests.library.bucket import Bucket

CONTENT = pictures.encode(pictures.quarters(800, 600))
MAX_BYTES = 20_000_000


class Stream(io.BytesIO):
    """A body as it comes from a socket: to be read once, a little at a time."""

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 < size < 1_000_000, "the whole body at once"
        return super().read(min(size, 1000))


Receive = Callable[..., Asset]


@pytest.fixture
def receive(acme: Workspace, alice: User, now: datetime) -> Receive:
    def call(content: bytes = CONTENT, name: str = "shots/fox.png", **others: object) -> Asset:
        settled = {"file": io.BytesIO(content), "max_bytes": MAX_BYTES} | others
        return uploads.receive(workspace=acme, name=name, created_by_id=alice.pk, now=now, **settled)  # type: ignore[arg-type]  # as the tests give them

    return call


def test_an_upload_becomes_an_asset_with_its_files(
    receive: Receive, disk: Path, acme: Workspace, alice: User, now: datetime
) -> None:
    project = Project.objects.create(workspace=acme, name="Autumn", created_at=now)
    made = receive(project=project)
    asset = Asset.objects.for_workspace(acme).get()
    assert made.pk == asset.pk
    assert (asset.origin, asset.name, asset.project_id) == (Origin.UPLOADED, "shots/fox.png", project.pk)
    assert (asset.content_type, asset.width, asset.height) == ("image/png", 800, 600)
    assert (asset.size_bytes, asset.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (asset.created_by_id, asset.created_at) == (alice.pk, now)
    assert len(asset.blurhash) == 28
    assert asset.storage_key == f"{acme.pk}/uploads/{asset.pk}.png"
    assert asset.thumbnail_key == f"{acme.pk}/thumbnails/{asset.pk}.webp"
    assert pictures.files_below(disk) == sorted([asset.storage_key, asset.thumbnail_key])
    with storage.open(asset.storage_key) as file:
        assert file.read() == CONTENT
    with storage.open(asset.thumbnail_key) as file:
        assert media.probe(file).content_type == "image/webp"
        assert media.probe(file).width == 640


def test_the_same_works_in_a_bucket(receive: Receive, bucket: Bucket) -> None:
    asset = receive()
    assert pictures.files_below(bucket.folder) == sorted([asset.storage_key, asset.thumbnail_key])
    with storage.open(asset.storage_key) as file:
        assert file.read() == CONTENT


def test_the_same_upload_twice_is_two_assets(receive: Receive, disk: Path) -> None:
    assert receive().storage_key != receive().storage_key
    assert len(pictures.files_below(disk)) == 4


def test_the_content_decides_what_it_is(receive: Receive, disk: Path) -> None:
    asset = receive(pictures.encode(pictures.quarters(), "JPEG"), name="fox.png")
    assert asset.content_type == "image/jpeg"
    assert asset.storage_key.endswith(".jpg")
    assert asset.name == "fox.png"


def test_a_stream_and_a_form_file_are_taken_too(receive: Receive, disk: Path) -> None:
    stream = Stream(CONTENT)
    form_file = SimpleUploadedFile("fox.png", CONTENT, "text/html")
    digests = {receive(file=file).sha256 for file in (stream, form_file)}
    assert digests == {hashlib.sha256(CONTENT).hexdigest()}
    assert not stream.closed
    assert not form_file.closed


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"plain text in a file called fox.png", "not_a_picture"),
        (b"", "not_a_picture"),
        (CONTENT[: len(CONTENT) // 2], "broken_picture"),
        (pictures.zero_png(20_000, 20_000), "image_too_large"),
    ],
)
def test_a_file_that_is_no_good_leaves_nothing(receive: Receive, disk: Path, content: bytes, code: str) -> None:
    with pytest.raises(media.BadPicture) as refusal:
        receive(content)
    assert refusal.value.code == code
    assert not Asset.objects.exists()
    assert not disk.exists()


@pytest.mark.parametrize("name", ["../fox.png", "/fox.png", "", "a\x00b.png"])
def test_a_bad_name_is_refused_before_the_file_is_read(receive: Receive, disk: Path, name: str) -> None:
    file = io.BytesIO(CONTENT)
    with pytest.raises(InvalidName):
        receive(file=file, name=name)
    assert file.tell() == 0
    assert not disk.exists()


@pytest.mark.parametrize("make", [io.BytesIO, Stream])
def test_the_size_limit_counts_every_byte(receive: Receive, disk: Path, make: Callable[[bytes], io.BytesIO]) -> None:
    with pytest.raises(UploadTooLarge) as refusal:
        receive(file=make(CONTENT), max_bytes=len(CONTENT) - 1)
    assert (refusal.value.code, refusal.value.details) == ("upload_too_large", {"max_bytes": len(CONTENT) - 1})
    assert not Asset.objects.exists()
    assert not disk.exists()
    assert receive(file=make(CONTENT), max_bytes=len(CONTENT)).size_bytes == len(CONTENT)


def test_a_stream_past_the_limit_is_not_read_to_its_end(receive: Receive, disk: Path) -> None:
    stream = Stream(bytes(5_000_000))
    with pytest.raises(UploadTooLarge):
        receive(file=stream, max_bytes=100_000)
    assert stream.tell() < 500_000


def test_a_full_disk_leaves_nothing(
    receive: Receive, disk: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    content = pictures.flat_png(16_000_000)
    with full_disk(12_000_000), pytest.raises(StorageUnavailable):
        receive(content)
    with full_disk(12_000_000), pytest.raises(StorageUnavailable):
        receive(file=Stream(content))
    assert not Asset.objects.exists()
    assert pictures.files_below(disk) == []


def test_a_row_that_cannot_be_written_takes_its_files_along(receive: Receive, disk: Path, acme: Workspace) -> None:
    with pytest.raises(ValueError, match="unsaved related object 'project'"):
        receive(project=Project(id=None, workspace=acme))
    assert not Asset.objects.exists()
    assert pictures.files_below(disk) == []


def test_files_can_be_removed_twice(receive: Receive, disk: Path) -> None:
    asset = receive()
    uploads.remove_files(asset)
    uploads.remove_files(asset)
    assert pictures.files_below(disk) == []
