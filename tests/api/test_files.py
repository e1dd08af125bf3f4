"""Files behind links: what is sent, to whom, and as what."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from asgiref.sync import async_to_sync
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncRequestFactory, Client, RequestFactory
from pytest_django.fixtures import Settings

from apps.api.files import serve_file
from apps.library import storage

pytestmark = pytest.mark.once

KEY = "0199/uploads/fox.png"
CONTENT = bytes(range(256)) * 1000  # several pieces long


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    options = {"location": tmp_path, "base_url": "/files/"}
    backend = "apps.library.storage.SignedFileSystemStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend, "OPTIONS": options}}
    storage.put(KEY, io.BytesIO(CONTENT), "image/png")
    return tmp_path


def ask(
    link: str | None = None, method: str = "GET", asked_range: str = "", token: str | None = None
) -> HttpResponseBase:
    link = link or storage.signed_url(KEY, expires_in=600, filename="shots/Füchse.png")
    headers = {"Range": asked_range} if asked_range else {}
    request = RequestFactory().generic(method, link, headers=headers)
    return serve_file(request, token=token or link.split("/")[2], name="whatever")


def body(response: HttpResponseBase) -> bytes:
    return b"".join(cast(StreamingHttpResponse, response))


def test_a_link_gives_the_file_and_lets_it_run_nothing() -> None:
    response = ask()
    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Content-Disposition"] == "inline; filename*=utf-8''F%C3%BCchse.png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"].startswith("private, max-age=")
    assert 440 < int(response["Cache-Control"].split("=")[1].split(",")[0]) <= 600


def test_the_whole_installation_leaves_the_answer_as_it_is() -> None:
    response = Client().get(storage.signed_url(KEY, expires_in=600, filename="shots/Füchse 1.png"))
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Type"] == "image/png"
    assert "Set-Cookie" not in response
    assert Client().get("/files/forged/fox.png").status_code == 404


def test_a_download_is_saved_under_its_name() -> None:
    response = ask(storage.signed_url(KEY, expires_in=600, filename="fox.png", is_download=True))
    assert response["Content-Disposition"] == 'attachment; filename="fox.png"'


def test_what_is_no_known_type_is_never_shown() -> None:
    storage.put("0199/jobs/1/0.html", io.BytesIO(b"<script>"), "text/html")
    response = ask(storage.signed_url("0199/jobs/1/0.html", expires_in=600))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="0.html"'
    assert body(response) == b"<script>"


@pytest.mark.parametrize("token", ["x", "a:b", "", "é", "eyJ9:Zm9v", "../../etc/passwd"])
def test_a_token_that_is_not_ours_is_nothing(token: str) -> None:
    with pytest.raises(Http404):
        ask(token=token or " ")


def test_a_link_past_its_time_is_nothing() -> None:
    with pytest.raises(Http404):
        ask(storage.signed_url(KEY, expires_in=0))


def test_a_link_to_a_file_that_is_gone_is_nothing() -> None:
    link = storage.signed_url(KEY, expires_in=600)
    storage.delete(KEY)
    with pytest.raises(Http404):
        ask(link)


def test_a_head_has_the_headers_and_no_body() -> None:
    response = ask(method="HEAD")
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(CONTENT))
    assert not response.streaming


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_files_are_only_read(method: str) -> None:
    assert ask(method=method).status_code == 405


@pytest.mark.parametrize(
    ("asked_range", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-70000", 100, 70_000),
        ("bytes=255990-", 255_990, 255_999),
        ("bytes=-10", 255_990, 255_999),
        ("bytes=10-999999999", 10, 255_999),
    ],
)
def test_a_range_is_sent_alone(asked_range: str, first: int, last: int) -> None:
    response = ask(asked_range=asked_range)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/256000"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked_range", ["bytes=256000-", "bytes=-0", "bytes=999999-9999999"])
def test_a_range_outside_is_said(asked_range: str) -> None:
    response = ask(asked_range=asked_range)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */256000"


@pytest.mark.parametrize(
    "asked_range", ["bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=-999999"]
)
def test_any_other_range_gives_the_whole(asked_range: str) -> None:
    response = ask(asked_range=asked_range)
    assert response.status_code == 200
    assert body(response) == CONTENT


def test_under_asgi_pieces_are_sent_as_they_are_read() -> None:
    link = storage.signed_url(KEY, expires_in=600)
    response = serve_file(AsyncRequestFactory().get(link), token=link.split("/")[2], name="fox.png")

    async def collect() -> list[bytes]:
        pieces = cast(AsyncIterator[bytes], cast(StreamingHttpResponse, response).streaming_content)
        return [piece async for piece in pieces]

    pieces = async_to_sync(collect)()
    assert b"".join(pieces) == CONTENT
    assert len(pieces) > 1


@pytest.mark.parametrize("asked_range", ["", "bytes=0-", "bytes=5-", "bytes=-5"])
def test_an_empty_file_is_empty(asked_range: str) -> None:
    storage.put("0199/jobs/1/0.png", io.BytesIO(b""), "image/png")
    response = ask(storage.signed_url("0199/jobs/1/0.png", expires_in=600), asked_range=asked_range)
    assert (response.status_code, response["Content-Length"], body(response)) == (200, "0", b"")
