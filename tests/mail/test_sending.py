"""Sending letters through a real mail server: taken, refused, put off, and died over."""

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection

from apps.mail import letters, sending, tasks
from apps.mail.models import Letter
from tests.builders import NOW
from tests.mail.post_office import PostOffice

SECOND = timedelta(seconds=1)


def post(number: int = 1, *, now: datetime = NOW) -> Letter:
    assert letters.post(key=f"fact:{number}", template="test", to=f"reader{number}@acme.example", context={}, now=now)
    return Letter.objects.get(key=f"fact:{number}")


def send(now: datetime = NOW, *, limit: int = 100) -> int:
    return sending.send_due(clock=lambda: now, limit=limit)


def fresh(letter: Letter) -> Letter:
    return Letter.objects.get(pk=letter.pk)


@pytest.mark.django_db
def test_a_letter_leaves_once_with_both_its_forms(post_office: PostOffice) -> None:
    letter = post()

    assert (send(), send()) == (1, 0)
    assert post_office.readers == ["reader1@acme.example"]
    [taken] = post_office.letters
    assert taken["From"] == "Easel <no-reply@easel.example>"
    assert (taken["To"], taken["Subject"]) == ("reader1@acme.example", "Easel can send letters")
    assert taken["Auto-Submitted"] == "auto-generated"
    plain, rich = taken.get_body(("plain",)), taken.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().splitlines() == letter.text.splitlines()
    assert rich.get_content().splitlines() == letter.html.splitlines()
    letter = fresh(letter)
    assert (letter.sent_at, letter.due_at, letter.attempts, letter.last_error) == (NOW, None, 1, "")


@pytest.mark.django_db
def test_letters_go_in_order_and_not_before_their_time(post_office: PostOffice) -> None:
    for number in (3, 1, 2):
        post(number, now=NOW + number * SECOND)

    assert send(NOW) == 0
    assert send(NOW + 2 * SECOND) == 2
    assert send(NOW + 9 * SECOND, limit=1) == 1
    assert post_office.readers == [f"reader{number}@acme.example" for number in (1, 2, 3)]


@pytest.mark.django_db
@pytest.mark.parametrize("to_whom", ["reader", "content"])
def test_a_refusal_for_good_is_final_and_keeps_no_other_waiting(post_office: PostOffice, to_whom: str) -> None:
    refused, other = post(1), post(2)
    answers = post_office.answers_to_reader if to_whom == "reader" else post_office.answers_to_content
    answers.append("550 5.1.1 nobody of that name")

    assert send() == 1
    refused = fresh(refused)
    assert (refused.due_at, refused.sent_at, refused.attempts) == (None, None, 1)
    assert "nobody of that name" in refused.last_error
    assert fresh(other).sent_at == NOW
    assert post_office.readers == ["reader2@acme.example"]


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "421 4.3.2 going down"])
@pytest.mark.parametrize("to_whom", ["reader", "content"])
def test_a_refusal_for_now_is_tried_again(post_office: PostOffice, to_whom: str, answer: str) -> None:
    put_off, other = post(1), post(2)
    answers = post_office.answers_to_reader if to_whom == "reader" else post_office.answers_to_content
    answers.append(answer)

    assert send() == 1
    put_off = fresh(put_off)
    assert put_off.due_at is not None
    assert 45 <= (put_off.due_at - NOW).total_seconds() <= 75
    assert answer[:3] in put_off.last_error
    assert fresh(other).sent_at == NOW
    assert send(put_off.due_at - SECOND) == 0
    assert send(put_off.due_at) == 1
    assert (fresh(put_off).attempts, fresh(put_off).last_error) == (2, "")


@pytest.mark.django_db
def test_a_server_that_is_away_costs_a_round_one_attempt(post_office: PostOffice) -> None:
    first, second = post(1), post(2)
    post_office.close()

    assert send() == 0
    assert (fresh(first).attempts, fresh(second).attempts) == (1, 0)
    assert "ConnectionRefusedError" in fresh(first).last_error
    assert send(NOW + SECOND) == 0
    assert (fresh(first).attempts, fresh(second).attempts) == (1, 1)
    post_office.open()
    assert send(NOW + timedelta(minutes=2)) == 2


@pytest.mark.django_db
def test_what_cannot_be_sent_for_a_day_is_given_up(post_office: PostOffice) -> None:
    letter = post()
    pauses, at = [], NOW
    while (due_at := fresh(letter).due_at) is not None:
        pauses.append(due_at - at)
        at = due_at
        post_office.answers_to_reader.append("450 4.2.1 mailbox busy")
        send(at)

    assert 15 <= fresh(letter).attempts <= 25
    assert all(earlier * 0.9 < later for earlier, later in itertools.pairwise(pauses[1:8]))  # longer each time
    assert max(pauses) <= timedelta(hours=2.5)
    assert timedelta(hours=24) <= at - NOW <= timedelta(hours=26.5)
    assert (fresh(letter).sent_at, post_office.letters) == (None, [])
    assert send(at + timedelta(days=9)) == 0


class Died(BaseException):
    """The process ends here."""


def dying_clock(times: int) -> Callable[[], datetime]:
    """A clock that can be read so many times."""
    readings: Iterator[int] = iter(range(times))

    def clock() -> datetime:
        if next(readings, None) is None:
            raise Died
        return NOW

    return clock


@pytest.mark.django_db
def test_dying_between_sending_and_marking_sends_the_same_letter_again(post_office: PostOffice) -> None:
    letter = post()
    with pytest.raises(Died):
        sending.send_due(clock=dying_clock(2))  # read once for the round, once for the claim, then to mark it sent
    assert (len(post_office.letters), fresh(letter).sent_at) == (1, None)

    assert send(NOW + timedelta(minutes=4)) == 0  # the lease still stands
    assert send(NOW + timedelta(minutes=5)) == 1
    first, second = post_office.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert str(first["Message-ID"]).endswith("@easel.example>")
    post(2, now=NOW)
    send()
    assert post_office.letters[2]["Message-ID"] != first["Message-ID"]


@pytest.mark.django_db
def test_dying_before_sending_loses_no_letter(post_office: PostOffice) -> None:
    letter = post()
    with pytest.raises(Died):
        sending.send_due(clock=dying_clock(1))
    assert (post_office.letters, fresh(letter).attempts) == ([], 0)
    assert send() == 1


@pytest.mark.django_db(transaction=True)
def test_many_senders_send_each_letter_once(post_office: PostOffice) -> None:
    for number in range(12):
        post(number)
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(send())
        finally:
            connection.close()

    senders = [threading.Thread(target=work) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(counts) == 12
    assert sorted(post_office.readers) == sorted(f"reader{number}@acme.example" for number in range(12))


@pytest.mark.django_db
def test_the_task_sends_by_the_real_clock(post_office: PostOffice) -> None:
    letter = post()
    tasks.send(added_later=True)
    assert fresh(letter).sent_at is not None
