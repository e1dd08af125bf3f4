"""Handing a run to fal: what is sent, and what every bad answer to it means."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from apps.outbound import Client
from apps.providers.contract import (
    Accepted,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from apps.providers.fal import FalAdapter
from tests.emulators.fal import FalEmulator, Fault, Route
from tests.emulators.fal_runs import Behavior
from tests.providers.handover import accept, build_picture, build_request, encoded, unreadable

pytestmark = pytest.mark.once

REQUEST = build_request()
PNG = encoded(Image.new("RGB", (8, 6), "teal"))


def test_submit_sends_the_inputs_and_keeps_what_comes_back(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = accept(adapter, num_images=2, seed=7, sync_mode=True)
    (sent,) = fal.seen(Route.SUBMIT)
    assert sent.path == "/fal-ai/flux/schnell"
    assert sent.json() == {"prompt": "a red kite", "num_images": 2, "seed": 7}  # no envelope, no sync_mode
    assert sent.headers["authorization"] == f"Key {fal.key}"
    assert json.loads(sent.headers["x-fal-object-lifecycle-preference"]) == {"expiration_duration_seconds": 86400}
    (request_id,) = fal.runs
    base = f"{fal.url}/fal-ai/flux/requests/{request_id}"  # the rest of the endpoint's id is not in it
    assert accepted == Accepted(request_id, {"status": f"{base}/status", "response": base, "cancel": f"{base}/cancel"})


def test_a_picture_with_a_public_address_is_passed_on(fal: FalEmulator, adapter: FalAdapter) -> None:
    accept(adapter, image_url=build_picture(PNG, public_url="https://files.example/a.png"))
    assert fal.seen(Route.SUBMIT)[0].json()["image_url"] == "https://files.example/a.png"
    assert fal.count(Route.TOKEN) == 0


def test_other_pictures_are_uploaded_first(fal: FalEmulator, adapter: FalAdapter) -> None:
    second = encoded(Image.new("RGB", (8, 6), "red"), "JPEG")
    public = build_picture(PNG, public_url="https://files.example/a.png")
    accept(adapter, image_urls=[build_picture(PNG), public, build_picture(second)], mask_url=None)
    urls = fal.seen(Route.SUBMIT)[0].json()["image_urls"]
    assert urls[1] == "https://files.example/a.png"
    stored = [fal.files[url.removeprefix(f"{fal.url}/files/")] for url in (urls[0], urls[2])]
    assert stored == [(PNG, "image/png"), (second, "image/jpeg")]
    uploads = fal.seen(Route.UPLOAD)
    assert [one.headers["authorization"] for one in uploads] == ["Bearer emulated-token"] * 2  # never our key
    assert [one.headers["x-fal-file-name"] for one in uploads] == ["picture.png", "picture.jpg"]
    assert json.loads(uploads[0].headers["x-fal-object-lifecycle"]) == {"expiration_duration_seconds": 86400}
    assert [route for route, _ in fal.requests] == [Route.TOKEN, Route.UPLOAD, Route.UPLOAD, Route.SUBMIT]


@pytest.mark.parametrize("route", [Route.TOKEN, Route.UPLOAD])
@pytest.mark.parametrize(
    "fault",
    [
        Fault.gateway(502),
        Fault.dropped(),
        Fault.lost(),
        Fault.of(401, {"detail": "no"}),
        Fault.of(413, {"detail": "too large"}),
        Fault.of(422, {"detail": "no"}),
        Fault.of(429, {"detail": "busy"}),
        Fault.of(200, b"<html>"),
        Fault.of(200, {}),
    ],
)
def test_an_upload_that_fails_begins_nothing(fal: FalEmulator, adapter: FalAdapter, route: Route, fault: Fault) -> None:
    fal.fail_next(route, fault)
    with pytest.raises(ProviderUnavailable):
        accept(adapter, image_url=build_picture(PNG))
    assert fal.count(Route.SUBMIT) == 0


def test_a_picture_that_cannot_be_read_begins_nothing(fal: FalEmulator, adapter: FalAdapter) -> None:
    for picture in (
        replace(build_picture(PNG), open=unreadable),
        replace(build_picture(PNG), size_bytes=len(PNG) + 1),
        replace(build_picture(PNG), size_bytes=len(PNG) - 1),
    ):
        with pytest.raises(ProviderUnavailable):
            accept(adapter, image_url=picture)
    assert fal.count(Route.SUBMIT) == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.of(429, {"detail": "Too many", "error_type": "concurrent_requests_limit"}), ProviderUnavailable),
        (Fault.of(429, b""), ProviderUnavailable),
        (Fault.of(503, {"detail": "No runner", "error_type": "runner_scheduling_failure"}), ProviderUnavailable),
        (Fault.of(503, {"detail": "No runner"}), ProviderUnavailable),
        (Fault.gateway(503), OutcomeUnknown),
        (Fault.gateway(502), OutcomeUnknown),
        (Fault.gateway(504), OutcomeUnknown),
        (Fault.of(500, {"detail": "Oh", "error_type": "internal_error"}), OutcomeUnknown),
        (Fault.of(200, b"<html>garbage"), OutcomeUnknown),
        (Fault.of(200, b"[]"), OutcomeUnknown),
        (Fault.of(200, {"request_id": "r1"}), OutcomeUnknown),
        (Fault.of(302, b"", {"Location": "https://elsewhere.example/"}), OutcomeUnknown),
        (Fault.of(401, {"detail": "Unauthorized"}), ProviderUnavailable),
        (Fault.of(403, {"detail": "User is locked. Reason: Exhausted balance."}), ProviderUnavailable),
        (Fault.of(404, {"detail": "Path /x not found"}), ProviderRejected),
        (Fault.of(404, b"<html>"), ProviderRejected),
        (Fault.of(422, {"detail": [{"loc": ["body", "seed"], "msg": "no", "type": "int_parsing"}]}), ProviderRejected),
        (Fault.dropped(), OutcomeUnknown),
        (Fault.lost(), OutcomeUnknown),
    ],
)
def test_what_a_bad_answer_to_submit_means(
    fal: FalEmulator, adapter: FalAdapter, fault: Fault, error: type[Exception]
) -> None:
    fal.fail_next(Route.SUBMIT, fault)
    with pytest.raises(error):
        adapter.submit(REQUEST)
    assert fal.count(Route.SUBMIT) == 1  # never sent again by itself


def test_silence_after_submit_is_an_unknown_outcome(fal: FalEmulator, client: Client) -> None:
    class Impatient(Client):
        """The same, but nobody has a minute in a test."""

        def request(self, method: str, url: str, **options: Any) -> Any:  # as its base
            return super().request(method, url, **{**options, "connect_seconds": 0.2, "answer_seconds": 0.3})

    fal.fail_next(Route.SUBMIT, Fault.slow(5))
    with Impatient() as impatient:
        adapter = FalAdapter(key=fal.key, client=impatient, queue_url=fal.url)
        with pytest.raises(OutcomeUnknown):
            adapter.submit(REQUEST)
    assert len(fal.runs) == 1  # it was accepted all the same: asking again would be a second bill


def test_nobody_listens(client: Client) -> None:
    with FalEmulator() as gone:
        url = gone.url
    with pytest.raises(ProviderUnavailable):
        FalAdapter(key="a:b", client=client, queue_url=url).submit(REQUEST)


def test_an_exhausted_balance_is_the_operators_to_know(
    fal: FalEmulator, adapter: FalAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    fal.fail_next(Route.SUBMIT, Fault.of(403, {"detail": "User is locked. Reason: Exhausted balance."}))
    with caplog.at_level(logging.WARNING), pytest.raises(ProviderUnavailable) as raised:
        adapter.submit(REQUEST)
    assert "Exhausted balance" in caplog.text
    assert "balance" not in str(raised.value)
    assert fal.key not in caplog.text


def test_our_key_goes_to_no_other_host(fal: FalEmulator, adapter: FalAdapter) -> None:
    with FalEmulator() as stranger:
        fal.behavior = Behavior(urls_at=stranger.url)
        with pytest.raises(OutcomeUnknown):
            adapter.submit(REQUEST)
        forged = Accepted("r1", dict.fromkeys(("status", "response", "cancel"), f"{stranger.url}/x/y/requests/r1"))
        with pytest.raises(ProviderRejected):
            adapter.poll(REQUEST, forged)
        adapter.cancel(forged)
        assert stranger.requests == []
