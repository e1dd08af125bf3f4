"""Alarms about the books: every look that found something, or died, is told to those who run this, once."""

from datetime import datetime, timedelta

import pytest

from apps.accounts.models import User
from apps.billing import check_runs, tasks
from apps.billing.models import CheckRun
from apps.ledger.check import Fault
from apps.mail.models import Letter
from tests.builders import NOW

FAULT = Fault("I1", "lot 7", "its buckets do not add up")


@pytest.fixture(autouse=True)
def boss(db: None) -> User:
    return User.objects.create_superuser("boss@easel.example", "password")


def look(faults: list[Fault], *, at: datetime = NOW) -> None:
    assert check_runs.carry_out(CheckRun.Kind.LEDGER, lambda: faults, clock=lambda: at) is not None


def test_books_that_add_up_are_no_news() -> None:
    look([])
    assert Letter.objects.count() == 0


def test_each_look_that_finds_something_is_told_once() -> None:
    look([FAULT])
    look([FAULT] * 25, at=NOW + timedelta(days=1))

    first, second = Letter.objects.order_by("pk")
    assert (first.to, first.subject) == (
        "boss@easel.example",
        "Alarm: The books do not add up: 1 row (ledger), 2026-11-21 12:00 UTC",
    )
    assert "- I1: lot 7: its buckets do not add up\n\nLook at it: http://127.0.0.1:8000/staff/books/\n" in first.text
    assert second.subject.startswith("Alarm: The books do not add up: 25 rows (ledger), 2026-11-22")
    assert second.text.count("- I1: lot 7") == 20
    assert "- and 5 more\n" in second.text


def test_a_look_that_died_is_told_once() -> None:
    CheckRun.objects.create(kind=CheckRun.Kind.STRIPE, started_at=NOW)
    CheckRun.objects.create(kind=CheckRun.Kind.LEDGER, started_at=NOW - timedelta(days=8))

    assert check_runs.report_dead(now=NOW + timedelta(minutes=59)) == 0
    assert Letter.objects.count() == 0
    assert [check_runs.report_dead(now=NOW + timedelta(minutes=60 + later)) for later in (0, 10)] == [1, 1]
    [letter] = Letter.objects.all()
    assert letter.subject == "Alarm: A look at the books died"
    assert "(stripe), began at 2026-11-21 12:00 UTC and has not ended." in letter.text


def test_the_clock_looks_for_the_dead() -> None:
    CheckRun.objects.create(kind=CheckRun.Kind.LEDGER, started_at=datetime.now(NOW.tzinfo) - timedelta(hours=2))
    tasks.report_dead(added_later=True)
    assert Letter.objects.count() == 1
