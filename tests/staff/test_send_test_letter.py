"""The letter an operator sends to see whether letters leave."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from apps.mail.models import Letter
from tests.mail.post_office import PostOffice


@pytest.fixture
def post_office(db: None) -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    with office.in_use():
        yield office
    office.close()


def test_a_letter_that_left_is_said_to_have(post_office: PostOffice) -> None:
    output = StringIO()
    call_command("send_test_letter", "you@example.org", stdout=output)
    assert output.getvalue() == "Sent to you@example.org.\n"
    assert post_office.readers == ["you@example.org"]
    assert Letter.objects.get().sent_at is not None


def test_what_the_server_says_is_said(post_office: PostOffice) -> None:
    post_office.answers_to_reader.append("550 5.7.1 relaying denied")
    with pytest.raises(CommandError, match=r"^Not sent: .*relaying denied"):
        call_command("send_test_letter", "you@example.org")


def test_a_server_that_is_away_is_said_to_be(post_office: PostOffice) -> None:
    with override_settings(EMAIL_PORT=9), pytest.raises(CommandError, match="Not sent: ConnectionRefusedError"):
        call_command("send_test_letter", "you@example.org")


def test_what_is_no_address_is_said_to_be_none(db: None) -> None:
    with pytest.raises(CommandError, match=r"Not sent: This is not an address\."):
        call_command("send_test_letter", "you")
