"""An S3 server on this machine that refuses wrong and expired signatures: rclone, from its wheel."""

import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from config.supervision.children import Child

_NAME = "easel-pictures"
_KEY, _SECRET = "test-access-key", "test-secret-key"
_READY_SECONDS = 20.0


@dataclass(frozen=True)
class Bucket:
    """A running server with one bucket; ``folder`` is where its objects lie."""

    endpoint_url: str
    folder: Path

    @property
    def options(self) -> dict[str, str]:
        return {
            "bucket_name": _NAME,
            "endpoint_url": self.endpoint_url,
            "region_name": "us-east-1",
            "access_key": _KEY,
            "secret_key": _SECRET,
            "addressing_style": "path",
        }

    def empty(self) -> None:
        """Delete every object, through the server: it remembers what lies in its folders."""
        store = boto3.resource(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=_KEY,
            aws_secret_access_key=_SECRET,
        )
        for lying in store.Bucket(_NAME).objects.all():
            lying.delete()


@contextmanager
def serve_bucket() -> Iterator[Bucket]:
    """Start the server, wait until it answers, and end it after the block."""
    with tempfile.TemporaryDirectory(prefix="easel-bucket-") as root:
        (Path(root) / "data" / _NAME).mkdir(parents=True)
        port = free_port()
        options = ["--addr", f"127.0.0.1:{port}", "--auth-key", f"{_KEY},{_SECRET}", "--vfs-cache-mode", "off"]
        environment = {"RCLONE_CONFIG": f"{root}/none.conf"}
        with (Path(root) / "server.log").open("wb") as log:
            command = [_program(), "serve", "s3", *options, f"{root}/data"]
            server = Child("rclone", command, environment=environment, log=log)
        try:
            _wait(server, port)
            yield Bucket(f"http://127.0.0.1:{port}", Path(root) / "data" / _NAME)
        finally:
            server.stop()


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program() -> str:
    found = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    assert found, "no rclone: install the development requirements, its wheel is among them"
    return found


def _wait(server: Child, port: int) -> None:
    ends_at = time.monotonic() + _READY_SECONDS
    while not _answers(port):
        assert not server.has_ended, server.reason
        assert time.monotonic() < ends_at, "rclone does not answer"
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
