"""What a workspace has."""

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.balances import Balance, read_balance
from apps.ledger.models import LotKind
from tests.builders import NOW
from tests.ledger.calls import HOUR, claim, grant, place, settle


def balance(available: int = 0, held: int = 0, frozen: int = 0, debt: int = 0, expiring: object = ()) -> Balance:
    return Balance(available, held, frozen, debt, expiring)  # type: ignore[arg-type]  # plain numbers read better here


def test_a_new_wallet_is_empty(workspace: Workspace) -> None:
    assert read_balance(workspace=workspace, now=NOW) == balance()


def test_a_balance_tells_what_is_where(workspace: Workspace) -> None:
    spent = grant(workspace, 500, kind=LotKind.PURCHASE)
    settle(place(workspace, 500), 500)
    disputed = grant(workspace, 300, kind=LotKind.PURCHASE)
    place(workspace, 100)
    claim(disputed, freeze=300)
    assert read_balance(workspace=workspace, now=NOW) == balance(held=100, frozen=200)
    claim(spent, revoke=500)
    assert read_balance(workspace=workspace, now=NOW) == balance(held=100, frozen=200, debt=500)


def test_expired_credits_are_gone_before_the_sweeper_comes(workspace: Workspace) -> None:
    grant(workspace, 1000)
    for hours, amount in ((1, 100), (2, 20), (2, 3)):
        grant(workspace, amount, expires_at=NOW + hours * HOUR)
    expiring = ((100, NOW + HOUR), (23, NOW + 2 * HOUR))
    assert read_balance(workspace=workspace, now=NOW) == balance(1123, expiring=expiring)
    for _ in ("before", "after"):
        assert read_balance(workspace=workspace, now=NOW + HOUR) == balance(1023, expiring=expiring[1:])
        assert read_balance(workspace=workspace, now=NOW + 2 * HOUR) == balance(1000)
        posting.expire_due(now=NOW + HOUR)


def test_a_balance_is_one_query_where_nothing_expires(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    grant(workspace, 1000)
    with django_assert_num_queries(1):
        read_balance(workspace=workspace, now=NOW)
    grant(workspace, 1000, expires_at=NOW + HOUR)
    with django_assert_num_queries(2):
        read_balance(workspace=workspace, now=NOW)


def test_no_wallet_is_no_balance(db: None) -> None:
    workspace = Workspace.objects.create(name="Acme", created_at=NOW)
    with pytest.raises(posting.WalletNotFound):
        read_balance(workspace=workspace, now=NOW)
