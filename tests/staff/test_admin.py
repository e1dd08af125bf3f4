"""The rows behind the pages are for looking only; who may do what is decided by superusers, and noted."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.ledger.models import Entry, Lot, Operation
from apps.staff.admin import ReadOnlyAdmin
from tests.builders import build_api_key

OURS: list[type[Any]] = [model for model, shown in admin.site._registry.items() if isinstance(shown, ReadOnlyAdmin)]


def address(model: type[Model]) -> str:
    return f"/staff/{model._meta.app_label}/{model._meta.model_name}/"


def test_every_list_opens_and_no_row_can_be_added_changed_or_deleted(
    catalog: None, staff_client: Client, acme: Workspace, alice: User
) -> None:
    build_api_key(acme, alice)
    assert {"Entry", "Operation", "Lot", "AuditEntry", "Job"} <= {model.__name__ for model in OURS}
    for model in OURS:
        path, row = address(model), model._default_manager.first()
        assert staff_client.get(path).status_code == 200, model
        assert staff_client.get(path + "add/").status_code == 403, model
        assert staff_client.post(path + "add/", {"name": "x"}).status_code == 403, model
        posted = {"action": "delete_selected", "_selected_action": [str(row.pk if row else 0)], "post": "yes"}
        assert staff_client.post(path, posted).status_code in {200, 403}, model
        if row is None:
            continue
        for what in ("change", "delete"):
            posted = {"post": "yes", "amount_mc": "1", "name": "x"}
            assert staff_client.post(f"{path}{row.pk}/{what}/", posted).status_code == 403, model
        kept = model._default_manager.get(pk=row.pk)
        for field in model._meta.concrete_fields:
            assert getattr(kept, field.attname) == getattr(row, field.attname)


def test_the_books_stay_as_they_were(staff_client: Client, acme: Workspace) -> None:
    before = (Lot.objects.count(), Operation.objects.count(), Entry.objects.count())
    lot, entry = Lot.objects.get(), Entry.objects.get()
    for model, pk in ((Lot, lot.pk), (Entry, entry.pk), (Operation, entry.operation_id)):
        for what in ("change", "delete"):
            assert staff_client.post(f"{address(model)}{pk}/{what}/", {"post": "yes"}).status_code == 403
    assert (Lot.objects.count(), Operation.objects.count(), Entry.objects.count()) == before
    assert AuditEntry.objects.count() == 0


def test_a_person_is_shown_without_secrets_and_keeps_the_address(staff_client: Client, alice: User) -> None:
    path = f"/staff/accounts/user/{alice.pk}/change/"
    page = staff_client.get(path)
    assert page.status_code == 200
    assert alice.password not in page.content.decode()
    assert staff_client.post(path, {"email": "mine@example.com", "is_active": "on"}).status_code == 302
    alice.refresh_from_db()
    assert (alice.email, alice.is_active, alice.is_staff) == ("alice@acme.example", True, False)
    assert AuditEntry.objects.count() == 0  # nothing moved
    assert staff_client.post(f"/staff/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_making_someone_staff_is_noted_with_before_and_after(staff_client: Client, sonia: User, alice: User) -> None:
    view = Permission.objects.get(codename="view_job")
    group = Group.objects.create(name="Support")
    posted = {"is_active": "on", "is_staff": "on", "groups": [group.pk], "user_permissions": [view.pk]}
    assert staff_client.post(f"/staff/accounts/user/{alice.pk}/change/", posted).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("user.rights", str(alice.pk), sonia.pk)
    assert entry.before == {"is_staff": False, "groups": [], "permissions": []}
    assert entry.after == {"is_staff": True, "groups": ["Support"], "permissions": ["jobs.view_job"]}


def test_a_groups_permissions_are_noted(staff_client: Client, sonia: User) -> None:
    view = Permission.objects.get(codename="view_job")
    assert staff_client.post("/staff/auth/group/add/", {"name": "Support", "permissions": [view.pk]}).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("group.rights", "Support", sonia.pk)
    assert entry.after == {"name": "Support", "permissions": ["jobs.view_job"]}


def test_staff_who_are_no_superusers_cannot_raise_themselves(looker: User, looker_client: Client) -> None:
    for codename in ("view_user", "change_user", "view_group", "change_group"):
        looker.user_permissions.add(Permission.objects.get(codename=codename))
    path = f"/staff/accounts/user/{looker.pk}/change/"
    assert looker_client.get(path).status_code == 200
    assert looker_client.post(path, {"is_active": "on", "is_superuser": "on"}).status_code == 403
    assert not User.objects.get(pk=looker.pk).is_superuser
    assert looker_client.post("/staff/auth/group/add/", {"name": "Mine"}).status_code == 403


def test_makers_are_not_staff(alice_client: Client) -> None:
    assert alice_client.get("/staff/accounts/user/").status_code == 302
    assert alice_client.get("/staff/accounts/user/", follow=True).status_code == 403


def test_the_door_is_everyones(catalog: None, staff_client: Client) -> None:
    answer = Client().get("/staff/login/?next=/staff/models/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=%2Fstaff%2Fmodels%2F")
    assert (
        Client().post("/staff/login/", {"username": "sonia@easel.example", "password": "a long password"}).status_code
        == 302
    )
    assert staff_client.get("/staff/login/").headers["Location"] == "/staff/"
