"""Writing letters: once a key, with the caller's transaction, and never with more headers than we gave it."""

from datetime import datetime

import pytest
from django.db import transaction

from apps.mail import letters
from apps.mail.letterhead import Letterhead
from apps.mail.models import Letter

TO = "alice@acme.example"


def post(now: datetime, *, key: str = "fact:alice", to: str = TO) -> bool:
    return letters.post(key=key, template="test", to=to, context={}, now=now)


@pytest.mark.django_db
def test_a_letter_is_rendered_at_once(now: datetime, letters_from_easel: Letterhead) -> None:
    assert post(now)

    letter = Letter.objects.get()
    assert (letter.key, letter.to, letter.template) == ("fact:alice", TO, "test")
    assert letter.subject == "Easel can send letters"
    assert letter.text == (
        "This is a test: the letters of https://easel.example arrive.\n\nOpen Easel: https://easel.example\n\n--\n"
        "Sent because someone who runs this installation asked for a test.\n"
    )
    assert "the letters of https://easel.example arrive." in letter.html
    assert (letter.created_at, letter.due_at, letter.sent_at) == (now, now, None)
    assert (letter.attempts, letter.last_error) == (0, "")


@pytest.mark.django_db
def test_a_key_writes_one_letter(now: datetime) -> None:
    assert [post(now), post(now), post(now, key="other")] == [True, False, True]
    assert Letter.objects.count() == 2


@pytest.mark.django_db
def test_a_letter_goes_with_its_transaction(now: datetime) -> None:
    with transaction.atomic():
        post(now)
        transaction.set_rollback(True)
    assert Letter.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "to",
    [
        *("", "alice", "@acme.example", "a@b.example, c@d.example", "Alice <alice@acme.example>"),
        *("alice@acme.example\nBcc: all@acme.example", "a\x00@acme.example", f"{'a' * 300}@acme.example"),
    ],
)
def test_what_is_no_address_gets_nothing_and_harms_nobody(now: datetime, to: str) -> None:
    assert post(now, to=to)

    letter = Letter.objects.get()
    assert (letter.due_at, letter.sent_at, letter.last_error) == (None, None, "This is not an address.")
    assert not set("\n\r\x00") & set(letter.to)
    assert not Letter.objects.due(now).exists()
