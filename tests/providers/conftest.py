"""An emulated fal.ai, and an adapter that speaks to it."""

from collections.abc import Iterator

import pytest

from apps.outbound import Client
from apps.providers.fal import FalAdapter
from tests.emulators.fal import FalEmulator


@pytest.fixture
def fal() -> Iterator[FalEmulator]:
    with FalEmulator() as emulator:
        yield emulator


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


@pytest.fixture
def adapter(fal: FalEmulator, client: Client) -> FalAdapter:
    return FalAdapter(key=fal.key, client=client, queue_url=fal.url, rest_url=fal.url, cdn_url=fal.url)
