"""Staff at their pages: the real catalogue, people with all rights, with some and with none."""

from datetime import UTC, datetime
from typing import Final

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from tests.builders import build_user
from tests.stock import stock_catalog

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)  # pages read the real clock: what they find must be there already


@pytest.fixture
def catalog(db: None) -> None:
    stock_catalog(now=LONG_AGO)


@pytest.fixture
def sonia(db: None) -> User:
    """Staff with every right."""
    return User.objects.create_superuser("sonia@easel.example", "a long password", name="Sonia Staff")


@pytest.fixture
def staff_client(sonia: User) -> Client:
    return _signed_in(sonia)


@pytest.fixture
def looker(db: None) -> User:
    """Staff who may look at models, and do nothing else."""
    person = build_user("looker@easel.example")
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    person.user_permissions.add(Permission.objects.get(codename="view_aimodel"))
    return person


@pytest.fixture
def looker_client(looker: User) -> Client:
    return _signed_in(looker)


def _signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client
