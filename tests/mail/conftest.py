"""A mail server of our own, and letters that go there."""

from collections.abc import Iterator

import pytest

from apps.mail import letterhead
from apps.mail.letterhead import Letterhead
from tests.mail.post_office import PostOffice


@pytest.fixture
def letters_from_easel() -> Iterator[Letterhead]:
    """Sign letters as easel.example."""
    before = letterhead.current()
    signed = Letterhead("Easel <no-reply@easel.example>", "https://easel.example", before.pages)
    letterhead.configure(signed)
    yield signed
    letterhead.configure(before)


@pytest.fixture
def post_office(letters_from_easel: Letterhead) -> Iterator[PostOffice]:
    """An open mail server, to which Django's own backend sends."""
    office = PostOffice()
    office.open()
    with office.in_use():
        yield office
    office.close()
