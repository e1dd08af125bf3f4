"""Eighty requests at once on a wallet worth twenty: exactly twenty jobs."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.emulators.fal import FalEmulator
from tests.journeys.client import Client, HTTPError
from tests.journeys.installation import Installed, wait_for

pytestmark = pytest.mark.once

WORTH = 20  # dearest calls of nano_banana: 1200 credits in all, as the demo workspace has
DEAR = {"prompt": "a red kite", "num_images": 2}  # 60 credits


def test_eighty_at_once_on_credits_for_twenty(installed: Installed) -> None:
    with FalEmulator() as fal:
        installed.environment |= fal.environment
        installed.start()
        demo = json.loads(installed.manage("seed_demo", "--json").stdout)
        client = Client(f"http://127.0.0.1:{installed.port}", demo["api_key"])
        assert client.available() == WORTH * 60

        def submit(_: int) -> str:
            try:
                client.post("/v1/jobs/nano_banana", DEAR, Prefer="respond-async")
            except HTTPError as refused:
                return f"{refused.code} {json.load(refused)['error_type']}"
            return "202"

        with ThreadPoolExecutor(40) as pool:
            statuses = list(pool.map(submit, range(80)))
        assert (statuses.count("202"), statuses.count("402 insufficient_credits")) == (WORTH, 80 - WORTH)
        wait_for("the jobs end", lambda: client.get("/v1/credits")["held"] == 0, seconds=120)
        books = installed.manage("ledger_check")
        assert books.returncode == 0, books.stdout
