"""Jobs on a small stage: the real catalogue, a workspace with credits, a scripted provider, a clock that obeys."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.actor import Actor
from apps.accounts.members import find_actor
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
from tests.builders import NOW
from tests.jobs.scripted import ScriptedAdapter
from tests.stock import stock_catalog

START = NOW


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Stage:
    """What a test of jobs plays with."""

    actor: Actor
    provider: ScriptedAdapter
    clock: Clock = field(default_factory=Clock)

    def submit(self, ai_model_id: str = "flux_schnell", key: str | None = None, **fields: Any) -> Job:
        request = JobRequest(**({"inputs": {"prompt": "a red kite"}} | fields))
        return submit(actor=self.actor, ai_model_id=ai_model_id, request=request, key=key, now=self.clock()).job

    def step(self, job: Job) -> Job:
        """Let the time come at which the job is due, and take one step."""
        job.refresh_from_db()
        self.clock.now = max(self.clock.now, job.due_at, job.lease_until or job.due_at) + timedelta(milliseconds=1)
        runner.advance(job_id=job.pk, clock=self.clock)
        job.refresh_from_db()
        return job

    def run(self, job: Job, most: int = 60) -> Job:
        """Take steps until the job has ended."""
        for _ in range(most):
            if self.step(job).has_ended:
                return job
        raise AssertionError(f"still {job.state} after {most} steps")


@pytest.fixture
def catalog(db: None) -> None:
    stock_catalog(now=START)


@pytest.fixture
def provider() -> Iterator[ScriptedAdapter]:
    """A scripted provider in fal's place; mock and local stay real."""
    adapter = ScriptedAdapter()
    registry.configure({"mock": MockAdapter, "local": LocalAdapter, "fal": lambda: adapter})
    yield adapter
    configure_providers(ENV)


@pytest.fixture
def stage(catalog: None, provider: ScriptedAdapter, alice: User, acme: Workspace) -> Stage:
    """Alice of Acme, with a thousand credits."""
    return Stage(find_actor(user=alice, workspace_id=acme.pk), provider)


@pytest.fixture
def other_stage(catalog: None, provider: ScriptedAdapter, mallory: User, elsewhere: Workspace) -> Stage:
    """Mallory, elsewhere."""
    return Stage(find_actor(user=mallory, workspace_id=elsewhere.pk), provider)
