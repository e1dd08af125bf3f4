"""Staff at work in a real browser: what they change is what everyone reads next, and the log tells who it was."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel
from apps.providers import registry
from apps.providers.local import LocalAdapter
from apps.providers.mock import MockAdapter
from config.providers import configure_providers
from config.settings.environment import ENV
from tests import builders
from tests.jobs.scripted import ScriptedAdapter
from tests.stock import stock_catalog

pytestmark = pytest.mark.once

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
DESK: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
MODEL: Final = "flux_schnell"
STARS: Final = "2 out of 5 stars"
PAGES: Final = (
    "",
    "models/",
    f"models/{MODEL}/",
    f"models/{MODEL}/price/",
    f"models/{MODEL}/price/new/",
    f"models/{MODEL}/endpoints/",
    f"models/{MODEL}/access/",
    f"models/{MODEL}/sources/",
    f"models/{MODEL}/history/",
    "prices/",
    "defaults/",
    "ratings/",
    "providers/",
    "workspaces/",
    "all-jobs/",
    "audit/",
    "rows/",
    "accounts/user/",
)

Opener = Callable[..., Page]


@pytest.fixture
def sonia(live_server: LiveServer, acme: Workspace, alice: User) -> Iterator[User]:
    """Staff, and a maker in acme: she sees the studio, too; a scripted provider stands in fal's place."""
    registry.configure({"mock": MockAdapter, "local": LocalAdapter, "fal": ScriptedAdapter})
    stock_catalog(now=LONG_AGO)
    alice.is_staff = alice.is_superuser = True
    alice.save(update_fields=["is_staff", "is_superuser"])
    yield alice
    configure_providers(ENV)


def _is_complaint(said: ConsoleMessage) -> bool:
    """Whether something is wrong; that a form was refused is not."""
    return said.type in {"error", "warning"} and "status of 422" not in said.text


@pytest.fixture
def opened(browser: Browser, live_server: LiveServer, sonia: User) -> Iterator[Opener]:
    """Open pages as staff; whatever a browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opener(path: str, *, viewport: dict[str, int] = DESK, **options: Any) -> Page:  # Playwright's options
        context = browser.new_context(base_url=live_server.url, viewport=viewport, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        page.get_by_label("E-mail").fill(sonia.email)
        page.get_by_label("Password").fill(builders.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{path}")
        return page

    yield opener
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_rating_a_default_and_a_price_are_changed_and_everyone_agrees(
    opened: Opener, sonia: User, acme: Workspace, live_server: LiveServer
) -> None:
    page = opened("/staff/models/")
    read = Client().get(f"/models/{MODEL}").content.decode()
    assert ("3.5 cr" in read, "2 out of 5 stars" in read) == (False, False)
    page.goto(f"/w/{acme.pk}/studio?stage=explore")
    expect(page.locator("#model-bytedance_seedream")).to_be_checked()
    expect(_option(page, MODEL).get_by_role("img", name="out of 5 stars")).to_have_count(0)

    _change_the_rating(page)
    _change_the_defaults(page)
    _change_the_price(page)

    _everyone_reads_it(acme, sonia)
    page.goto(f"/models/{MODEL}")
    expect(page.locator("dt", has_text="Rating").locator("+ dd").get_by_role("img")).to_have_accessible_name(STARS)
    page.goto(f"/w/{acme.pk}/studio?stage=explore")
    expect(page.locator(f"#model-{MODEL}")).to_be_checked()
    expect(_option(page, MODEL)).to_contain_text("3.5 cr")
    expect(_option(page, MODEL)).to_contain_text("The default for Explore.")
    expect(_option(page, MODEL).get_by_role("img")).to_have_accessible_name(STARS)
    expect(page.locator("#spend")).to_have_text("Run3.5 cr")
    _the_log_names(page, sonia)


def _option(page: Page, model_id: str) -> Locator:
    """A model in the studio's picker."""
    return page.locator("#picker .opt", has=page.locator(f"#model-{model_id}"))


def _change_the_rating(page: Page) -> None:
    page.goto("/staff/models/")
    page.get_by_label("Rating of FLUX.1 Schnell").fill("2")
    page.get_by_label("Why", exact=True).fill("keeps less than it did")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("1 model saved.")).to_be_visible()


def _change_the_defaults(page: Page) -> None:
    """One for those who ask the API, and one that the studio's first stage begins with."""
    page.goto("/staff/defaults/")
    page.get_by_label("Make a picture on API").select_option("flux_pro")
    page.get_by_label("Make a picture explore on Studio").select_option(MODEL)
    page.get_by_role("button", name="Save the defaults").click()
    expect(page.get_by_text("2 defaults saved.")).to_be_visible()


