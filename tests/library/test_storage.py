"""The same promises on disk and in a bucket: whole files or none, and links that end."""

import io
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.http import Http404
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from apps.api.files import serve_file
from apps.errors import NotFound
from apps.ids import uuid7
from apps.library import storage
from apps.library.buckets import BucketStorage
from apps.library.storage import StorageUnavailable
from config.env import ROOT
from tests.library import pictures
from tests.library.bucket import Bucket, free_port

pytestmark = pytest.mark.once

KEY = "0199/uploads/fox.png"
CONTENT = pictures.encode(pictures.quarters())


@pytest.fixture(params=["disk", "bucket"])
def files(request: pytest.FixtureRequest) -> Callable[[], list[str]]:
    """Each storage in turn; call it for what lies there."""
    there: Path | Bucket = request.getfixturevalue(request.param)
    folder = there if isinstance(there, Path) else there.folder
    return lambda: pictures.files_below(folder)


def get(link: str) -> tuple[int, dict[str, str], bytes]:
    """Follow a link as a stranger: status, headers, body."""
    if link.startswith("/"):
        match = re.fullmatch(r"/files/([^/]+)/([^/]+)", link)
        assert match, link
        try:
            response = serve_file(RequestFactory().get(link), token=match[1], name=unquote(match[2]))
        except Http404:
            return 404, {}, b""
        return response.status_code, dict(response.headers), b"".join(response)
    try:
        with urllib.request.urlopen(link, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read()


def put(content: bytes = CONTENT, key: str = KEY) -> None:
    storage.put(key, io.BytesIO(content), storage.content_type_of(key))


def read(key: str = KEY) -> bytes:
    with storage.open(key) as file:
        return file.read()


def test_what_was_put_is_there_until_it_is_deleted(files: Callable[[], list[str]]) -> None:
    assert not storage.exists(KEY)
    put()
    assert storage.exists(KEY)
    assert storage.size(KEY) == len(CONTENT)
    assert read() == CONTENT
    assert files() == [KEY]
    put(b"another")
    assert read() == b"another"
    assert files() == [KEY]
    storage.delete(KEY)
    storage.delete(KEY)
    storage.delete("")
    assert not storage.exists(KEY)
    assert files() == []


def test_a_file_is_put_from_its_first_byte_and_stays_open(files: Callable[[], list[str]]) -> None:
    file = io.BytesIO(CONTENT)
    file.seek(5)
    storage.put(KEY, file, "image/png")
    assert read() == CONTENT
    assert not file.closed


def test_a_large_file_comes_back_byte_for_byte(files: Callable[[], list[str]]) -> None:
    content = pictures.flat_png(20_000_000)  # past the size from which a bucket takes parts
    put(content)
    assert read() == content


def test_an_open_file_can_be_seeked(files: Callable[[], list[str]]) -> None:
    put()
    with storage.open(KEY) as file:
        file.seek(-4, io.SEEK_END)
        assert file.read() == CONTENT[-4:]
        file.seek(0)
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("key", ["0199/uploads/none.png", "../outside.png", "0199/../../outside.png"])
def test_what_is_not_there_is_not_found(files: Callable[[], list[str]], key: str) -> None:
    with pytest.raises(NotFound):
        storage.open(key)
    with pytest.raises(NotFound):
        storage.size(key)
    assert files() == []


def test_a_link_answers_without_signing_in(files: Callable[[], list[str]]) -> None:
    put()
    status, headers, body = get(storage.signed_url(KEY, expires_in=600, filename="shots/Füchse.png"))
    assert (status, body) == (200, CONTENT)
    assert headers["Content-Type"] == "image/png"
    assert int(headers["Content-Length"]) == len(CONTENT)


def test_a_changed_link_is_refused(files: Callable[[], list[str]]) -> None:
    put()
    put(b"secret", key="0200/uploads/theirs.png")
    link = storage.signed_url(KEY, expires_in=600)
    assert get(link)[0] == 200
    token = re.search(r"Signature=([0-9a-f]+)|/files/([^/]+)/", link)
    assert token
    signature = token[1] or token[2]
    for wrong in (signature[:-1], signature[:-4] + "0000", "A" + signature[1:], signature[::-1], "x", "é:é"):
        status, _, body = get(link.replace(signature, quote(wrong)))
        assert status in {400, 403, 404}, wrong
        assert CONTENT not in body
    assert get(link.replace(KEY, "0200/uploads/theirs.png"))[0] in ({403} if link.startswith("http") else {200})


def test_an_expired_link_is_refused(files: Callable[[], list[str]]) -> None:
    put()
    link = storage.signed_url(KEY, expires_in=6)
    assert get(link)[0] == 200
    ends_at = time.monotonic() + 20
    while (status := get(link)[0]) == 200 and time.monotonic() < ends_at:
        time.sleep(0.1)
    assert status in {400, 403, 404}


def test_a_link_stays_the_same_for_a_while(files: Callable[[], list[str]]) -> None:
    put()
    links = {storage.signed_url(KEY, expires_in=3600) for _ in range(3)}
    assert len(links) <= 2  # two, when a window ends just now
    assert storage.signed_url(KEY, expires_in=3600, is_download=True) not in links
    assert storage.signed_url(KEY, expires_in=3600, filename="other.png") not in links


@pytest.mark.parametrize("expires_in", [1, 2, 5, 60, 3600, 86_400])
def test_a_link_lasts_at_least_three_quarters_of_what_was_asked_and_never_longer(expires_in: int) -> None:
    before = int(time.time())
    expires_at = storage.steady_expiry(expires_in=expires_in)
    assert before + 0.75 * expires_in <= expires_at <= int(time.time()) + expires_in


def test_the_token_of_a_link_names_file_and_end(disk: Path) -> None:
    put()
    link = storage.signed_url(KEY, expires_in=600, filename="shots/evil.html", is_download=True)
    token, name = link.removeprefix("/files/").split("/")
    read_back = storage.read_signed(token)
    assert (read_back.key, read_back.filename, read_back.is_download) == (KEY, "evil.html.png", True)
    assert name == "evil.html.png"
    assert 440 < read_back.expires_at - time.time() <= 600


@pytest.mark.parametrize(
    ("endpoint_url", "is_public"),
    [(None, True), ("https://objects.example.com", True), ("http://s3.localhost:9000", False)],
)
def test_a_provider_gets_a_link_only_where_it_can_follow_it(
    bucket: Bucket, endpoint_url: str | None, is_public: bool
) -> None:
    there = BucketStorage(**bucket.options | {"endpoint_url": endpoint_url})
    assert there.is_public() is is_public


def test_a_provider_gets_no_link_to_a_disk(disk: Path) -> None:
    put()
    assert storage.public_url(KEY, expires_in=60) is None


def test_what_is_no_known_type_is_bytes() -> None:
    assert storage.content_type_of("a/0.png") == "image/png"
    assert storage.content_type_of("a/0.bin") == storage.content_type_of("a/png") == "application/octet-stream"
    assert storage.content_type_of("a/0.svg") == storage.content_type_of("a/0.html") == "application/octet-stream"


def test_keys_begin_with_the_workspace() -> None:
    workspace, thing = uuid7(), uuid7()
    assert storage.upload_key(workspace, thing, "png") == f"{workspace}/uploads/{thing}.png"
    assert storage.output_key(workspace, thing, 3, "jpg") == f"{workspace}/jobs/{thing}/3.jpg"
    assert storage.thumbnail_key(workspace, thing) == f"{workspace}/thumbnails/{thing}.webp"


def test_a_full_disk_is_said_and_nothing_stays(
    disk: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    put(b"the old one")
    with full_disk(1_000_000), pytest.raises(StorageUnavailable, match="full") as refusal:
        put(bytes(3_000_000))
    assert refusal.value.code == "storage_unavailable"
    assert read() == b"the old one"
    assert pictures.files_below(disk) == [KEY]


def test_a_folder_that_cannot_be_made_is_said(disk: Path) -> None:
    disk.mkdir()
    (disk / "0199").write_bytes(b"a file in the way")
    with pytest.raises(StorageUnavailable):
        put()
    assert pictures.files_below(disk) == ["0199"]


def test_a_process_that_is_killed_leaves_whole_files_only(disk: Path) -> None:
    program = """
import io, sys
from django.conf import settings
settings.configure(USE_TZ=True)
from django.core.files.base import File
from apps.library.storage import SignedFileSystemStorage
there = SignedFileSystemStorage(sys.argv[1], "/files/")
print("writing", flush=True)
while True:
    for letter in b"ab":
        there.save("0199/uploads/fox.png", File(io.BytesIO(bytes([letter]) * 3_000_000)))
"""
    for _ in range(3):
        command = [sys.executable, "-c", program, str(disk)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            writer.stdout.readline()
            ends_at = time.monotonic() + 10
            while not (disk / KEY).exists() and time.monotonic() < ends_at:
                time.sleep(0.01)
            time.sleep(0.03)
            writer.send_signal(signal.SIGKILL)
        left = read()
        assert left in {b"a" * 3_000_000, b"b" * 3_000_000}
        (disk / KEY).unlink()


def test_what_a_killed_process_left_half_written_is_cleared_away(disk: Path) -> None:
    put()
    old, new = disk / ".incoming" / "old", disk / ".incoming" / "new"
    for left in (old, new):
        left.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    put()
    assert pictures.files_below(disk) == [".incoming/new", KEY]


def test_files_on_disk_are_for_their_owner_alone(disk: Path) -> None:
    put()
    assert (disk / KEY).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("wrong", [{"secret_key": "wrong"}, {"access_key": "stranger"}, {"bucket_name": "elsewhere"}])
def test_a_bucket_that_refuses_is_unavailable(settings: Settings, bucket: Bucket, wrong: dict[str, Any]) -> None:
    put()
    options = bucket.options | wrong
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    with pytest.raises((StorageUnavailable, NotFound)):
        storage.open(KEY)
    if "bucket_name" not in wrong:
        with pytest.raises(StorageUnavailable):
            put()
        with pytest.raises(StorageUnavailable):
            storage.exists(KEY)
        with pytest.raises(StorageUnavailable):
            storage.delete(KEY)


def test_a_bucket_that_does_not_answer_is_unavailable(settings: Settings, bucket: Bucket) -> None:
    options = bucket.options | {"endpoint_url": f"http://127.0.0.1:{free_port()}"}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    for step in (put, read, lambda: storage.exists(KEY), lambda: storage.size(KEY), lambda: storage.delete(KEY)):
        with pytest.raises(StorageUnavailable):
            step()
