"""Every address of the API, asked without a key and by a stranger: nothing is told, and nothing new is forgotten."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern

from apps.api.urls import urlpatterns
from apps.ids import to_public, uuid7
from apps.jobs.models import Job
from tests.api.conftest import Caller, run
from tests.jobs.scripted import png

OPEN = {
    "openapi.json",
    "docs",
    "files/<str:token>/<str:name>",
    "problems/<slug:name>",
    "stripe/webhook",
}  # answer without a key: the contract, signed links and signed messages
METHODS = ("get", "post", "put", "patch", "delete")

# Addresses whose last part is somebody's own: method, route, and how to fill it with an id of each kind.
OWNED = {
    ("get", "v1/jobs/<slug:ref>"): "job",
    ("post", "v1/jobs/<slug:ref>/cancel"): "job",
    ("post", "v1/jobs/<slug:ref>/retry"): "job",
    ("get", "v1/assets/<slug:ref>"): "asset",
    ("patch", "v1/assets/<slug:ref>"): "asset",
}
# Addresses that answer everyone alike, each from their own workspace.
SHARED = {
    ("get", "v1/jobs"),
    ("post", "v1/jobs/<slug:ref>"),
    ("put", "v1/jobs/<slug:ref>/<str:client_id>"),
    ("post", "v1/quotes"),
    ("get", "v1/models"),
    ("get", "v1/models/<slug:ref>"),
    ("get", "v1/models/<slug:ref>/schema"),
    ("post", "v1/models/recommend"),
    ("get", "v1/calculator"),
    ("put", "v1/models/<slug:ref>/access"),
    ("get", "v1/tools"),
    ("put", "v1/tools/<slug:ref>/access"),
    ("get", "v1/defaults"),
    ("put", "v1/defaults"),
    ("post", "v1/uploads"),
    ("get", "v1/assets"),
    ("get", "v1/credits"),
    ("get", "v1/ledger"),
    ("get", "v1/usage"),
    ("post", "v1/promo-codes/redeem"),
    ("get", "v1/packs"),
    ("get", "v1/purchases"),
    ("post", "v1/purchases"),
    ("get", "v1/limits"),
    ("put", "v1/limits/<slug:kind>/<slug:ref>"),
    ("post", "v1/limits/move"),
    ("get", "v1/key"),
}


def calls() -> list[tuple[str, str]]:
    """(method, route) of everything that the API's resolver knows and that needs a key."""
    found = []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        if route not in OPEN:
            endpoint = pattern.callback.cls  # type: ignore[attr-defined]  # every other one is an endpoint
            found += [(method, route) for method in METHODS if hasattr(endpoint, method)]
    return found


CALLS = calls()
LISTED = [call for call in CALLS if not call[1].startswith("^")]


def filled(route: str, ref: str) -> str:
    return "/" + re.sub(r"<str:\w+>", "mine", route.replace("<slug:ref>", ref).replace("<slug:kind>", "key"))


def test_every_call_is_sorted_here() -> None:
    assert set(LISTED) == set(OWNED) | SHARED


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "route"), CALLS)
@pytest.mark.parametrize("authorization", [None, "Bearer nonsense"])
def test_without_a_key_nothing_answers(method: str, route: str, authorization: str | None) -> None:
    path = "/v1/nowhere" if route.startswith("^") else filled(route, "flux_pro")
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = getattr(Client(), method)(path, headers=headers)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="easel"'


@pytest.mark.parametrize(("method", "route"), sorted(OWNED))
def test_a_strangers_id_looks_like_none(program: Caller, stranger: Caller, method: str, route: str) -> None:
    made = program.submit(mock=True)
    asset = program.client.post(
        "/v1/uploads",
        {"file": SimpleUploadedFile("a.png", png())},
        headers={"Authorization": f"Bearer {program.key}"},
    ).json()
    kind = OWNED[method, route]
    theirs = {"job": made["id"], "asset": asset["id"]}[kind]
    answers = [
        stranger.ask(method.upper(), filled(route, ref))
        for ref in (theirs, to_public(kind, uuid7()), f"{kind}_nonsense", "x" * 200)
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        assert body.pop("request_id").startswith("req_")
        assert body.pop("instance").startswith("/v1/")
    assert bodies == [bodies[0]] * 4
    assert Job.objects.get().state == "queued"


@pytest.mark.parametrize("route", ["v1/jobs", "v1/assets"])
def test_a_strangers_list_is_their_own(program: Caller, stranger: Caller, route: str) -> None:
    made = program.submit(mock=True)
    run(made["id"])
    assert len(program.get(f"/{route}").json()["data"]) == 1
    assert stranger.get(f"/{route}").json()["data"] == []
    mine = program.get(f"/{route}").json()["last_id"]
    assert stranger.get(f"/{route}?after={mine}").json()["data"] == []


def test_a_strangers_asset_is_no_input(program: Caller, stranger: Caller) -> None:
    asset = program.client.post(
        "/v1/uploads",
        {"file": SimpleUploadedFile("a.png", png())},
        headers={"Authorization": f"Bearer {program.key}"},
    ).json()["id"]
    body = {"prompt": "x", "image_urls": [asset]}
    theirs = stranger.post("/v1/jobs/nano_banana_edit", body)
    nobodys = stranger.post("/v1/jobs/nano_banana_edit", body | {"image_urls": [to_public("asset", uuid7())]})
    assert (theirs.status_code, nobodys.status_code) == (422, 422)
    codes = [answer.json()["error"]["code"] for answer in (theirs, nobodys)]
    assert codes[0] == codes[1]
