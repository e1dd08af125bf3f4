"""Codes as staff make, count, hand out and withdraw them; who may do which; what a wrong form says."""

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing import promotions
from apps.billing.models import PromoBatch
from tests.billing.gifts import build_batch, texts_of
from tests.builders import build_actor

PAGE = "/staff/promotions/"


def form(**fields: str) -> dict[str, str]:
    return {
        "form_key": str(UUID(int=7)),
        "name": "Launch gift",
        "credits": "50",
        "code_count": "20",
        "uses_per_code": "1",
        "valid_from": "2026-01-01T08:00",
        "valid_until": "",
        "credits_days": "30",
        "credits_expire_on": "",
        "note": "for the launch",
        **fields,
    }


def allow(person: User, *codenames: str) -> None:
    person.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def test_codes_are_made_once_shown_and_downloaded(
    staff_client: Client, sonia: User, acme: Workspace, alice: User
) -> None:
    assert "No codes were made yet." in staff_client.get(PAGE).content.decode()
    assert 'value="100"' in staff_client.get(f"{PAGE}new/").content.decode()
    for _ in range(2):
        answer = staff_client.post(f"{PAGE}new/", form())
        batch = PromoBatch.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}{batch.pk}/")
    assert (batch.code_count, batch.credits_mc, batch.credits_days) == (20, 50_000, 30)
    promotions.redeem(actor=build_actor(acme, alice), text=texts_of(batch)[0], now=timezone.now())
    listed = staff_client.get(PAGE).content.decode()
    assert "Launch gift" in listed
    assert '<td class="num">1</td><td class="num">19</td><td class="num">50 cr</td>' in listed
    shown = staff_client.get(f"{PAGE}{batch.pk}/").content.decode()
    for words in ("alice@acme.example", "of 20", "expire 30 days after they are claimed", "sonia@easel.example"):
        assert words in shown, words
    assert not any(text in shown for text in texts_of(batch))
    answer = staff_client.post(f"{PAGE}{batch.pk}/codes/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    head, *rows = csv.reader(answer.content.decode().splitlines())
    assert (head, len(rows)) == (["code", "uses_left"], 19)
    assert [row[0].replace("-", "") for row in rows] == texts_of(batch)[1:]
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", "actor_id"))
    assert actions == [("promotion.make", sonia.pk), ("promotion.hand_out", sonia.pk)]


def test_withdrawing_ends_them(staff_client: Client, sonia: User) -> None:
    batch = build_batch(sonia)
    for said in ("Withdrawn: its codes are unknown from now on.", "It was already."):
        answer = staff_client.post(f"{PAGE}{batch.pk}/withdraw/", follow=True)
        assert said in answer.content.decode()
    assert "Download those unused" not in answer.content.decode()
    assert AuditEntry.objects.filter(action="promotion.withdraw").count() == 1


def test_a_promotion_worth_much_waits(staff_client: Client) -> None:
    answer = staff_client.post(f"{PAGE}new/", form(credits="501"), follow=True)
    page = answer.content.decode()
    assert "Another person has to approve it before its codes are good." in page
    assert "Download those unused" not in page
    batch = PromoBatch.objects.get()
    for what in ("codes", "withdraw"):
        refused = staff_client.post(f"{PAGE}{batch.pk}/{what}/", follow=True).content.decode()
        assert "This batch waits for a second person." in refused
    assert batch.withdrawn_at is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"credits": "many"}, "credits"),
        ({"credits": "-5"}, "credits"),
        ({"code_count": "ten"}, "code_count"),
        ({"code_count": "99999999999"}, "code_count"),
        ({"code_count": "²"}, "code_count"),
        ({"uses_per_code": ""}, "uses_per_code"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_from": ""}, "valid_from"),
        ({"valid_until": "2026-13-45"}, "valid_until"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"credits_days": "1.5"}, "credits_days"),
        ({"credits_expire_on": "2099-01-01"}, "credits_expire_on"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_a_wrong_form_says_so_beside_the_field_and_makes_nothing(
    wrong: dict[str, str], field: str, staff_client: Client
) -> None:
    answer = staff_client.post(f"{PAGE}new/", form(**wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count(' id="e-') == 1
    assert f'id="e-{field}"' in page
    assert PromoBatch.objects.count() == 0


def test_a_form_of_nobodys_is_refused(staff_client: Client) -> None:
    answer = staff_client.post(f"{PAGE}new/", {})
    assert answer.status_code == 422
    assert "This form is not one of ours." in answer.content.decode()
    assert staff_client.post(f"{PAGE}new/", form()).status_code == 302
    assert "sent before with other values" in staff_client.post(f"{PAGE}new/", form(credits="51")).content.decode()


def test_each_thing_needs_its_permission(looker: User, looker_client: Client, sonia: User) -> None:
    batch = build_batch(sonia)
    paths = {"": 403, "new/": 403, f"{batch.pk}/": 403}
    for path, status in paths.items():
        assert looker_client.get(PAGE + path).status_code == status
    allow(looker, "view_promobatch")
    assert looker_client.get(PAGE).status_code == 200
    page = looker_client.get(f"{PAGE}{batch.pk}/").content.decode()
    assert "You may not see them." in page
    assert "Withdraw" not in page
    for path in ("new/", f"{batch.pk}/codes/", f"{batch.pk}/withdraw/"):
        assert looker_client.post(PAGE + path, form()).status_code == 403, path
    allow(looker, "view_promocode", "change_promobatch", "add_promobatch")
    assert looker_client.post(f"{PAGE}{batch.pk}/codes/").status_code == 200
    assert looker_client.post(f"{PAGE}{batch.pk}/withdraw/").status_code == 302
    assert looker_client.post(f"{PAGE}new/", form()).status_code == 302


def test_how_each_batch_stands_is_told(staff_client: Client, sonia: User, acme: Workspace, alice: User) -> None:
    now = timezone.now()
    build_batch(sonia, name="Open one")
    build_batch(sonia, name="Later one", valid_from=now + timedelta(days=2))
    used = build_batch(sonia, name="Used one", code_count=1)
    promotions.redeem(actor=build_actor(acme, alice), text=texts_of(used)[0], now=now)
    began, ended = now - timedelta(days=3), now - timedelta(days=1)
    build_batch(sonia, name="Past one", valid_from=began, valid_until=ended, now=now - timedelta(days=2))
    page = staff_client.get(PAGE).content.decode()
    for name, standing in (("Open", "open"), ("Later", "to come"), ("Used", "used up"), ("Past", "ended")):
        row = page.split(f"{name} one</a>")[1].split("</tr>")[0]
        assert f'<td class="nowrap">{standing}</td>' in row, name


def test_the_list_stays_within_its_queries(
    staff_client: Client, sonia: User, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(12):
        build_batch(sonia, name=f"Number {number}", credits_mc=1000)
    with django_assert_max_num_queries(8):
        assert staff_client.get(PAGE).content.count(b"Number ") == 12
