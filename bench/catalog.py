"""What the catalogue costs over HTTP, beside a request that reads nothing but its key.

``python -m bench.catalog`` asks a running installation, idle but for this, by turns: each round sends every request
once, so that whatever else the machine does falls on all of them alike. Trust the ratios of one run, not its times.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.quantiles import quantile
from bench.running import running
from tests.journeys.client import Client

ROUNDS: Final = 150
WARM_UP: Final = 10  # rounds that fill what a process keeps, and count for nothing


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and how many times the bare one it may take at the median."""

    name: str
    send: Callable[[Client], Any]  # JSON
    at_most: float


BARE: Final = Asked("GET /v1/key", lambda client: client.get("/v1/key"), 1)
REQUESTS: Final = (
    Asked("GET /v1/models", lambda client: client.get("/v1/models?limit=100"), 12),
    Asked("GET /v1/models/{id}", lambda client: client.get("/v1/models/nano_banana_2"), 6),
    Asked("GET /v1/calculator", lambda client: client.get("/v1/calculator?usd=10"), 12),
    Asked("POST /v1/models/recommend", lambda client: client.post("/v1/models/recommend", {"task": "create"}), 12),
    Asked("POST /v1/quotes", lambda client: client.post("/v1/quotes", _quoted()), 6),
)


def main() -> None:
    """Measure, print."""
    with running() as installation:
        client = installation.connect()
        models = len(client.get("/v1/models?limit=100")["data"])
        taken = _by_turns(client, ROUNDS)
        print(f"the catalogue over HTTP, {models} models, {ROUNDS} rounds")
        for asked in (BARE, *REQUESTS):
            _report(asked, taken)


def _by_turns(client: Client, rounds: int) -> Mapping[str, list[float]]:
    taken: dict[str, list[float]] = {asked.name: [] for asked in (BARE, *REQUESTS)}
    for number in range(WARM_UP + rounds):
        for asked in (BARE, *REQUESTS):
            began = time.perf_counter()
            asked.send(client)
            if number >= WARM_UP:
                taken[asked.name].append((time.perf_counter() - began) * 1000)
    return taken


def _report(asked: Asked, taken: Mapping[str, list[float]]) -> None:
    (p50, p95), bare = (quantile(taken[asked.name], share) for share in (0.50, 0.95)), quantile(taken[BARE.name], 0.50)
    line = f"  {asked.name:26} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms"
    if asked is BARE:
        print(f"{line}   reads its key alone")
        return
    verdict = "" if p50 <= asked.at_most * bare else "   TOO SLOW"
    print(f"{line}   {p50 / bare:5.1f} x, at most {asked.at_most:.0f} x{verdict}")


def _quoted() -> dict[str, object]:
    return {"model": "flux_pro", "input": {"prompt": "a red kite", "num_images": 2}}


if __name__ == "__main__":
    main()
