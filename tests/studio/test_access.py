"""Who may open what: every route, as nobody, a stranger, a viewer."""

from typing import Final

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from apps.accounts.tenancy import Workspace
from apps.studio.urls import urlpatterns
from tests.studio.conftest import Studio

OPEN: Final = {"sign_in", "sign_up", "sign_out", "theme"}
FOR_PEOPLE: Final = {"home", "workspace_new"}
ROUTES: Final = {str(route.name): route for route in urlpatterns if isinstance(route, URLPattern)}
IN_WORKSPACE: Final = sorted(name for name, route in ROUTES.items() if "workspace_id" in route.pattern.converters)
POSTED: Final = (
    *("studio_create", "studio_quote", "studio_model", "studio_references", "studio_sort"),
    *("job_keep", "job_cancel", "job_retry", "api_key_revoke", "model_switch", "model_defaults_save"),
    *("buy", "promo_redeem", "credits_low_balance"),
    *("limit_set", "limit_move", "limit_ask", "top_up_save", "top_up_off", "top_up_card"),
)
CREDITS: Final = (
    *("credits", "credit_limits", "receipts", "top_up", "covers", "usage"),
    *("usage_csv", "ledger_csv", "statement"),
)
SOME_JOB: Final = "job_01hv0000000000000000000001"
SOME_KEY: Final = "key_01hv0000000000000000000001"
SOME_PURCHASE: Final = "purchase_01hv0000000000000000000001"


def address(name: str, workspace: Workspace) -> str:
    given = {
        "job_id": SOME_JOB,
        "key_id": SOME_KEY,
        "purchase_id": SOME_PURCHASE,
        "workspace_id": workspace.pk,
        "month": "2026-11",
    }
    return reverse(name, kwargs={key: given[key] for key in ROUTES[name].pattern.converters})


def test_no_route_is_forgotten_here() -> None:
    assert set(ROUTES) == OPEN | FOR_PEOPLE | set(IN_WORKSPACE)


@pytest.mark.parametrize("name", IN_WORKSPACE)
def test_a_stranger_finds_nothing(name: str, mallory_client: Client, acme: Workspace) -> None:
    method = mallory_client.post if name in POSTED else mallory_client.get
    assert method(address(name, acme)).status_code == 404


@pytest.mark.parametrize("name", IN_WORKSPACE)
def test_whoever_is_signed_out_is_sent_to_sign_in_and_back(name: str, client: Client, acme: Workspace) -> None:
    method = client.post if name in POSTED else client.get
    answer = method(address(name, acme))
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in?next={address(name, acme)}")


def test_a_fragment_takes_the_whole_window_to_sign_in(client: Client, acme: Workspace) -> None:
    page = f"http://testserver{address('jobs', acme)}"
    answer = client.get(address("studio_poll", acme), headers={"HX-Request": "true", "HX-Current-URL": page})
    assert answer["HX-Redirect"] == f"/sign-in?next=%2Fw%2F{acme.pk}%2Fjobs"


@pytest.mark.parametrize("name", ["studio", "studio_poll", "jobs"])
def test_a_viewer_may_look(name: str, studio: Studio, bob_client: Client) -> None:
    answer = bob_client.get(studio.url(name) + "?run=x")
    assert answer.status_code in {200, 286}
    assert b"Credits" not in answer.content
    assert b"You pay" not in answer.content
    assert b'id="make"' not in answer.content


@pytest.mark.parametrize("name", [*(name for name in POSTED if name != "model_switch"), *CREDITS, "api_keys"])
def test_a_viewer_may_not_run_spend_or_hand_out_keys(name: str, studio: Studio, bob_client: Client) -> None:
    method = bob_client.post if name in POSTED else bob_client.get
    assert method(address(name, studio.workspace)).status_code == 403


@pytest.mark.parametrize("name", IN_WORKSPACE)
def test_the_wrong_verb_is_refused(name: str, studio: Studio) -> None:
    address_of = address(name, studio.workspace)
    answer = studio.client.get(address_of) if name in POSTED else studio.client.delete(address_of)
    assert answer.status_code == 405


def test_pages_are_not_kept_by_shared_caches(studio: Studio) -> None:
    assert set(studio.get("studio")["Cache-Control"].split(", ")) == {"private", "no-cache"}
