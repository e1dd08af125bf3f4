"""Killed in the middle of twenty jobs, twice: every job ends, none is charged twice, none that failed is charged."""

import json
import os
import signal
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.journeys.client import Client
from tests.journeys.installation import Installed, wait_for

pytestmark = pytest.mark.once


def photo() -> bytes:
    """A picture that takes a worker a while, and whose ground is not plain."""
    noise = Image.effect_noise((1600, 1200), 90).convert("RGB")
    file = BytesIO()
    noise.save(file, "JPEG", quality=90)
    return file.getvalue()


def test_twenty_jobs_survive_two_kills(installed: Installed) -> None:
    installed.start()
    demo = json.loads(installed.manage("seed_demo", "--json").stdout)
    client = Client(f"http://127.0.0.1:{installed.port}", demo["api_key"])
    asset = client.upload("photo.jpg", photo())
    before = client.available()
    jobs = [_submit(client, number, asset) for number in range(20)]

    _wait_until_busy(client)
    for pid in installed.processes("celery"):
        _kill(pid)
    assert installed.process is not None
    installed.process.wait(60)
    wait_for("nothing is left", lambda: not installed.processes())

    installed.start()
    _wait_until_busy(client)
    for pid in installed.processes():
        _kill(pid)
    installed.process.wait(60)
    wait_for("nothing is left", lambda: not installed.processes())

    installed.start()
    wait_for("every job ends", lambda: not _open(client), seconds=240)
    ended = [client.get(f"/v1/jobs/{job['id']}") for job in jobs]
    charged = sum(job["credits"]["charged"] for job in ended)
    assert all(job["credits"]["charged"] == 0 for job in ended if job["status"] != "succeeded")
    assert all(job["credits"]["charged"] == job["credits"]["quoted"] for job in ended if job["status"] == "succeeded")
    assert {job["status"] for job in ended if job["model"] == "local_upscale"} == {"succeeded"}
    assert {job["status"] for job in ended if job["model"] == "local_cutout"} == {"failed"}
    assert client.available() == before - charged
    assert client.get("/v1/credits")["held"] == 0
    books = installed.manage("ledger_check")
    assert books.returncode == 0, books.stdout


def _submit(client: Client, number: int, asset: str) -> Any:  # JSON
    match number % 4:
        case 0 | 1:
            path, body = "local_upscale", {"image_url": asset, "upscale_factor": 2}
        case 2:
            path, body = "flux_schnell", {"prompt": f"mock:slow=3 kite {number}", "mock": True}
        case _:
            path, body = "local_cutout", {"image_url": asset}
    return client.post(f"/v1/jobs/{path}", body, Prefer="respond-async", **{"Idempotency-Key": f"job {number}"})


def _open(client: Client) -> list[Any]:  # JSON
    jobs = client.get("/v1/jobs?limit=100")["data"]
    return [job for job in jobs if job["status"] in {"queued", "running"}]


def _wait_until_busy(client: Client) -> None:
    wait_for("a job runs", lambda: any(job["status"] == "running" for job in _open(client)))


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it went with its parent
