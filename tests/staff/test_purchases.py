"""Purchases as staff see them, and money given back: once, exactly, by those who may, and found again when lost."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing.models import Purchase, Refund
from apps.ledger import seams
from tests.billing.stage import Stage, staged
from tests.ledger.calls import totals

KEY = str(UUID(int=7))


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with staged() as one:
        yield one


def path(workspace: Workspace, purchase: Purchase | None = None) -> str:
    named = f"?purchase={purchase.public_id}" if purchase else ""
    return f"/staff/workspaces/{workspace.pk}/purchases/{named}"


def form(amount: str = "4.00", **fields: str) -> dict[str, str]:
    return {"form_key": KEY, "amount": amount, "reason": "asked for by the buyer", **fields}


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*? value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def test_the_page_says_how_every_purchase_stands(
    stage: Stage, staff_client: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    assert "Nothing was bought yet." in staff_client.get(path(stage.workspace)).content.decode()
    for number in range(4):
        stage.buy(attempt=f"try {number}")
    disputed, _, _, odd = Purchase.objects.order_by("pk")
    stage.fake.play.dispute_open(stage.payment_of(disputed))
    stage.fake.play.refund(stage.payment_of(odd), 250)
    stage.fake.play.fraud_warning(stage.payment_of(odd))
    stage.deliver()
    with django_assert_max_num_queries(13):
        answer = staff_client.get(path(stage.workspace))
    page = answer.content.decode()
    for text in ("Small", "1,000 cr", "$10.00", "$2.50", "a warning of fraud: under review", stage.payment_of(odd)):
        assert text in page, text
    assert page.count("Give back up to $10.00") == page.count('<form method="post" action="?purchase=') == 2
    one = staff_client.get(path(stage.workspace, odd)).content.decode()
    assert odd.public_id in one
    assert disputed.public_id not in one
    for place in (f"/staff/workspaces/{stage.workspace.pk}/", "/staff/books/"):
        assert path(stage.workspace) in staff_client.get(place).content.decode()


def test_a_part_and_then_the_rest(stage: Stage, staff_client: Client, sonia: User) -> None:
    purchase = stage.buy()
    stage.spend(100_000)
    here = path(stage.workspace, purchase)
    assert field(staff_client.get(here).content.decode(), "amount") == "9.00"
    told = staff_client.post(here, form("4"), follow=True).content.decode()
    assert "4.00 USD goes back to the buyer." in told
    assert f"$4.00 handed to Stripe: {stage.made('refund')[0]}" in told
    assert "sonia@easel.example" in told
    assert totals(stage.workspace) == (500_000, 0, 0, 0)
    rest = {"amount": field(told, "amount"), "form_key": field(told, "form_key")}
    assert rest["amount"] == "5.00"
    told = staff_client.post(here, form() | rest, follow=True).content.decode()
    assert 'name="amount"' not in told  # nothing is left to give back
    stage.deliver()
    assert stage.faults() == []
    assert totals(stage.workspace) == (0, 0, 0, 0)
    assert list(Refund.objects.order_by("pk").values_list("amount_minor", "actor_id")) == [
        (400, sonia.pk),
        (500, sonia.pk),
    ]
    assert stage.fresh(purchase).refunded_minor == 900
    entries = AuditEntry.objects.order_by("pk").values_list("action", "subject", "actor_id")
    assert list(entries) == [("purchase.refund", purchase.public_id, sonia.pk)] * 2


def test_a_form_that_is_sent_twice_gives_back_once(stage: Stage, staff_client: Client) -> None:
    purchase = stage.buy()
    here = path(stage.workspace, purchase)
    for _ in range(2):
        assert staff_client.post(here, form()).status_code == 302
    other = staff_client.post(here, form("5"))
    assert other.status_code == 422
    assert "sent before with another amount" in other.content.decode()
    assert len(stage.made("refund")) == Refund.objects.count() == AuditEntry.objects.count() == 1
    assert totals(stage.workspace) == (600_000, 0, 0, 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount": "6.01"}, "At most 6.00 USD can be given back now."),
        ({"amount": "999999999"}, "At most 6.00 USD can be given back now."),
        ({"amount": "0"}, "Write more than nothing."),
        *(({"amount": text}, "Write an amount in USD, such as 10.00.") for text in ("", "1,50", "-1", "1.001", "1e1")),
        ({"reason": " "}, "Say why"),
        ({"reason": "x\x01y"}, "Say why"),
        ({"reason": "x" * 201}, "Say why"),
        ({"form_key": "mine"}, "not one of ours"),
    ],
)
def test_a_wrong_form_gives_nothing_back(stage: Stage, staff_client: Client, wrong: dict[str, str], said: str) -> None:
    purchase = stage.buy()
    stage.spend(400_000)
    answer = staff_client.post(path(stage.workspace, purchase), form() | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert field(page, "amount") == (form() | wrong)["amount"]
    assert (Refund.objects.count(), AuditEntry.objects.count(), stage.made("refund")) == (0, 0, [])


@pytest.mark.parametrize(
    ("currency", "most", "typed", "said"),
    [("jpy", "1000", "5.5", "in JPY, such as 1000."), ("kwd", "1.000", "0.995", "multiples of 0.010 KWD")],
)
def test_the_decimals_of_other_currencies(
    stage: Stage, staff_client: Client, currency: str, most: str, typed: str, said: str
) -> None:
    purchase = stage.buy()
    Purchase.objects.update(currency=currency)
    here = path(stage.workspace, purchase)
    assert field(staff_client.get(here).content.decode(), "amount") == most
    answer = staff_client.post(here, form(typed))
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert staff_client.post(here, form(most)).status_code == 302
    assert Refund.objects.get().amount_minor == 1000


def test_who_may_look_gives_nothing_back(stage: Stage, looker: User, looker_client: Client) -> None:
    purchase = stage.buy()
    here = path(stage.workspace, purchase)
    assert looker_client.get(here).status_code == 403
    looker.user_permissions.add(*Permission.objects.filter(codename__in=["view_purchase", "view_workspace"]))
    page = looker_client.get(here).content.decode()
    assert (purchase.public_id in page, 'name="amount"' in page) == (True, False)
    assert looker_client.post(here, form()).status_code == 403
    assert Refund.objects.count() == 0
    looker.user_permissions.add(Permission.objects.get(codename="add_refund"))
    assert looker_client.post(here, form()).status_code == 302
    assert Refund.objects.get().actor_id == looker.pk


def test_the_purchase_is_one_of_this_workspace(stage: Stage, staff_client: Client, acme: Workspace) -> None:
    purchase = stage.buy()
    for wrong in (
        path(acme, purchase),
        f"{path(stage.workspace)}?purchase=x",
        f"/staff/workspaces/{uuid4()}/purchases/",
    ):
        assert staff_client.get(wrong).status_code == 404
        assert staff_client.post(wrong, form()).status_code == 404
    assert staff_client.post(path(stage.workspace), form()).status_code == 404
    assert stage.made("refund") == []


def test_where_stripe_does_not_answer_the_same_form_is_safe(stage: Stage, staff_client: Client) -> None:
    purchase = stage.buy()
    here = path(stage.workspace, purchase)
    stage.fail("error_after", method="POST", path="/v1/refunds")
    answer = staff_client.post(here, form())
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "Stripe did not answer. The refund may have been made" in page
    assert "$4.00 under way" in page
    assert set(re.findall(r'name="form_key" value="([^"]*)"', page)) == {KEY}
    assert "Ask Stripe again" in staff_client.get(here).content.decode()  # where that page was lost
    assert staff_client.post(here, form()).status_code == 302
    assert len(stage.made("refund")) == Refund.objects.count() == 1
    assert "Ask Stripe again" not in staff_client.get(here).content.decode()
    assert totals(stage.workspace) == (600_000, 0, 0, 0)
    assert stage.faults() == []


def test_a_payment_that_stripe_does_not_know_is_left_alone(stage: Stage, staff_client: Client) -> None:
    purchase = stage.buy()
    Purchase.objects.update(payment_intent="pi_of_nobody")
    answer = staff_client.post(path(stage.workspace, purchase), form())
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Stripe refused:" in page
    assert field(page, "form_key") == KEY
    assert (Refund.objects.count(), stage.made("refund")) == (0, [])


def test_what_stripe_refuses_is_said_and_tried_with_another_key(stage: Stage, staff_client: Client) -> None:
    """Somebody gives most of it back in the Dashboard, between our decision and our call."""
    purchase = stage.buy()
    here = path(stage.workspace, purchase)

    def be_quicker(step: str) -> None:
        if step == "refund written":
            stage.fake.play.refund(stage.payment_of(purchase), 800)

    with seams.listening(be_quicker):
        answer = staff_client.post(here, form())
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Stripe has refused this refund" in page
    assert "Nothing was given back." in page
    assert field(page, "form_key") != KEY
    assert len(stage.made("refund")) == 1
    assert staff_client.post(here, form("2", form_key=field(page, "form_key"))).status_code == 302
    assert stage.sync(purchase).refunded_minor == 1000
    assert stage.faults() == []
