"""Who hears alarms: the addresses that are named, or else every superuser."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from apps.accounts import alarms
from apps.accounts.models import User
from apps.mail import letterhead
from apps.mail.models import Letter


@pytest.fixture
def named() -> Iterator[None]:
    before = letterhead.current()
    letterhead.configure(replace(before, alarm_to=("ops@easel.example", f"{'o' * 60}@{'long.' * 30}example")))
    yield
    letterhead.configure(before)


def ring(now: datetime) -> None:
    alarms.raise_alarm(key=f"purchase:{'k' * 141}", subject="Look", lines=["here"], page="https://x.example", now=now)


def readers() -> list[str]:
    return list(Letter.objects.order_by("pk").values_list("to", flat=True))


def test_superusers_hear_it_once(db: None, alice: User, now: datetime) -> None:
    User.objects.create_superuser("boss@easel.example", "password")
    User.objects.create_superuser("gone@easel.example", "password", is_active=False)
    User.objects.create_user("sonia@easel.example", "password", is_staff=True)
    ring(now)
    ring(now)
    assert readers() == ["boss@easel.example"]


def test_addresses_that_are_named_hear_it_instead(db: None, named: None, now: datetime) -> None:
    User.objects.create_superuser("boss@easel.example", "password")
    ring(now)
    ring(now)
    assert len(readers()) == 2
    assert readers()[0] == "ops@easel.example"
