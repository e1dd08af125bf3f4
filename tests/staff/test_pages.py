"""Every page of staff: it opens for them within its queries, is closed to everyone else, and takes no wrong id."""

from uuid import uuid4

from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing.models import PromoBatch
from apps.catalog.models import PriceVersion
from apps.staff.urls import pages
from tests.billing.gifts import build_batch

CODES = ("promotion_codes", "promotion_withdraw")
OTHERWISE = {"job": 404, "rehearsal": 302, **dict.fromkeys(("withdraw", "decide", *CODES), 405)}
ROUTES = [(route, name) for route, _, name in pages()]


def address(route: str, name: str, workspace: Workspace | None = None) -> str:
    """Where a page is, with things that are there."""
    arguments = {}
    if "<slug:model_id>" in route:
        arguments["model_id"] = "nano_banana"
    if "<uuid:version_id>" in route:
        arguments["version_id"] = str(PriceVersion.objects.get(ai_model="nano_banana").pk)
    if "<uuid:workspace_id>" in route:
        arguments["workspace_id"] = str(workspace.pk if workspace else uuid4())
    if "<str:job_id>" in route:
        arguments["job_id"] = "job_00000000000000000000000000"
    if "<uuid:batch_id>" in route:
        arguments["batch_id"] = str(PromoBatch.objects.get().pk)
    if "<str:request_id>" in route:
        arguments["request_id"] = "grant_00000000000000000000000000"
    return reverse(f"admin:staff_{name}", kwargs=arguments)


def test_each_page_opens_for_staff_and_for_nobody_else(
    catalog: None, acme: Workspace, sonia: User, staff_client: Client, alice_client: Client
) -> None:
    build_batch(sonia)
    for route, name in ROUTES:
        path = address(route, name, acme)
        expected = OTHERWISE.get(name, 200)
        assert staff_client.get(path).status_code == expected, path
        stranger = Client().get(path)
        assert (stranger.status_code, stranger["Location"]) == (302, f"/staff/login/?next={path}"), path
        assert alice_client.get(path, follow=True).status_code == 403, path
        posted = alice_client.post(path, {"rating": "1"})
        assert (posted.status_code, posted["Location"]) == (302, f"/staff/login/?next={path}"), path


def test_what_is_not_there_is_not_found(catalog: None, staff_client: Client) -> None:
    for path in (
        "models/nobody/",
        "models/nobody/price/",
        f"prices/{uuid4()}/",
        f"workspaces/{uuid4()}/",
        "all-jobs/x/",
        f"promotions/{uuid4()}/",
    ):
        assert staff_client.get(f"/staff/{path}").status_code == 404, path


def test_the_first_page_shows_what_a_person_may_open(staff_client: Client, looker_client: Client) -> None:
    everything = staff_client.get("/staff/").content.decode()
    assert "/staff/workspaces/" in everything
    some = looker_client.get("/staff/").content.decode()
    assert "/staff/models/" in some
    assert "/staff/workspaces/" not in some
    assert "/staff/audit/" not in some
    assert staff_client.get("/staff/rows/").status_code == 200
