"""The gift of a first workspace: once a person, with everything else or not at all."""

import pytest
from django.db import connection

from apps.accounts.models import Membership, User
from apps.accounts.tenancy import Workspace
from apps.billing.sign_up import EmailTaken, open_workspace, sign_up
from apps.ledger.balances import read_balance
from apps.ledger.models import Lot, Wallet
from tests.builders import NOW, PASSWORD, build_user
from tests.ledger.calls import faults
from tests.ledger.racers import Stable


@pytest.mark.django_db
def test_signing_up_brings_a_workspace_with_two_hundred_credits() -> None:
    user, workspace = sign_up(email="New@Example.com", password=PASSWORD, workspace_name="New", now=NOW)
    assert (user.email, user.check_password(PASSWORD)) == ("new@example.com", True)
    assert Membership.objects.get(workspace=workspace).role == "owner"
    assert read_balance(workspace=workspace, now=NOW).available_mc == 200_000


@pytest.mark.django_db
def test_a_second_workspace_brings_no_second_gift() -> None:
    user, _ = sign_up(email="new@example.com", password=PASSWORD, workspace_name="New", now=NOW)
    second = open_workspace(name="Second", owner=user, now=NOW)
    assert read_balance(workspace=second, now=NOW).available_mc == 0


@pytest.mark.django_db
def test_an_address_is_taken_in_every_case_and_nothing_is_left() -> None:
    sign_up(email="new@example.com", password=PASSWORD, workspace_name="New", now=NOW)
    with pytest.raises(EmailTaken):
        sign_up(email="NEW@example.COM", password=PASSWORD, workspace_name="Again", now=NOW)
    assert (User.objects.count(), Workspace.objects.count(), Wallet.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_a_workspace_without_its_wallet_is_never_seen() -> None:
    """The wallet's table is out of reach: the person and the workspace go with it."""

    def refuse_wallets(execute, sql, params, many, context):  # type: ignore[no-untyped-def]  # Django's own signature
        if "INSERT" in sql and "ledger_wallet" in sql:
            raise ConnectionError("the power went")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_wallets), pytest.raises(ConnectionError):
        sign_up(email="new@example.com", password=PASSWORD, workspace_name="New", now=NOW)
    assert (User.objects.count(), Workspace.objects.count()) == (0, 0)


def test_sixteen_sign_ups_of_one_address_are_one_person_with_one_gift(racers: Stable) -> None:
    emails = ["new@example.com", "NEW@example.com", "New@Example.com", "new@EXAMPLE.COM"] * 4
    answers = racers.race([{"name": "join", "email": email} for email in emails])
    assert sorted(answer.get("refused", "done") for answer in answers) == ["done", *["email_taken"] * 15]
    assert (User.objects.count(), Workspace.objects.count(), Wallet.objects.count()) == (1, 1, 1)
    assert Lot.objects.get().granted_mc == 200_000
    assert faults() == []


def test_one_person_who_opens_many_workspaces_at_once_has_one_gift(racers: Stable) -> None:
    person = build_user()
    calls = [{"name": "open_another", "person": person.pk, "name_": f"Number {one}"} for one in range(16)]
    answers = racers.race(calls)
    assert len({answer["result"] for answer in answers}) == 16
    assert (Workspace.objects.count(), Wallet.objects.count(), Lot.objects.count()) == (16, 16, 1)
    assert faults() == []


@pytest.mark.parametrize("step", ["wallet written", "entries written"])
def test_a_sign_up_that_dies_leaves_nobody_behind(racers: Stable, step: str) -> None:
    call = {"name": "join", "email": "new@example.com"}
    assert racers.crash(call, step=step) == -9
    assert (User.objects.count(), Workspace.objects.count(), Lot.objects.count()) == (0, 0, 0)
    assert "result" in racers.race([call])[0]
