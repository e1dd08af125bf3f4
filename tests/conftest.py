"""The standing cast: alice owns acme, bob may look at it, mallory has a workspace of her own and no business here."""

import os
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from tests import builders
from tests.network import close_network
from tests.servers import chromium

pytest_plugins = ["tests.flushing"]

close_network()

_PUBLIC_ID = re.compile(r"([a-z]+_)[0-9a-z]{26}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a parameter that is a fresh id by its prefix alone: every process of a run must know a test by one name."""
    found = _PUBLIC_ID.fullmatch(val) if isinstance(val, str) else None
    return f"{found[1]}id" if found else None


@pytest.fixture
def now() -> datetime:
    """The one time that tests know."""
    return builders.NOW


@pytest.fixture
def alice(db: None) -> User:
    return builders.build_user("alice@acme.example", name="Alice Archer")


@pytest.fixture
def acme(alice: User) -> Workspace:
    """Alice's workspace, with 1000 credits."""
    return builders.build_workspace(alice, "Acme", credits=1000)


@pytest.fixture
def bob(acme: Workspace) -> User:
    """A viewer of acme."""
    return builders.build_member(acme, "bob@acme.example", Role.VIEWER)


@pytest.fixture
def mallory(db: None) -> User:
    return builders.build_user("mallory@elsewhere.example", name="Mallory Moon")


@pytest.fixture
def elsewhere(mallory: User) -> Workspace:
    """Mallory's workspace, with 1000 credits."""
    return builders.build_workspace(mallory, "Elsewhere", credits=1000)


@pytest.fixture
def alice_client(alice: User, acme: Workspace) -> Client:
    """A browser's session of alice."""
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def bob_client(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def mallory_client(mallory: User, elsewhere: Workspace) -> Client:
    client = Client()
    client.force_login(mallory)
    return client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium. Playwright keeps an event loop in this thread, which Django would take for asynchronous code.

    For a module and no longer: while that loop is there, no view that waits can be asked by Django's own test client.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.ensure(), args=list(chromium.ARGUMENTS))
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