def _change_the_price(page: Page) -> None:
    page.goto(f"/staff/models/{MODEL}/price/")
    page.get_by_role("link", name="Draft a change").click()
    draft = page.get_by_role("group", name="What customers pay")
    draft.get_by_label("How").select_option("per_call")
    draft.get_by_label("Amount").fill("3.5")
    expect(page.locator("#reckoned")).to_contain_text("In force")
    page.get_by_label("num_images").fill("2")
    expect(page.locator("#reckoned")).to_contain_text("7 cr")  # two, by the draft that is not saved yet
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="Rehearse and publish").click()
    expect(page.get_by_text("No workspace would have paid another amount.")).to_be_visible()
    page.get_by_label("The worked prices above are right").check()
    page.get_by_label("I have seen that").check()
    page.get_by_role("button", name="Publish price 2").click()
    expect(page.get_by_text("Price 2 is in force.")).to_be_visible()


def _everyone_reads_it(acme: Workspace, sonia: User) -> None:
    """The API, the public page and the calculator say the same on the next request."""
    _, key = builders.build_api_key(acme, sonia)
    api = Client(headers={"Authorization": f"Bearer {key}"})
    told = api.get(f"/v1/models/{MODEL}").json()
    assert (told["rating"], told["price"]["usual"]) == (2, 3.5)
    assert "studio:create:explore" in told["default_for"]
    assert "api:create" in api.get("/v1/models/flux_pro").json()["default_for"]
    rows = api.get("/v1/defaults").json()["data"]
    holds = {(row["surface"], row["task"], row["stage"]): (row["model"], row["set_by"]) for row in rows}
    assert holds["api", "create", None] == ("flux_pro", "installation")
    assert holds["studio", "create", "explore"] == (MODEL, "installation")
    asked = {"model": MODEL, "input": {"prompt": "a kite", "num_images": 2}}
    quoted = api.post("/v1/quotes", asked, "application/json").json()
    assert (quoted.get("credits"), quoted.get("price_version")) == (7, 2), quoted
    assert "3.5 cr" in Client().get(f"/models/{MODEL}").content.decode()
    assert "7 cr" in Client().get("/calculator", {"model": MODEL, "pictures": "2"}).content.decode()


def _the_log_names(page: Page, sonia: User) -> None:
    """Each of the three changes is in the log with what it was of, and by whom."""
    page.goto("/staff/audit/")
    for action, subject in (
        ("model.rate", MODEL),
        ("default.set", "api:create"),
        ("default.set", "studio:create:explore"),
        ("price.draft", MODEL),
        ("price.publish", MODEL),
    ):
        row = page.locator(".log > li", has_text=re.compile(f"{re.escape(action)}\\s+{subject}"))
        expect(row).to_have_count(1)
        expect(row).to_contain_text(sonia.email)
    assert set(AuditEntry.objects.values_list("actor_id", flat=True)) == {sonia.pk}


def test_every_page_fits_a_phone_and_its_policy(opened: Opener) -> None:
    page = opened("/staff/", viewport=PHONE)
    for path in PAGES:
        page.goto(f"/staff/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert page.get_by_role("heading", level=1).count() == 1, path
    page.locator("summary", has=page.locator("svg")).first.click()
    page.get_by_role("link", name="Providers").first.click()
    expect(page.get_by_role("heading", name="Providers", level=1)).to_be_visible()


def test_a_wrong_schema_is_refused_beside_the_field_and_the_catalogue_stays(opened: Opener) -> None:
    was = AIModel.objects.get(pk=MODEL).schema
    page = opened(f"/staff/models/{MODEL}/")
    page.get_by_label("Schema").fill('{"type": "nothing"}')
    page.get_by_label("Best for").fill("Something else")
    page.get_by_role("button", name="Save FLUX.1 Schnell").click()
    expect(page.locator("#e-schema")).to_be_visible()
    expect(page.get_by_label("Best for")).to_have_value("Something else")
    expect(page.get_by_label("Schema")).to_have_value('{"type": "nothing"}')
    assert AIModel.objects.get(pk=MODEL).schema == was
    assert AuditEntry.objects.count() == 0


def test_the_studio_leads_staff_to_their_pages(opened: Opener, acme: Workspace) -> None:
    page = opened(f"/w/{acme.pk}/jobs")
    page.get_by_role("link", name="Staff").first.click()
    expect(page.get_by_role("heading", name="Staff", level=1)).to_be_visible()
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/staff/models/")
    assert page.evaluate("document.documentElement.dataset.theme") in {"light", "dark"}
