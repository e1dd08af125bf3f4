"""The studio's pages in a real browser: a workspace to sign in to, jobs to make, complaints to hear."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.jobs import runner
from apps.jobs.models import Job
from apps.jobs.preparation import JobRequest
from apps.jobs.submission import submit
from apps.providers import registry
from apps.providers.local import LocalAdapter
from apps.providers.mock import MockAdapter
from config.providers import configure_providers
from config.settings.environment import ENV
from tests import builders
from tests.jobs.scripted import ScriptedAdapter, done, png
from tests.stock import stock_catalog

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
DESK: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
NARROW: Final = {"width": 320, "height": 640}

Opener = Callable[..., Page]


@pytest.fixture
def workspace(live_server: LiveServer, acme: Workspace) -> Iterator[Workspace]:
    """Acme, with 1000 credits, the real catalogue, and a provider that delivers one picture at once."""
    stock_catalog(now=LONG_AGO)
    adapter = ScriptedAdapter(submits=[done(png(80, 100))])
    registry.configure({"mock": MockAdapter, "local": LocalAdapter, "fal": lambda: adapter})
    yield acme
    configure_providers(ENV)


def _is_complaint(said: ConsoleMessage) -> bool:
    """Whether something is wrong; that htmx lets go of a request when its page is left is not."""
    is_let_go = said.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
    return said.type in {"error", "warning"} and not is_let_go


@pytest.fixture
def signed_in(browser: Browser, live_server: LiveServer, workspace: Workspace) -> Iterator[Opener]:
    """Open pages as alice; whatever a browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opener(path: str = "", *, viewport: dict[str, int] = DESK, **options: Any) -> Page:  # Playwright's options
        context = browser.new_context(base_url=live_server.url, viewport=viewport, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 500 else None)
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill("alice@acme.example")
        page.get_by_label("Password").fill(builders.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/studio")
        if path:
            page.goto(f"/w/{workspace.pk}/{path}")
        return page

    yield opener
    heard = tuple(complaints)  # closing a page in the middle of a request makes it complain
    for context in contexts:
        context.close()
    assert not heard, heard


def made(workspace: Workspace, alice: User, ai_model_id: str = "flux_schnell", **fields: Any) -> Job:  # a request's
    request = JobRequest(**({"inputs": {"prompt": "a red kite"}} | fields))
    actor = builders.build_actor(workspace, alice)
    return submit(actor=actor, ai_model_id=ai_model_id, request=request, key=None, now=timezone.now()).job


def finish(job: Job) -> Job:
    """Be the worker."""
    for _ in range(10):
        Job.objects.filter(pk=job.pk).update(due_at=LONG_AGO, lease_until=None)
        runner.advance(job_id=job.pk, clock=timezone.now)
        job.refresh_from_db()
        if job.has_ended:
            return job
    raise AssertionError(f"still {job.state}")


@contextmanager
def no_request(page: Page, part: str) -> Iterator[None]:
    """Nothing whose address holds ``part`` may be asked for meanwhile."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    yield
    assert asked == []
