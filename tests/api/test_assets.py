"""/v1/uploads and /v1/assets: pictures in, and the list of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from apps.library.models import Asset
from tests.api.conftest import Caller, run
from tests.jobs.scripted import png

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer


def upload(program: Caller, content: bytes | None = None, name: str = "photo.png", **more: Any) -> "Answer":
    file = SimpleUploadedFile(name, png() if content is None else content, "image/png")
    return program.client.post("/v1/uploads", {"file": file} | more, headers={"Authorization": f"Bearer {program.key}"})


def test_a_picture_becomes_an_asset(program: Caller) -> None:
    answer = upload(program)
    body = answer.json()
    assert answer.status_code == 201
    assert body["id"].startswith("asset_")
    assert (body["object"], body["origin"], body["name"]) == ("asset", "uploaded", "photo.png")
    assert (body["content_type"], body["width"], body["height"], body["bytes"]) == ("image/png", 64, 48, len(png()))
    assert (len(body["sha256"]), body["duration_s"], body["project"]) == (64, None, None)
    assert body["blurhash"]
    assert program.get(f"/v1/assets/{body['id']}").json() | {"expires_at": None} == body | {"expires_at": None}


def test_its_link_gives_the_same_bytes(program: Caller) -> None:
    link = upload(program).json()["url"].removeprefix("http://127.0.0.1:8000")
    file = program.client.get(link)
    assert (file.status_code, b"".join(file.streaming_content)) == (200, png())  # type: ignore[attr-defined]  # a stream


def test_an_asset_is_given_to_a_job(program: Caller) -> None:
    asset = upload(program).json()["id"]
    made = program.submit("nano_banana_edit", prompt="more wind", image_urls=[asset])
    assert made["parents"] == [{"asset": asset, "role": "image_urls"}]
    assert made["effective_input"]["image_urls"] == [asset]


def test_a_large_picture_is_streamed_to_disk(program: Caller) -> None:
    content = png(2400, 1800) + b"\0" * 2_000_000
    assert upload(program, content).status_code in {201, 415}


@pytest.mark.parametrize("content", [b"GIF89a?", b"<svg/>", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_a_415(program: Caller, content: bytes) -> None:
    answer = upload(program, content)
    assert (answer.status_code, answer["Content-Type"]) == (415, "application/problem+json")
    assert Asset.objects.count() == 0


def test_a_picture_that_is_cut_off_is_a_415(program: Caller) -> None:
    answer = upload(program, png(640, 480)[:-40])
    assert (answer.status_code, answer.json()["error_type"]) == (415, "broken_picture")


@override_settings(EASEL_MAX_UPLOAD_BYTES=100)
@pytest.mark.parametrize("size", [101, 200_000])
def test_past_the_limit_it_is_a_413(program: Caller, size: int) -> None:
    answer = upload(program, b"x" * size)
    assert (answer.status_code, answer.json()["error_type"]) == (413, "upload_too_large")


def test_an_empty_file_is_a_415(program: Caller) -> None:
    assert upload(program, b"").status_code in {415, 422}


def test_one_file_and_nothing_else(program: Caller) -> None:
    answer = upload(program, colour="red")
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "colour")
    answer = program.client.post("/v1/uploads", {}, headers={"Authorization": f"Bearer {program.key}"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "file")
    two = [SimpleUploadedFile("a.png", png()), SimpleUploadedFile("b.png", png())]
    answer = program.client.post("/v1/uploads", {"file": two}, headers={"Authorization": f"Bearer {program.key}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "given_twice")
    assert Asset.objects.count() == 0


def test_a_multipart_body_without_a_boundary_is_malformed(program: Caller) -> None:
    answer = program.ask("POST", "/v1/uploads", b"hello", Content_Type="multipart/form-data")
    assert (answer.status_code, answer.json()["error_type"]) == (400, "malformed_request")


def test_too_many_parts_are_malformed(program: Caller) -> None:
    files = [SimpleUploadedFile(f"{number}.png", b"x") for number in range(101)]
    answer = program.client.post("/v1/uploads", {"file": files}, headers={"Authorization": f"Bearer {program.key}"})
    assert (answer.status_code, answer.json()["error_type"]) == (400, "malformed_request")


def test_the_list_has_uploads_and_results_newest_first(program: Caller, stranger: Caller) -> None:
    first = upload(program).json()["id"]
    made = program.submit(mock=True)
    run(made["id"])
    [output] = program.get(f"/v1/jobs/{made['id']}").json()["outputs"]
    upload(stranger)
    body = program.get("/v1/assets").json()
    assert [asset["id"] for asset in body["data"]] == [output["asset"], first]
    assert [asset["origin"] for asset in body["data"]] == ["made", "uploaded"]
    page = program.get("/v1/assets?limit=1").json()
    assert (page["has_more"], page["last_id"]) == (True, output["asset"])
    assert [asset["id"] for asset in program.get(f"/v1/assets?after={page['last_id']}").json()["data"]] == [first]


@pytest.mark.parametrize("query", ["limit=0", "after=job_1", "colour=red"])
def test_a_list_refuses_what_it_cannot_read(program: Caller, query: str) -> None:
    assert program.get(f"/v1/assets?{query}").status_code == 422


def test_a_list_takes_few_queries(program: Caller, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for _ in range(3):
        upload(program)
    with django_assert_max_num_queries(2):
        assert len(program.get("/v1/assets").json()["data"]) == 3


def test_a_picture_is_kept_and_let_go(program: Caller) -> None:
    asset, other = upload(program).json(), upload(program).json()
    assert asset["kept_at"] is None
    address = f"/v1/assets/{asset['id']}"
    kept = program.ask("PATCH", address, {"kept": True})
    assert kept.status_code == 200
    assert kept.json()["kept_at"]
    assert kept.json() | {"kept_at": None, "expires_at": None, "url": None, "thumbnail_url": None} == asset | {
        "expires_at": None,
        "url": None,
        "thumbnail_url": None,
    }
    assert program.ask("PATCH", address, {"kept": True}).json()["kept_at"] == kept.json()["kept_at"]
    assert program.get(address).json()["kept_at"] == kept.json()["kept_at"]
    assert program.ask("PATCH", address, {"kept": False}).json()["kept_at"] is None
    assert program.get(f"/v1/assets/{other['id']}").json()["kept_at"] is None


@pytest.mark.parametrize(
    ("body", "path"), [({}, "kept"), ({"kept": "yes"}, "kept"), ({"kept": 1}, "kept"), ({"kept": True, "a": 1}, "a")]
)
def test_only_yes_and_no_are_taken(program: Caller, body: dict[str, Any], path: str) -> None:
    answer = program.ask("PATCH", f"/v1/assets/{upload(program).json()['id']}", body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, path)
    assert Asset.objects.get().kept_at is None


def test_a_stranger_s_picture_cannot_be_kept(program: Caller, stranger: Caller) -> None:
    address = f"/v1/assets/{upload(program).json()['id']}"
    assert stranger.ask("PATCH", address, {"kept": True}).status_code == 404
    assert program.get(address).json()["kept_at"] is None
