"""A NUL is refused wherever people type, before anything is read or stored."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace


@pytest.mark.parametrize(("name", "value"), [("name", "Nine\0"), ("na\0me", "Nine")])
def test_a_form_with_a_nul_is_refused(alice_client: Client, acme: Workspace, name: str, value: str) -> None:
    rows_before = Workspace.objects.count()
    answer = alice_client.post(reverse("workspace_new"), {name: value})
    assert answer.status_code == 400
    assert Workspace.objects.count() == rows_before


def test_an_address_with_a_nul_is_refused(client: Client, db: None) -> None:
    assert client.get("/models?q=flux%00").status_code == 400


def test_staff_write_no_nul_either(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("staff@easel.example", "password"))
    answer = client.post(reverse("admin:staff_ratings"), {"model": "flux_pro", "rating": "4", "reason": "good\0"})
    assert (answer.status_code, AuditEntry.objects.count()) == (400, 0)


def test_signing_in_with_a_nul_begins_no_session(client: Client, db: None) -> None:
    answer = client.post(reverse("sign_in"), {"email": "alice@acme.example\0", "password": "x\0"})
    assert (answer.status_code, Session.objects.count()) == (400, 0)
