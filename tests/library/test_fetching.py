"""References of a request: fetched, decoded or looked up, measured, and kept or forgotten."""

import hashlib
import io
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pytest

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.errors import NotFound
from apps.ids import to_public, uuid7
from apps.library import fetching, storage, uploads
from apps.library.fetching import InvalidReferences, Measured
from apps.library.models import Asset, Origin
from apps.library.storage import StorageUnavailable
from tests.library import pictures
from tests.library.conftest import Fetch, faults_of
from tests.library.web import Exchange, Web

PNG = pictures.encode(pictures.quarters(80, 60))
JPEG = pictures.encode(pictures.quarters(50, 70), "JPEG")


@pytest.fixture
def asset(acme: Workspace, alice: User, disk: Path, now: datetime) -> Asset:
    return receive(acme, alice, now)


def receive(workspace: Workspace, user: User, now: datetime) -> Asset:
    file = io.BytesIO(PNG)
    return uploads.receive(
        workspace=workspace, file=file, name="fox.png", created_by_id=user.pk, now=now, max_bytes=1_000_000
    )


def test_every_kind_of_source_is_measured(fetch: Fetch, web: Web, asset: Asset) -> None:
    url, data = web.offer("/shots/fox.png?size=large", PNG, "text/plain"), pictures.data_uri(JPEG)
    web.offer("/shots/fox.png", PNG, "text/plain")
    with fetch(url, data, asset.public_id) as fetched:
        assert fetched.measured == {
            url: Measured(80, 60, "image/png", len(PNG)),
            data: Measured(50, 70, "image/jpeg", len(JPEG)),
            asset.public_id: Measured(80, 60, "image/png", len(PNG)),
        }
    assert Asset.objects.count() == 1


def test_kept_pictures_are_assets_with_files(
    fetch: Fetch, web: Web, asset: Asset, acme: Workspace, alice: User, disk: Path, now: datetime
) -> None:
    url, data = web.offer("/shots/F%C3%BCchse.png", PNG), pictures.data_uri(JPEG)
    with fetch(url, data, asset.public_id) as fetched:
        kept = fetched.keep(created_by_id=alice.pk, now=now)
        assert fetched.keep(created_by_id=alice.pk, now=now) == kept
    assert kept[asset.public_id] == asset
    row = Asset.objects.for_workspace(acme).get(pk=kept[url].pk)
    assert (row.origin, row.name, row.width, row.height) == (Origin.FETCHED, "Füchse.png", 80, 60)
    assert (row.sha256, row.created_by_id) == (hashlib.sha256(PNG).hexdigest(), alice.pk)
    assert kept[data].name == "picture.jpg"
    assert Asset.objects.count() == 3
    assert len(pictures.files_below(disk)) == 6
    with storage.open(row.storage_key) as file:
        assert file.read() == PNG


def test_a_refused_request_takes_back_what_was_kept(
    fetch: Fetch, web: Web, asset: Asset, alice: User, disk: Path, now: datetime
) -> None:
    before = pictures.files_below(disk)
    with fetch(web.offer("/fox.png", PNG), asset.public_id) as fetched:
        fetched.keep(created_by_id=alice.pk, now=now)
        fetched.discard()
        fetched.discard()
    assert list(Asset.objects.all()) == [asset]
    assert pictures.files_below(disk) == before


def test_what_is_not_kept_is_gone(fetch: Fetch, web: Web, disk: Path) -> None:
    with fetch(web.offer("/fox.png", PNG)):
        pass
    assert not Asset.objects.exists()
    assert not disk.exists()


