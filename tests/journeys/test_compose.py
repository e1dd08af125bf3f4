"""The commands of docker/compose.yaml, run as they stand there: on a real PostgreSQL, a real broker, a real S3 server.

No image is built and no container is run here; addresses, folders and credentials are the only things put in.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from config.env import ROOT, Env
from config.supervision import broker
from config.supervision.children import Child
from tests.journeys.installation import Installed, free_port, wait_for
from tests.servers import postgres

pytestmark = pytest.mark.once

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())  # as compose reads it
_PLACEHOLDER = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
PROGRAMS: Final = Path(sys.executable).parent


def interpolate(value: str, environment: Mapping[str, str]) -> str:
    """Fill ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` in, as compose does."""

    def fill(found: re.Match[str]) -> str:
        given = environment.get(found["name"], "")
        assert given or found["kind"] != "?", found["rest"]
        return given or (found["rest"] or "" if found["kind"] == "-" else "")

    return _PLACEHOLDER.sub(fill, value)


class Composition:
    """The services of the compose file as processes of this machine."""

    def __init__(self, folder: Path, given: Mapping[str, str], moved: Mapping[str, str]) -> None:
        self.folder, self.given, self.moved = folder, given, moved
        names = {str(field.alias) for field in Env.model_fields.values()}
        self.base = {name: value for name, value in os.environ.items() if name not in names}
        self.broker: Child | None = None
        self.base["PATH"] = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"

    def command(self, service: str) -> list[str]:
        return [self._move(interpolate(part, self.given)) for part in COMPOSE["services"][service]["command"]]

    def environment(self, service: str) -> dict[str, str]:
        """What the image sets, what the service sets, and what stands where another container would."""
        image = {"EASEL_HOME": str(self.folder), "EASEL_STATIC_ROOT": str(self.folder / "static")}
        own = COMPOSE["services"][service].get("environment", {})
        return {
            **self.base,
            **image,
            **{name: interpolate(value, self.given) for name, value in own.items()},
            **self.given,
        }

    def run(self, service: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(service), cwd=ROOT, env=self.environment(service), text=True, capture_output=True, check=False
        )

    def start(self, service: str, *, program: str | None = None) -> Child:
        command = [program, *self.command(service)] if program else self.command(service)
        command[0] = shutil.which(command[0], path=self.base["PATH"]) or command[0]
        with (self.folder / f"{service}.log").open("wb") as log:
            return Child(service, command, environment=self.environment(service), log=log)

    def restart_broker(self) -> None:
        """Kill the broker and start it anew on the same files, as an engine does."""
        if self.broker is not None:
            self.broker.kill()
        folder = self.folder / "redis"
        server = broker.find_server("")
        self.broker = broker.start(server=server, socket=folder / "b.sock", folder=folder)

    def stop_broker(self) -> None:
        if self.broker is not None:
            self.broker.stop()

    def _move(self, part: str) -> str:
        for where, here in self.moved.items():
            part = part.replace(where, here)
        return part


@pytest.fixture
def composition(tmp_path: Path) -> Iterator[Composition]:
    """PostgreSQL, a broker and S3, and the set-up service run to its end."""
    web, s3 = free_port(), free_port()
    socket = tmp_path / "redis" / "b.sock"
    with ExitStack() as stack:
        server = postgres.ensure()
        database = postgres.make_database(server, "easel_compose")
        stack.callback(postgres.drop_database, database)
        given = {
            "DATABASE_URL": database,
            "REDIS_URL": f"unix://{socket}",
            "EASEL_SECRET_KEY": "fifty characters or more, as the compose file asks for them",
            "EASEL_BASE_URL": f"http://127.0.0.1:{web}",
            "EASEL_S3_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
        }
        moved = {
            "--port=8000": f"--port={web}",
            "--host=0.0.0.0": "--host=127.0.0.1",
            "--addr=:9000": f"--addr=127.0.0.1:{s3}",
            "/data": str(tmp_path / "data"),
            "/tmp/beat-schedule": str(tmp_path / "beat-schedule"),
        }
        running = Composition(tmp_path, given, moved)
        running.restart_broker()
        stack.callback(running.stop_broker)
        subprocess.run([PROGRAMS / "rclone", *running.command("bucket")], check=True)
        stack.callback(running.start("s3", program="rclone").stop)
        done = running.run("setup")
        assert done.returncode == 0, done.stderr
        yield running


@pytest.fixture
def collected(tmp_path: Path, settings: Any) -> Path:  # pytest-django's wrapper
    """Static files with hashed names, as the image has them, but for the slow compression."""
    settings.STATIC_ROOT = str(tmp_path / "static")
    hashed = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": hashed}
    call_command("collectstatic", interactive=False, verbosity=0)  # fails where a style sheet names a missing file
    return tmp_path / "static"


@pytest.mark.usefixtures("collected")
def test_the_commands_run_together(composition: Composition, tmp_path: Path) -> None:
    installation = Installed(tmp_path / "nobody")
    installation.port = int(composition.given["EASEL_BASE_URL"].rpartition(":")[2])
    children: list[Child] = []
    try:
        for service in ("web", "worker", "pictures", "clock"):
            children.append(composition.start(service))

        def is_ready() -> bool:
            ended = [
                f"{child.reason}\n{(tmp_path / f'{child.name}.log').read_text()}"
                for child in children
                if child.has_ended
            ]
            assert ended == []
            return installation.get("/healthz")[0] == 200

        wait_for("web, worker and pictures are ready", is_ready, seconds=120)
        composition.restart_broker()
        wait_for("all find the new broker", is_ready, seconds=60)

        children[2].stop()  # without it, nobody works on pictures
        wait_for("the missing worker is noticed", lambda: installation.get("/healthz")[0] == 503, seconds=30)
        assert installation.get("/healthz")[1]["parts"]["worker"] == "nobody works on pictures"
    finally:
        for child in reversed(children):
            child.stop(seconds=20)


def test_pages_run_under_wsgi_too(tmp_path: Path) -> None:
    installation = Installed(tmp_path / "home")
    command = [str(PROGRAMS / "gunicorn"), "config.wsgi", "--worker-class=gthread", "--threads=4"]
    environment = {**installation.environment, "REDIS_URL": os.environ["REDIS_URL"]}
    with (tmp_path / "log").open("wb") as log:
        child = Child("gunicorn", [*command, f"--bind=127.0.0.1:{installation.port}"], environment=environment, log=log)
    try:
        wait_for("gunicorn answers", lambda: installation.get("/healthz")[0] != 0)
        assert installation.get("/healthz")[1]["parts"]["database"] == "ready"
    finally:
        child.stop()


def test_every_service_of_ours_has_one_image_and_waits_for_the_set_up() -> None:
    services = COMPOSE["services"]
    ours = {name: service for name, service in services.items() if service.get("image") == "easel"}

    assert sorted(ours) == ["clock", "pictures", "setup", "web", "worker"]
    for name in sorted(set(ours) - {"setup"}):
        assert ours[name]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert all(volume.partition(":")[0] in COMPOSE["volumes"] for volume in service.get("volumes", ()))


def test_the_composition_sets_nothing_that_easel_does_not_read() -> None:
    known = {str(field.alias) for field in Env.model_fields.values()}
    for name, service in COMPOSE["services"].items():
        if service.get("image") == "easel":
            assert set(service["environment"]) <= known, name


def test_the_image_has_what_the_program_needs() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    ignore = (ROOT / ".dockerignore").read_text()
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    ]

    assert {"apps", "config", "static", "templates", "manage.py"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}\n" in ignore, name
    assert "USER easel" in dockerfile


def test_queues_of_the_composition_are_all_there_are() -> None:
    commands = [" ".join(service.get("command", ())) for service in COMPOSE["services"].values()]
    consumed = [queue for command in commands for queue in re.findall(r"--queues=(\w+)", command)]
    assert sorted(consumed) == sorted(settings.EASEL_QUEUES)
