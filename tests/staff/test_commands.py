"""What operators type."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.accounts.models import ApiKey, User
from apps.accounts.tenancy import Workspace
from apps.ledger.balances import read_balance
from apps.ledger.models import Wallet
from tests.builders import NOW


@pytest.mark.django_db
def test_the_demo_is_the_same_whenever_it_is_asked_for() -> None:
    told = []
    for _ in range(2):
        output = StringIO()
        call_command("seed_demo", "--json", stdout=output)
        told.append(json.loads(output.getvalue()))
    assert told[0] == told[1]
    assert set(told[0]) == {"url", "email", "password", "workspace", "api_key", "test_api_key"}
    assert (User.objects.count(), Workspace.objects.count(), ApiKey.objects.count()) == (1, 1, 2)
    assert User.objects.get().check_password(told[0]["password"])
    assert read_balance(workspace=Workspace.objects.get(), now=NOW).available_mc == 1_200_000


def test_sound_books_are_said_to_be_sound(acme: Workspace) -> None:
    output = StringIO()
    call_command("ledger_check", stdout=output)
    assert output.getvalue() == "The books add up.\n"


def test_a_wallet_that_was_tampered_with_is_found(acme: Workspace) -> None:
    Wallet.objects.filter(pk=acme.pk).update(available_mc=1)
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("ledger_check", stdout=output, stderr=StringIO())
    assert ended.value.code == 1
    assert output.getvalue().startswith("I2 ")
