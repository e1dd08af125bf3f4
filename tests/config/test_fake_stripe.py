"""EASEL_FAKE_STRIPE: every page is marked, and where the fake is not there that is said."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.billing import payments
from apps.billing.payments import PaymentsOff
from config import payments as config_payments
from config.env import Env
from config.payments import configure_payments
from config.settings.environment import ENV
from config.supervision.supervisor import CannotRun, FakeStripe, Installation, run
from tests.journeys.installation import free_port

BAR = '<p class="testbar">TEST: a fake Stripe takes the payments here. No money moves.</p>'


@pytest.fixture
def without_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A copy of the product as the Docker image has it."""
    monkeypatch.setattr(config_payments, "ROOT", tmp_path)


def test_every_page_is_marked(client: Client, admin_client: Client, settings: Settings) -> None:
    pages = [(client, "/sign-in"), (client, "/models"), (client, "/nowhere"), (admin_client, "/staff/")]
    assert [BAR in one.get(path).content.decode() for one, path in pages] == [False] * 4
    settings.EASEL_IS_FAKE_STRIPE = True
    assert [one.get(path).content.decode().count(BAR) for one, path in pages] == [1] * 4


@pytest.mark.once
@pytest.mark.usefixtures("without_tests")
def test_without_the_fake_nothing_is_sold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_FAKE_STRIPE", "1")
    try:
        configure_payments(Env())  # type: ignore[call-arg]  # the values come from the environment
        with pytest.raises(PaymentsOff) as refused:
            payments.gateway()
    finally:
        configure_payments(ENV)
    assert refused.value.details == {"setting": "EASEL_FAKE_STRIPE"}


@pytest.mark.once
@pytest.mark.usefixtures("without_tests")
def test_without_the_fake_nothing_is_started(tmp_path: Path) -> None:
    home, said = tmp_path / "home", list[str]()
    installation = Installation(
        home=home,
        port=free_port(),
        url="http://127.0.0.1",
        broker_socket=home / "valkey.sock",
        redis_bin="",
        fake_stripe=FakeStripe(free_port(), "whsec_fake"),
        is_shared=False,
    )
    with pytest.raises(CannotRun) as refused:
        run(installation, said.append)
    assert "EASEL_FAKE_STRIPE=1 needs the folder tests" in str(refused.value)
    assert said == []
