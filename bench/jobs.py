"""What Easel adds over HTTP: jobs submitted a second with their holds, and its own share of a job's time.

``python -m bench.jobs`` starts an installation on PostgreSQL and Redis, one web process, one worker, and measures it
from outside. Beside each figure stands a limit of the same machine.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from uuid import uuid4

from celery import Celery
from celery.contrib.testing.worker import start_worker

from bench.quantiles import quantile
from bench.running import running
from tests.journeys.client import Client
from tests.journeys.installation import wait_for
from tests.servers import broker

CLIENTS: Final = 32
SECONDS: Final = 6.0
LATENCY_JOBS: Final = 60
ROUND_TRIPS: Final = 200


def main() -> None:
    """Measure, print."""
    with running() as installation:
        client = installation.connect()
        _report_latency(client)
        _report_submissions(installation.connect)
        wait_for("the jobs end", lambda: client.get("/v1/credits")["held"] == 0, seconds=120)
        print(f"  books after the run            {installation.installed.manage('ledger_check').stdout.strip()}")


def _report_latency(client: Client) -> None:
    """Total time of a job less the provider's, idle system, beside a bare Celery round trip over the same broker."""
    own = []
    for number in range(LATENCY_JOBS):
        body = {"prompt": f"kite {number}", "image_size": "square", "mock": True}
        timings = client.post("/v1/jobs/flux_schnell", body, Prefer="wait=30")["timings"]
        own.append(timings["total_ms"] - timings["provider_ms"])
    trips = _round_trips()
    print("platform time per job (total less provider), idle")
    for name, share in (("p50", 0.50), ("p95", 0.95)):
        ours, bare = quantile(own, share), quantile(trips, share)
        print(f"  {name}  {ours:7.1f} ms   bare Celery round trip {bare:6.1f} ms   {ours / bare:5.1f} x")


def _report_submissions(connect: Callable[[], Client]) -> None:
    """Jobs accepted a second with their holds, 32 clients at once, beside requests that only authenticate."""
    submitted = _rate(connect, lambda client: client.post("/v1/jobs/flux_schnell", _job(), Prefer="respond-async"))
    asked = _rate(connect, lambda client: client.get("/v1/key"))
    print(f"jobs submitted over HTTP, {CLIENTS} clients, worker running")
    print(f"  jobs    {submitted:7.1f} /s")
    print(f"  beside  {asked:7.1f} /s   requests that only authenticate (GET /v1/key)   {submitted / asked:.2f} x")


def _job() -> dict[str, object]:
    return {"prompt": f"a red kite {uuid4()}"}


def _rate(connect: Callable[[], Client], call: Callable[[Client], object]) -> float:
    ends_at = time.monotonic() + SECONDS

    def work() -> int:
        client, done = connect(), 0
        while time.monotonic() < ends_at:
            call(client)
            done += 1
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(lambda _: work(), range(CLIENTS))) / SECONDS


def _round_trips() -> list[float]:
    """Milliseconds from sending a task that does nothing until it has run, one after another."""
    done = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        app = Celery("bench", broker=broker.ensure(Path(folder)).replace("unix://", "redis+socket://", 1))
        app.conf.task_ignore_result = True
        app.task(name="bench.nothing")(done.set)
        trips = []
        with start_worker(app, pool="threads", perform_ping_check=False):
            for _ in range(ROUND_TRIPS):
                began = time.perf_counter()
                app.send_task("bench.nothing")
                assert done.wait(10)
                trips.append((time.perf_counter() - began) * 1000)
                done.clear()
    return trips


if __name__ == "__main__":
    main()
