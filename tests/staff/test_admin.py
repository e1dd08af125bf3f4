"""The staff's window: for staff only, and for looking only."""

import pytest
from django.contrib import admin
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.staff.admin import ReadOnlyAdmin
from tests.builders import build_api_key

OURS = [model for model, shown in admin.site._registry.items() if isinstance(shown, ReadOnlyAdmin)]


@pytest.fixture
def staff_client(acme: Workspace, alice: User) -> Client:
    build_api_key(acme, alice)
    client = Client()
    client.force_login(User.objects.create_superuser("staff@easel.example", "a long password"))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_list_opens_and_nothing_can_be_added(staff_client: Client, model: type) -> None:
    path = f"/staff/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]  # a Django model
    assert staff_client.get(path).status_code == 200
    assert staff_client.get(path + "add/").status_code == 403


def test_a_row_is_shown_without_its_secrets_and_cannot_be_changed(staff_client: Client, alice: User) -> None:
    path = f"/staff/accounts/user/{alice.pk}/change/"
    page = staff_client.get(path)
    assert page.status_code == 200
    assert alice.password not in page.content.decode()
    assert staff_client.post(path, {"email": "mine@example.com"}).status_code == 403
    alice.refresh_from_db()
    assert alice.email == "alice@acme.example"


def test_makers_are_not_staff(alice_client: Client) -> None:
    assert alice_client.get("/staff/accounts/user/").status_code == 302
