"""Whoever has to hear of a balance or a limit gets one letter, whatever happens in between."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.accounts.models import Membership, User
from apps.accounts.roles import Role
from apps.accounts.tenancy import Workspace
from apps.billing import notices
from apps.billing.checks import check_purchases
from apps.billing.sign_up import sign_up
from apps.ledger import posting, seams
from apps.ledger.amounts import Millicredits, from_credits
from apps.ledger.models import Budget, Notice
from apps.library.models import Project
from apps.mail.models import Letter
from tests.builders import NOW, PASSWORD, build_api_key, build_member
from tests.ledger.calls import alert, grant, place, refill, settle
from tests.ledger.racers import Stable

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class PowerCut(BaseException):
    """What no handler catches."""


def letters() -> list[tuple[str, str]]:
    """Who was written to, about what."""
    return list(Letter.objects.order_by("pk").values_list("to", "subject"))


def spend(workspace: Workspace, credits: str) -> None:
    amount = from_credits(credits)
    settle(place(workspace, amount), amount)


def test_a_low_balance_is_told_to_those_who_can_buy(acme: Workspace, bob: User) -> None:
    build_member(acme, "carol@acme.example", Role.OWNER)
    build_member(acme, "dan@acme.example", Role.ADMIN)
    gone = build_member(acme, "eve@acme.example", Role.OWNER)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    alert(acme, 300_000)
    spend(acme, "690")
    place(acme, 22_500)
    assert notices.handle_due(now=NOW) == 1
    assert letters() == [(to, "Acme has 287.5 cr left") for to in ("alice@acme.example", "carol@acme.example")]
    letter = Letter.objects.earliest("pk")
    assert letter.text == (
        "Your balance fell below 300 cr. 287.5 cr are left, and 22.5 cr are held for runs under way. "
        "A run that needs more than is left is refused, and costs nothing.\n\n"
        f"Add credits: http://127.0.0.1:8000/w/{acme.pk}/credits\n\n--\n"
        "Sent because you can buy credits for Acme. The line of 300 cr can be moved, or taken away: "
        f"http://127.0.0.1:8000/w/{acme.pk}/credits/top-up#low-balance\n"
    )
    assert all(text in letter.html for text in ("287.5 cr", "22.5 cr", "Add credits"))
    assert notices.handle_due(now=NOW) == 0
    assert Letter.objects.count() == 2
    assert Notice.objects.get().handled_at == NOW


def test_a_balance_that_wavers_is_told_once_a_day_while_nothing_comes_in(acme: Workspace) -> None:
    alert(acme, 300_000)

    def waver(at: timedelta) -> int:
        hold = place(acme, 900_000, now=NOW + at)
        handled = notices.handle_due(now=NOW + at)
        settle(hold, 0, now=NOW + at)
        return handled

    assert [waver(MINUTE * minute) for minute in range(3)] == [1, 1, 1]
    assert len(letters()) == 1
    waver(DAY)
    assert len(letters()) == 2
    grant(acme, 1000, now=NOW + DAY)
    waver(DAY + MINUTE)
    assert len(letters()) == 3


def test_what_is_over_is_not_told(acme: Workspace) -> None:
    alert(acme, 300_000)
    hold = place(acme, 1_000_000)
    settle(hold, 0)
    assert notices.handle_due(now=NOW) == 2
    assert letters() == []


def test_an_empty_balance_is_told_instead_of_a_low_one(acme: Workspace) -> None:
    alert(acme, 300_000)
    spend(acme, "900")
    place(acme, 100_000)
    assert notices.handle_due(now=NOW) == 2
    assert letters() == [("alice@acme.example", "Acme has no credits left")]
    assert "100 cr are held for runs under way. Those go on" in Letter.objects.get().text


def test_a_line_set_above_an_empty_balance_says_what_is_left(acme: Workspace) -> None:
    spend(acme, "1000")
    notices.handle_due(now=NOW)
    alert(acme, 300_000, now=NOW + MINUTE)
    notices.handle_due(now=NOW + MINUTE)
    assert letters()[1:] == [("alice@acme.example", "Acme has 0 cr left")]


@pytest.mark.parametrize("step", ["notice marked", "letters written"])
def test_a_crash_in_between_loses_no_letter_and_doubles_none(acme: Workspace, step: str) -> None:
    spend(acme, "1000")

    def cut(name: str) -> None:
        if name == step:
            raise PowerCut

    with seams.listening(cut), pytest.raises(PowerCut):
        notices.handle_due(now=NOW)
    assert (letters(), Notice.objects.get().handled_at) == ([], None)
    assert notices.handle_due(now=NOW) == 1
    assert len(letters()) == 1


def test_many_workers_write_one_letter(racers: Stable, acme: Workspace) -> None:
    alert(acme, 300_000)
    spend(acme, "800")
    answers = racers.race([{"name": "handle_notices", "at": NOW} for _ in range(8)])
    assert sorted(answer["result"] for answer in answers) == [0] * 7 + [1]
    assert letters() == [("alice@acme.example", "Acme has 200 cr left")]


def limit(workspace: Workspace, amount: int, kind: Budget.Subject, subject_id: UUID) -> None:
    posting.set_budget(
        workspace=workspace,
        subject_kind=kind,
        subject_id=subject_id,
        limit_mc=Millicredits(amount),
        period=Budget.Period.MONTH,
        actor_id=None,
        now=NOW,
    )


def test_a_limit_is_told_to_whom_it_binds_and_to_the_owners(acme: Workspace) -> None:
    mia = build_member(acme, "mia@acme.example", Role.MAKER)
    limit(acme, 500_000, Budget.Subject.MEMBER, mia.pk)
    who = posting.Spender(mia.pk, None, None)
    place(acme, 400_000, spender=who)
    notices.handle_due(now=NOW)
    assert sorted(letters()) == [
        ("alice@acme.example", "mia@acme.example is near a limit in Acme"),
        ("mia@acme.example", "You are near your limit in Acme"),
    ]
    assert Letter.objects.get(to=mia.email).text == (
        "80 % of your monthly limit are used or held for runs under way. 100 cr of 500 cr are left; it is counted anew "
        f"from 1 December 2026 on.\n\nSee limits: http://127.0.0.1:8000/w/{acme.pk}/credits/limits\n\n--\n"
        "Sent because this limit is yours.\n"
    )
    Membership.objects.filter(user=mia).delete()
    place(acme, 100_000, spender=who)
    notices.handle_due(now=NOW)
    assert len(letters()) == 2  # nobody is left whom it binds


def test_a_limit_that_is_reached_at_once_is_one_letter_a_person(acme: Workspace, alice: User) -> None:
    limit(acme, 500_000, Budget.Subject.MEMBER, alice.pk)
    place(acme, 500_000, spender=posting.Spender(alice.pk, None, None))
    assert notices.handle_due(now=NOW) == 2
    assert letters() == [("alice@acme.example", "You have reached your limit in Acme")]


def test_limits_of_keys_and_projects_are_told_by_name(acme: Workspace) -> None:
    maker = build_member(acme, "mia@acme.example", Role.ADMIN)
    api_key, _ = build_api_key(acme, maker)
    project = Project.objects.create(workspace=acme, name="Bears <3", created_at=NOW)
    limit(acme, 500_000, Budget.Subject.API_KEY, api_key.pk)
    limit(acme, 600_000, Budget.Subject.PROJECT, project.pk)
    place(acme, 500_000, spender=posting.Spender(None, api_key.pk, project.pk))
    notices.handle_due(now=NOW)
    assert sorted(letters()) == [
        ("alice@acme.example", "The API key Live has reached a limit in Acme"),
        ("alice@acme.example", "The project Bears <3 is near a limit in Acme"),
        ("mia@acme.example", "The API key Live has reached a limit in Acme"),
    ]
    assert "Bears &lt;3" in Letter.objects.get(subject__contains="Bears").html


def test_a_limit_that_was_raised_since_is_not_told(acme: Workspace, alice: User) -> None:
    limit(acme, 500_000, Budget.Subject.MEMBER, alice.pk)
    place(acme, 500_000, spender=posting.Spender(alice.pk, None, None))
    limit(acme, 900_000, Budget.Subject.MEMBER, alice.pk)
    assert notices.handle_due(now=NOW) == 2
    assert letters() == []


def test_a_wish_for_more_credits_is_not_a_letter(acme: Workspace) -> None:
    refill(acme, 300_000)
    spend(acme, "900")
    assert notices.handle_due(now=NOW) == 1
    assert letters() == []
    assert check_purchases(now=NOW + DAY + MINUTE) == []


def test_a_new_workspace_hears_when_half_its_gift_is_used(db: None) -> None:
    _, workspace = sign_up(email="new@example.com", password=PASSWORD, workspace_name="New", now=NOW)
    spend(workspace, "100")
    assert notices.handle_due(now=NOW) == 0
    spend(workspace, "0.5")
    notices.handle_due(now=NOW)
    assert letters() == [("new@example.com", "New has 99.5 cr left")]
