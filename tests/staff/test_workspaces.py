"""Workspaces and jobs as staff see them; credits given and corrected once, with a reason, by a person."""

from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.jobs.preparation import JobRequest
from apps.jobs.submission import submit
from apps.ledger.balances import read_available
from apps.ledger.check import check_books
from apps.ledger.models import Entry, Lot, Operation
from tests.builders import build_actor

KEY = str(UUID(int=7))


def gift(**fields: str) -> dict[str, str]:
    return {"action": "grant", "form_key": KEY, "amount": "25.5", "kind": "promo", "reason": "a broken run", **fields}


def correction(**fields: str) -> dict[str, str]:
    return {"action": "adjust", "form_key": KEY, "amount": "-100", "reason": "granted twice", **fields}


def path(workspace: Workspace) -> str:
    return f"/staff/workspaces/{workspace.pk}/"


def available(workspace: Workspace) -> int:
    return read_available(workspace=workspace, now=timezone.now())


def test_a_gift_that_is_sent_twice_is_given_once(staff_client: Client, sonia: User, acme: Workspace) -> None:
    for _ in range(2):
        assert staff_client.post(path(acme), gift()).status_code == 302
    assert available(acme) == 1_025_500
    lot = Lot.objects.for_workspace(acme).latest("pk")
    assert (lot.kind, lot.granted_mc, lot.expires_at) == ("promo", 25_500, None)
    operation = Operation.objects.for_workspace(acme).latest("pk")
    assert (operation.actor_id, operation.reason) == (sonia.pk, "a broken run")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.workspace_id, entry.actor_id) == (
        "credits.grant",
        acme.public_id,
        acme.pk,
        sonia.pk,
    )
    assert (entry.after["credits"], entry.after["reason"]) == (25.5, "a broken run")
    page = staff_client.get(path(acme)).content.decode()
    assert "sonia@easel.example" in page
    assert "a broken run" in page
    assert list(check_books(now=timezone.now())) == []


def test_the_same_form_with_another_amount_is_refused(staff_client: Client, acme: Workspace) -> None:
    assert staff_client.post(path(acme), gift()).status_code == 302
    assert staff_client.post(path(acme), gift(amount="26")).status_code == 422
    assert available(acme) == 1_025_500
    assert AuditEntry.objects.count() == 1


def test_a_correction_takes_unused_credits_and_no_more(staff_client: Client, sonia: User, acme: Workspace) -> None:
    assert staff_client.post(path(acme), correction()).status_code == 302
    assert available(acme) == 900_000
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.after["credits"]) == ("credits.adjust", sonia.pk, -100)
    page = staff_client.post(path(acme), correction(form_key=str(uuid4()), amount="-5000"))
    assert page.status_code == 422
    assert 'value="-5000"' in page.content.decode()
    assert available(acme) == 900_000
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": ""},
        {"amount": "0"},
        {"amount": "-5"},
        {"amount": "1.2345"},
        {"amount": "1000000.001"},
        {"amount": "many"},
        {"reason": ""},
        {"reason": " "},
        {"reason": "x" * 201},
        {"kind": "purchase"},
        {"kind": ""},
        {"expires_on": "2020-01-01"},
        {"expires_on": "soon"},
        {"expires_on": "2026-13-45"},
        {"form_key": "x"},
    ],
)
def test_a_wrong_gift_gives_nothing(wrong: dict[str, str], staff_client: Client, acme: Workspace) -> None:
    page = staff_client.post(path(acme), gift(**wrong))
    assert page.status_code == 422
    assert 'class="err"' in page.content.decode()
    assert available(acme) == 1_000_000
    assert AuditEntry.objects.count() == 0


def test_who_may_look_gives_nothing(looker: User, looker_client: Client, acme: Workspace) -> None:
    looker.user_permissions.add(Permission.objects.get(codename="view_workspace"))
    page = looker_client.get(path(acme))
    assert page.status_code == 200
    assert b"Give credits" not in page.content
    assert looker_client.post(path(acme), gift()).status_code == 403
    looker.user_permissions.add(Permission.objects.get(codename="add_lot"))
    assert looker_client.post(path(acme), gift()).status_code == 302
    assert available(acme) == 1_025_500


def test_a_workspace_is_found_by_name_id_and_member(
    staff_client: Client, acme: Workspace, elsewhere: Workspace
) -> None:
    for words in ("acm", acme.public_id, str(acme.pk), "alice@"):
        page = staff_client.get("/staff/workspaces/", {"q": words}).content.decode()
        assert acme.public_id in page, words
        assert elsewhere.public_id not in page, words
    assert "No workspace fits" in staff_client.get("/staff/workspaces/", {"q": "nobody"}).content.decode()


def test_the_ledger_is_paged_from_the_newest(staff_client: Client, acme: Workspace) -> None:
    for number in range(60):
        staff_client.post(path(acme), gift(form_key=str(UUID(int=number)), reason=f"reason {number} of many"))
    first = staff_client.get(path(acme)).content.decode()
    assert "reason 59 of many" in first
    assert "reason 9 of many" not in first
    following = first.partition('rel="next" href="?before=')[2].partition("#")[0]
    second = staff_client.get(path(acme), {"before": following}).content.decode()
    assert "reason 9 of many" in second
    assert "reason 59 of many" not in second


def test_jobs_are_listed_filtered_and_shown_with_their_timeline(
    catalog: None, staff_client: Client, acme: Workspace, alice: User
) -> None:
    actor = build_actor(acme, alice)
    request = JobRequest(inputs={"prompt": "a red kite"}, is_mock=True)
    job = submit(actor=actor, ai_model_id="flux_schnell", request=request, key=None, now=timezone.now()).job
    for query in ({}, {"mock": "yes"}, {"model": "flux_schnell"}, {"state": job.state}, {"workspace": acme.public_id}):
        assert job.public_id in staff_client.get("/staff/all-jobs/", query).content.decode(), query
    for query in (
        {"mock": "no"},
        {"model": "flux_pro"},
        {"state": "failed"},
        {"workspace": "nobody"},
        {"adapter": "fal"},
    ):
        assert job.public_id not in staff_client.get("/staff/all-jobs/", query).content.decode(), query
    page = staff_client.get(f"/staff/all-jobs/{job.public_id}/").content.decode()
    assert "new → queued" in page
    assert "a red kite" in page
    assert "alice@acme.example" in page
    assert staff_client.post(f"/staff/all-jobs/{job.public_id}/").status_code == 405


def test_the_log_is_filtered_by_action_person_and_subject(staff_client: Client, acme: Workspace) -> None:
    staff_client.post(path(acme), gift())
    staff_client.post(path(acme), correction(form_key=str(uuid4())))
    for query, is_there in (
        ({"action": "credits.grant"}, True),
        ({"action": "credits.adjust"}, False),
        ({"person": "sonia"}, True),
        ({"person": "alice"}, False),
        ({"subject": acme.public_id}, True),
        ({"subject": "flux"}, False),
        ({"before": "nonsense"}, True),
    ):
        assert ("a broken run" in staff_client.get("/staff/audit/", query).content.decode()) is is_there, query
    assert Entry.objects.count() == 3
