"""An installation to measure from outside: PostgreSQL, Redis, one web process, one worker, a provider that emulates."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.fal import FalEmulator
from tests.journeys.client import Client
from tests.journeys.installation import Installed
from tests.servers import broker, postgres


@dataclass(frozen=True, slots=True)
class Running:
    """An installation with a workspace of credits in it."""

    installed: Installed
    api_key: str

    def connect(self) -> Client:
        """A client of its own, for one thread."""
        return Client(f"http://127.0.0.1:{self.installed.port}", self.api_key)


@contextmanager
def running() -> Iterator[Running]:
    """Start one with the whole catalogue and no limits worth the name; it ends, with all it kept, behind the block."""
    with tempfile.TemporaryDirectory() as folder, FalEmulator() as fal:
        database = postgres.make_database(postgres.ensure(), "easel_bench")
        installed = Installed(Path(folder) / "home")
        installed.environment |= fal.environment | {
            "DATABASE_URL": database,
            "REDIS_URL": broker.ensure(Path(folder)),
            "EASEL_SECRET_KEY": "benchmarks sign nothing that matters, and need fifty characters for it",
            "EASEL_MAX_OPEN_JOBS": "100000",
            "EASEL_REQUESTS_PER_MINUTE": "1000000",
        }
        try:
            installed.start()
            yield Running(installed, json.loads(installed.manage("seed_demo", "--json").stdout)["api_key"])
            installed.interrupt()
        finally:
            installed.clear()
            postgres.drop_database(database)
