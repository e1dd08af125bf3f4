"""Programs with keys, and the catalogue they buy from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.ids import from_public
from apps.jobs import runner
from apps.jobs.models import Job
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

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)  # the API reads the real clock: what it finds must be there already


@dataclass
class Caller:
    """A program with an API key."""

    key: str
    workspace: Workspace
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> "Answer":
        """Send a request; ``X_Max_Credits="3"`` becomes that header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            path,
            body if isinstance(body, bytes) else b"" if body is None else encoded(body),
            content_type=named.pop("Content-Type", "application/json"),
            headers={"Authorization": f"Bearer {self.key}"} | named,
        )

    def get(self, path: str, **headers: str) -> "Answer":
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> "Answer":
        return self.ask("POST", path, body, **headers)

    def submit(
        self, model: str = "flux_schnell", *, headers: dict[str, str] | None = None, **body: Any
    ) -> dict[str, Any]:
        """Make a job and return its JSON; do not wait."""
        answer = self.post(
            f"/v1/jobs/{model}", {"prompt": "a red kite"} | body, **({"Prefer": "respond-async"} | (headers or {}))
        )
        assert answer.status_code == 202, answer.content
        made: dict[str, Any] = answer.json()
        return made


def encoded(body: object) -> bytes:
    return json.dumps(body).encode()


def run(public_id: str, most: int = 10) -> Job:
    """Take the steps of a job until it has ended."""
    job_id = from_public("job", public_id)
    assert job_id is not None
    for _ in range(most):
        Job.objects.filter(pk=job_id).update(due_at=LONG_AGO, lease_until=None)
        runner.advance(job_id=job_id, clock=timezone.now)
        job = Job.objects.get(pk=job_id)
        if job.has_ended:
            return job
    raise AssertionError(f"still {job.state} after {most} steps")


@pytest.fixture
def catalog(db: None) -> None:
    stock_catalog(now=LONG_AGO)


@pytest.fixture
def provider() -> Iterator[ScriptedAdapter]:
    """A scripted provider in fal's place that delivers one picture at once; mock and local stay real."""
    adapter = ScriptedAdapter(submits=[done(png())])
    registry.configure({"mock": MockAdapter, "local": LocalAdapter, "fal": lambda: adapter})
    yield adapter
    configure_providers(ENV)


def _caller(
    workspace: Workspace, user: User, *, is_test: bool = False, allowed_models: list[str] | None = None
) -> Caller:
    _, key = builders.build_api_key(workspace, user, is_test=is_test, allowed_models=allowed_models, now=LONG_AGO)
    return Caller(key, workspace)


@pytest.fixture
def program(catalog: None, provider: ScriptedAdapter, acme: Workspace, alice: User) -> Caller:
    """Alice's program, with a live key of acme, which has 1000 credits."""
    return _caller(acme, alice)


@pytest.fixture
def test_program(catalog: None, provider: ScriptedAdapter, acme: Workspace, alice: User) -> Caller:
    """Alice's program, with a test key."""
    return _caller(acme, alice, is_test=True)


@pytest.fixture
def narrow_program(catalog: None, provider: ScriptedAdapter, acme: Workspace, alice: User) -> Caller:
    """Alice's program, with a key for one model."""
    return _caller(acme, alice, allowed_models=["flux_pro"])


@pytest.fixture
def stranger(catalog: None, provider: ScriptedAdapter, elsewhere: Workspace, mallory: User) -> Caller:
    """Mallory's program, with a live key of her own workspace."""
    return _caller(elsewhere, mallory)
