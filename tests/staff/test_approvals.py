"""Much is given by two people: asked for on one page, decided on another, by whoever may and never by oneself."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing.models import GrantRequest
from apps.ids import to_public, uuid7
from apps.ledger.balances import read_available
from apps.ledger.check import check_books
from apps.mail.models import Letter
from tests.billing.gifts import build_staff, give

PAGE = "/staff/approvals/"


def asked(credits: str = "20000", **fields: str) -> dict[str, str]:
    form = {"action": "grant", "form_key": str(uuid4()), "amount": credits, "kind": "promo", "reason": "a big day"}
    return {**form, **fields}


def decide(client: Client, request: GrantRequest, action: str, **fields: str) -> int:
    return client.post(f"{PAGE}{request.public_id}/", {"action": action, **fields}).status_code


def available(workspace: Workspace) -> int:
    return read_available(workspace=workspace, now=timezone.now())


@pytest.fixture
def sol(db: None) -> User:
    """A second person with every right."""
    return build_staff("sol@easel.example")


@pytest.fixture
def sol_client(sol: User) -> Client:
    client = Client()
    client.force_login(sol)
    return client


@pytest.fixture
def request_of_sonia(staff_client: Client, acme: Workspace) -> GrantRequest:
    answer = staff_client.post(f"/staff/workspaces/{acme.pk}/", asked(), follow=True)
    assert "Nothing is given yet: beyond 10,000 credits" in answer.content.decode()
    return GrantRequest.objects.select_related("workspace").get()


def test_much_is_asked_for_shown_and_approved_by_another(
    staff_client: Client, sol_client: Client, sol: User, acme: Workspace, request_of_sonia: GrantRequest
) -> None:
    assert available(acme) == 1_000_000
    for client in (staff_client, sol_client):
        for path in (PAGE, f"/staff/workspaces/{acme.pk}/"):
            page = client.get(path).content.decode()
            assert "a big day" in page
            assert 'aria-label="1 waiting"' in page
            assert ('value="approve"' in page) is (client is sol_client)
            assert ('value="withdraw"' in page) is (client is staff_client)
    assert decide(staff_client, request_of_sonia, "approve") == 302
    assert "You asked for this yourself." in staff_client.get(PAGE).content.decode()
    assert available(acme) == 1_000_000
    for _ in range(2):
        assert decide(sol_client, request_of_sonia, "approve") == 302
    assert available(acme) == 21_000_000
    page = sol_client.get(PAGE).content.decode()
    assert "Nothing waits for a second person." in page
    assert "waiting" not in page.split('aria-label="Pages of staff"')[1].split("</nav>")[0]
    assert "approved" in page
    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor_id")
    assert list(entries) == [("grant.ask", request_of_sonia.asked_by_id), ("grant.approve", sol.pk)]
    assert list(check_books(now=timezone.now())) == []


def test_it_is_declined_with_a_reason_or_withdrawn_by_who_asked(
    staff_client: Client, sol_client: Client, acme: Workspace, request_of_sonia: GrantRequest
) -> None:
    assert decide(sol_client, request_of_sonia, "decline") == 302
    assert "Say why" in sol_client.get(PAGE).content.decode()
    assert decide(sol_client, request_of_sonia, "decline", reason="ask for less") == 302
    assert "Declined: ask for less" in staff_client.get(PAGE).content.decode()
    staff_client.post(f"/staff/workspaces/{acme.pk}/", asked("30000"))
    second = GrantRequest.objects.latest("pk")
    assert decide(sol_client, second, "withdraw") == 302
    assert GrantRequest.objects.get(pk=second.pk).state == "waiting"
    assert decide(staff_client, second, "withdraw") == 302
    assert GrantRequest.objects.get(pk=second.pk).state == "withdrawn"
    assert available(acme) == 1_000_000


def test_who_lacks_the_permission_sees_and_decides_nothing(
    looker: User, looker_client: Client, acme: Workspace, request_of_sonia: GrantRequest
) -> None:
    assert looker_client.get(PAGE).status_code == 403
    assert PAGE not in looker_client.get("/staff/").content.decode()
    for action in ("approve", "decline", "withdraw"):
        assert decide(looker_client, request_of_sonia, action, reason="no") == 403
    looker.user_permissions.add(Permission.objects.get(codename="add_promobatch"))
    assert "You may not decide about this one." in looker_client.get(PAGE).content.decode()
    assert decide(looker_client, request_of_sonia, "approve") == 403
    looker.user_permissions.add(Permission.objects.get(codename="add_lot"))
    assert decide(looker_client, request_of_sonia, "approve") == 302
    assert available(acme) == 21_000_000


def test_what_is_no_request_is_not_found(staff_client: Client, request_of_sonia: GrantRequest) -> None:
    for name in ("x", to_public("grant", uuid7()), to_public("job", request_of_sonia.pk)):
        assert staff_client.post(f"{PAGE}{name}/", {"action": "approve"}).status_code == 404
    assert decide(staff_client, request_of_sonia, "give") == 404
    assert decide(staff_client, request_of_sonia, "") == 404


def test_everyone_who_may_approve_gets_one_letter(
    looker: User, sol: User, staff_client: Client, acme: Workspace, request_of_sonia: GrantRequest
) -> None:
    letter = Letter.objects.get()  # not to sonia, who asked, nor to the looker, who may not
    assert (letter.to, letter.subject) == (sol.email, "20,000 cr for Acme wait for you")
    assert "sonia@easel.example wants to give" in letter.text
    assert "/staff/approvals/" in letter.text
    group = Group.objects.create(name="Support")
    group.permissions.add(Permission.objects.get(codename="add_lot"))
    looker.groups.add(group)
    sol.is_active = False
    sol.save(update_fields=["is_active"])
    form = asked("30000")
    for _ in range(2):
        staff_client.post(f"/staff/workspaces/{acme.pk}/", form)
    assert [one.to for one in Letter.objects.order_by("pk")] == [letter.to, looker.email]


def test_the_page_stays_within_its_queries(
    staff_client: Client, sol: User, acme: Workspace, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(12):
        give(acme, sol, 20_000 + number, now=timezone.now())
    with django_assert_max_num_queries(8):
        assert staff_client.get(PAGE).content.count(b'value="approve"') == 12
