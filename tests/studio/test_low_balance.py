"""Few credits: every page says so to whom it may concern, and owners move the line."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from apps.accounts.roles import Role
from apps.ledger.models import Operation, Wallet
from tests import builders
from tests.ledger.calls import alert, place
from tests.studio.conftest import ASKED, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

BAR = 'id="low"'


def bar_of(page: str) -> str:
    """What the bar says, without its marks."""
    return page.partition(BAR)[2].partition("</div>")[0]


def set_line(studio: Studio, line: str) -> "Answer":
    return studio.client.post(studio.url("credits_low_balance"), {"line": line}, follow=True)


def line_of(studio: Studio) -> int | None:
    return Wallet.objects.for_workspace(studio.workspace).get().low_balance_mc


@pytest.mark.parametrize("route", ["studio", "jobs", "models", "credits", "top_up", "receipts", "api_keys"])
def test_every_page_says_that_credits_are_few(studio: Studio, said: "Said", route: str) -> None:
    alert(studio.workspace, 1_000_000)
    assert "notice" not in bar_of(said(studio.get(route)))
    place(studio.workspace, 912_500)
    bar = bar_of(said(studio.get(route)))
    assert "87.5 cr left." in bar
    assert f'href="{studio.url("credits")}">Add credits</a>' in bar


def test_an_empty_balance_is_told_in_words(studio: Studio, said: "Said") -> None:
    alert(studio.workspace, 1)
    place(studio.workspace, 1_000_000)
    assert "No credits left." in bar_of(said(studio.get("jobs")))


def test_without_a_line_nothing_is_said(studio: Studio, said: "Said") -> None:
    place(studio.workspace, 1_000_000)
    assert "notice" not in bar_of(said(studio.get("jobs")))


def test_who_cannot_buy_is_told_who_can_and_who_sees_no_credits_nothing(
    studio: Studio, bob_client: Client, client: Client, said: "Said"
) -> None:
    alert(studio.workspace, 2_000_000)
    client.force_login(builders.build_member(studio.workspace, "mia@acme.example", Role.MAKER))
    page = said(client.get(studio.url("top_up")))
    assert "Owners of this workspace add credits." in bar_of(page)
    assert "Owners are told when less than 2,000 cr is left." in page
    assert "credits_low_balance" not in page
    assert "left" not in bar_of(said(bob_client.get(studio.url("jobs"))))


def test_a_run_that_makes_them_few_brings_the_bar(studio: Studio, said: "Said") -> None:
    alert(studio.workspace, 1_000_000)
    answer = said(studio.htmx("studio_create", data=ASKED))
    assert "999 cr left." in bar_of(answer)
    assert f'{BAR} hx-swap-oob="true"' in answer


def test_an_owner_moves_the_line_and_takes_it_away(studio: Studio, said: "Said") -> None:
    page = said(set_line(studio, " 1,200.5 "))
    assert "Owners are told when less than 1,200.5 cr is left." in page
    assert 'value="1200.5"' in page
    assert line_of(studio) == 1_200_500
    assert Operation.objects.filter(kind="line").get().actor_id == studio.user.pk
    page = said(set_line(studio, ""))
    assert "Nobody is told any more when credits are few." in page
    assert (line_of(studio), 'placeholder="never"' in page) == (None, True)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("many", "“many” is not an amount of credits, such as 100."),
        ("1.2345", "“1.2345” is not an amount"),
        ("9" * 400, "“99999999999999999999” is not an amount"),
        ("<b>", "“&lt;b&gt;” is not an amount"),
        ("-5", "A line is above 0 credits"),
        ("0", "A line is above 0 credits"),
        ("8796093022208", "A line is above 0 credits"),
        ("١٢", "is not an amount"),
    ],
)
def test_what_is_no_line_is_refused_and_changes_nothing(studio: Studio, said: "Said", line: str, refusal: str) -> None:
    alert(studio.workspace, 7_000)
    page = said(set_line(studio, line))
    assert refusal in page
    assert "Nothing was changed." in page
    assert line_of(studio) == 7_000


def test_the_same_form_twice_is_one_line_and_one_notice(studio: Studio) -> None:
    for _ in range(2):
        set_line(studio, "1200")
    assert line_of(studio) == 1_200_000
