"""Makers at their pages: the real catalogue, a scripted provider in fal's place, pictures of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.jobs import runner
from apps.jobs.models import Job
from apps.jobs.preparation import JobRequest
from apps.jobs.submission import submit
from apps.library import uploads
from apps.library.models import Asset
from apps.providers import registry
from apps.providers.local import LocalAdapter
from apps.providers.mock import MockAdapter
from config.providers import configure_providers
from config.settings.environment import ENV
from tests import builders
from tests.jobs.scripted import ScriptedAdapter, done, png
from tests.stock import stock_catalog

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)  # pages read the real clock: what they find must be there already


ASKED: Final = {  # what a composer posts
    "model": "flux_schnell",
    "was": "flux_schnell",
    "prompt": "a red kite",
    "key": "one",
    "shown_mc": "1000",
}


@dataclass
class Studio:
    """Alice's studio in acme, which has 1000 credits."""

    client: Client
    workspace: Workspace
    user: User
    provider: ScriptedAdapter

    def url(self, route: str, *arguments: str) -> str:
        return reverse(route, args=[self.workspace.pk, *arguments])

    def get(self, route: str, *arguments: str, query: str = "", **headers: str) -> "Answer":
        return self.client.get(self.url(route, *arguments) + query, headers=headers)

    def post(self, route: str, *arguments: str, data: dict[str, Any] | None = None, query: str = "") -> "Answer":
        return self.client.post(self.url(route, *arguments) + query, data or {})

    def htmx(self, route: str, *arguments: str, data: dict[str, Any] | None = None, query: str = "") -> "Answer":
        """Post as htmx does."""
        return self.client.post(self.url(route, *arguments) + query, data or {}, headers={"HX-Request": "true"})

    def run(self, ai_model_id: str = "flux_schnell", **fields: Any) -> Job:
        """Make a job, without its page."""
        request = JobRequest(**({"inputs": {"prompt": "a red kite"}} | fields))
        actor = builders.build_actor(self.workspace, self.user)
        return submit(actor=actor, ai_model_id=ai_model_id, request=request, key=None, now=timezone.now()).job

    def finish(self, job: Job) -> Job:
        """Take a job's steps until it has ended."""
        for _ in range(10):
            Job.objects.filter(pk=job.pk).update(due_at=LONG_AGO, lease_until=None)
            runner.advance(job_id=job.pk, clock=timezone.now)
            job.refresh_from_db()
            if job.has_ended:
                return job
        raise AssertionError(f"still {job.state}")

    def picture(self, name: str = "kite.png", content: bytes | None = None) -> Asset:
        """Put a picture into the library."""
        return uploads.receive(
            workspace=self.workspace,
            file=BytesIO(content or png()),
            name=name,
            created_by_id=self.user.pk,
            max_bytes=1_000_000,
            now=timezone.now(),
        )


@pytest.fixture
def catalog(db: None) -> None:
    stock_catalog(now=LONG_AGO)


@pytest.fixture
def provider() -> Iterator[ScriptedAdapter]:
    """Delivers one picture at once; mock and local stay real."""
    adapter = ScriptedAdapter(submits=[done(png())])
    registry.configure({"mock": MockAdapter, "local": LocalAdapter, "fal": lambda: adapter})
    yield adapter
    configure_providers(ENV)


@pytest.fixture
def studio(catalog: None, provider: ScriptedAdapter, alice_client: Client, acme: Workspace, alice: User) -> Studio:
    return Studio(alice_client, acme, alice, provider)


@pytest.fixture
def said() -> Callable[["Answer"], str]:
    """The text of an answer with its white space evened out."""
    return lambda answer: " ".join(answer.content.decode().split())