def test_storage_that_fails_half_way_keeps_nothing(
    fetch: Fetch, alice: User, disk: Path, now: datetime, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    large = pictures.data_uri(pictures.flat_png(13_000_000))
    with fetch(pictures.data_uri(PNG), large) as fetched, full_disk(12_000_000), pytest.raises(StorageUnavailable):
        fetched.keep(created_by_id=alice.pk, now=now)
    assert not Asset.objects.exists()
    assert pictures.files_below(disk) == []


def test_a_disk_without_room_for_downloads_is_said(
    fetch: Fetch, web: Web, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    url = web.offer("/large.png", pictures.flat_png(13_000_000))
    with full_disk(12_000_000), pytest.raises(StorageUnavailable), fetch(url):
        raise AssertionError("not refused")


def test_a_source_given_twice_is_fetched_once(fetch: Fetch, web: Web) -> None:
    url = web.offer("/fox.png", PNG)
    with fetch(url, url, url) as fetched:
        assert list(fetched.measured) == [url]
    assert web.asked == ["/fox.png"]


def test_downloads_run_side_by_side(fetch: Fetch, web: Web) -> None:
    all_here = threading.Barrier(4, timeout=10)

    def page(exchange: Exchange) -> None:
        all_here.wait()
        exchange.give(PNG)

    urls = [web.on(f"/{number}.png", page) for number in range(4)]
    with fetch(*urls) as fetched:
        assert len(fetched.measured) == 4


def test_every_fault_is_told_at_once(fetch: Fetch, web: Web, asset: Asset) -> None:
    sources = {
        web.offer("/text.png", b"this is no picture"): "not_a_picture",
        web.offer("/empty.png", b""): "not_a_picture",
        web.offer("/half.png", PNG[: len(PNG) // 2]): "broken_picture",
        web.offer("/huge.png", pictures.zero_png(20_000, 20_000)): "image_too_large",
        web.address + "/nowhere.png": "url_unreachable",
        "https://nobody.invalid/fox.png": "url_unreachable",
        pictures.data_uri(b"<svg/>", "image/svg+xml"): "not_a_picture",
        "data:image/png,not-base64": "invalid_data_uri",
        to_public("asset", uuid7()): "asset_not_found",
        "asset_x": "asset_not_found",
        "fox.png": "unsupported_reference",
        "ftp://example.com/fox.png": "unsupported_reference",
        "file:///etc/passwd": "unsupported_reference",
        "": "unsupported_reference",
    }
    found = faults_of(fetch(web.offer("/good.png", PNG), asset.public_id, *sources))
    assert {source: fault.code for source, fault in found.items()} == sources
    assert list(found) == list(sources)
    assert Asset.objects.count() == 1


def test_a_strangers_asset_is_as_unknown_as_none(
    fetch: Fetch, acme: Workspace, elsewhere: Workspace, mallory: User, disk: Path, now: datetime
) -> None:
    theirs, none = receive(elsewhere, mallory, now).public_id, to_public("asset", uuid7())
    found = faults_of(fetch(theirs, none))
    assert found[theirs] == found[none]
    with pytest.raises(InvalidReferences):
        fetching.measure(workspace=acme, sources=[theirs])
    assert fetching.measure(workspace=elsewhere, sources=[theirs])[theirs].width == 80


def test_an_asset_whose_file_is_gone_is_not_there(fetch: Fetch, asset: Asset) -> None:
    Asset.objects.update(storage_key="")
    assert faults_of(fetch(asset.public_id))[asset.public_id].code == "asset_not_found"


def test_a_clip_is_no_picture(fetch: Fetch, asset: Asset) -> None:
    Asset.objects.update(content_type="video/mp4")
    assert faults_of(fetch(asset.public_id))[asset.public_id].code == "not_a_picture"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.1/fox.png",
            "http://10.0.0.1/fox.png",
            "http://[::1]/fox.png",
            "http://169.254.169.254/latest",
        ),
        *("http://xn--/fox.png", "http://xn--a.com/fox.png", "http://[", "http://\x00/", "http://" + "a" * 9000),
        *("http://2130706433/fox.png", "http://user:secret@192.0.2.1/fox.png", "http://192.168.1.1:8080/fox.png"),
    ],
)
def test_private_and_impossible_addresses_are_refused(fetch: Fetch, url: str) -> None:
    assert faults_of(fetch(url, allow_private=False))[url].code == "url_refused"


def test_our_own_server_is_refused_without_being_asked(fetch: Fetch, web: Web) -> None:
    url = web.offer("/fox.png", PNG)
    assert faults_of(fetch(url, allow_private=False))[url].code == "url_refused"
    assert web.asked == []


def test_a_redirect_is_looked_at_anew(fetch: Fetch, web: Web) -> None:
    inward = web.on("/inward", lambda exchange: exchange.redirect("http://169.254.169.254/latest/meta-data"))
    around = web.on("/around", lambda exchange: exchange.redirect("/around"))
    onward = web.on("/onward", lambda exchange: exchange.redirect("/fox.png"))
    web.offer("/fox.png", PNG)
    found = faults_of(fetch(inward, around, onward))
    assert {source: fault.code for source, fault in found.items()} == {inward: "url_refused", around: "url_refused"}


def test_a_server_that_never_answers_costs_no_more_than_the_time_for_all(fetch: Fetch, web: Web) -> None:
    urls = [web.on(f"/{number}", lambda exchange: exchange.never_answer()) for number in range(9)]
    began = time.monotonic()
    found = faults_of(fetch(*urls, timeout_seconds=0.6))
    assert {fault.code for fault in found.values()} == {"url_unreachable"}
    assert len(found) == 9
    assert time.monotonic() - began < 3


def test_a_picture_past_the_limit_is_refused(fetch: Fetch, web: Web) -> None:
    url, data = web.offer("/fox.png", PNG), pictures.data_uri(PNG)
    found = faults_of(fetch(url, data, max_bytes=len(PNG) - 1))
    assert {fault.code for fault in found.values()} == {"url_too_large"}
    with fetch(url, data, max_bytes=len(PNG)) as fetched:
        assert len(fetched.measured) == 2


def test_all_pictures_together_have_a_limit(fetch: Fetch, web: Web) -> None:
    content = pictures.flat_png(100_000)
    urls = [web.offer(f"/{number}.png", content) for number in range(6)]
    found = faults_of(fetch(*urls, max_bytes=len(content)))
    assert {fault.code for fault in found.values()} == {"url_too_large"}
    assert 2 <= len(found) < 6  # which ones depends on who came first
    assert "together" in next(iter(found.values())).message


def test_all_pictures_together_have_a_limit_of_pixels(fetch: Fetch) -> None:
    large = [pictures.data_uri(pictures.zero_png(9_459, 9_459 - number)) for number in range(5)]
    found = faults_of(fetch(*large))
    assert [fault.code for fault in found.values()] == ["image_too_large"]


def test_the_number_of_pictures_has_a_limit(fetch: Fetch) -> None:
    uris = [pictures.data_uri(PNG + bytes([number])) for number in range(33)]
    found = faults_of(fetch(*uris))
    assert {source: fault.code for source, fault in found.items()} == {uris[32]: "too_many_images"}


def test_measuring_follows_no_url(acme: Workspace, asset: Asset, web: Web) -> None:
    url, data = web.offer("/fox.png", PNG), pictures.data_uri(JPEG)
    found = fetching.measure(workspace=acme, sources=[url, data, asset.public_id])
    assert set(found) == {data, asset.public_id}
    assert web.asked == []
    assert fetching.without_urls([url, data, "HTTPS://x", "asset_1"]) == [data, "asset_1"]
    with pytest.raises(InvalidReferences):
        fetching.measure(workspace=acme, sources=["data:image/png;base64,"])


def test_nothing_asked_is_nothing_done(fetch: Fetch, disk: Path, now: datetime) -> None:
    with fetch() as fetched:
        assert fetched.measured == {}
        assert fetched.keep(created_by_id=None, now=now) == {}
    assert not disk.exists()


def test_a_missing_file_is_not_found(asset: Asset) -> None:
    uploads.remove_files(asset)
    with pytest.raises(NotFound):
        storage.open(asset.storage_key)
