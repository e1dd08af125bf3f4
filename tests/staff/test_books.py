"""Looks at the books: by the clock and by hand, kept with what they found, shown to whoever may see them."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.billing import check_runs, dispatch
from apps.billing.models import CheckRun, Purchase, PurchaseAlert
from apps.ledger.check import Fault
from apps.ledger.models import Wallet
from apps.staff import checking, tasks
from tests.billing.stage import Stage, staged

PAGE = "/staff/books/"


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with staged() as one:
        yield one


def kept() -> list[tuple[str, int, list[dict[str, str]]]]:
    return [(run.kind, run.count, run.findings) for run in CheckRun.objects.order_by("started_at", "pk")]


def sent() -> int:
    """How many looks wait in the queue of the broker."""
    with current_app.connection_for_read() as connection:
        client = connection.default_channel.client
        return sum(dispatch.CHECK_BOOKS.encode() in row for row in client.lrange(dispatch.QUEUE, 0, -1))


def test_every_night_on_a_queue_that_is_served() -> None:
    [row] = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == dispatch.CHECK_BOOKS]
    assert row["options"]["queue"] in settings.EASEL_QUEUES
    assert tasks.check_books.name == dispatch.CHECK_BOOKS
    night = row["schedule"]
    assert (night.hour, night.minute) == ({3}, {17})


def test_sound_books_without_payments_are_one_look_without_findings(acme: Workspace) -> None:
    tasks.check_books(added_later=True)
    assert kept() == [("ledger", 0, [])]
    run = CheckRun.objects.get()
    assert run.ended_at is not None
    assert run.ended_at >= run.started_at


def test_where_payments_are_on_stripe_is_asked_too(stage: Stage) -> None:
    stage.buy()
    tasks.check_books()
    assert kept() == [("ledger", 0, []), ("stripe", 0, [])]


def test_findings_are_kept_and_raise_an_alarm(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    purchase = stage.buy()
    Purchase.objects.update(payment_intent="pi_of_nobody")
    Wallet.objects.filter(pk=stage.workspace.pk).update(available_mc=1)
    tasks.check_books()
    (ledger, ledger_count, [wrong]), (stripe, stripe_count, found) = kept()
    assert (ledger, ledger_count, wrong["invariant"], wrong["subject"]) == ("ledger", 1, "I2", str(stage.workspace.pk))
    assert (stripe, stripe_count) == ("stripe", len(found))
    assert {
        "invariant": "lot-without-payment",
        "subject": purchase.public_id,
        "detail": "Stripe does not know pi_of_nobody",
    } in found
    alarms = [record for record in caplog.records if record.levelname == "ERROR" and "books_do_not" in str(record.msg)]
    assert len(alarms) == 2


def test_what_one_look_put_right_the_next_does_not_find(stage: Stage) -> None:
    stage.fake.advance(-1200)  # it is bought and paid twenty minutes ago
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    tasks.check_books()
    tasks.check_books()
    assert [(kind, count) for kind, count, _ in kept()] == [("ledger", 0), ("stripe", 1), ("ledger", 0), ("stripe", 0)]
    assert stage.fresh(purchase).status == "paid"


def test_a_look_that_stripe_did_not_let_end_has_found_that(stage: Stage) -> None:
    stage.fail("reset", method="GET", times=1000)
    tasks.check_books()
    [*_, (kind, count, [finding])] = kept()
    assert (kind, count, finding["invariant"]) == ("stripe", 1, "not-finished")


def test_what_is_paid_while_the_books_are_looked_at_is_no_finding(transactional_db: None) -> None:
    """All is as of one moment: not lots from before a payment beside purchases from after it."""
    with staged() as stage:
        purchase = stage.start().purchase
        stage.fake.play.pay(stage.page_of(purchase))
        paid: list[str] = []

        def pay() -> None:
            try:
                paid.append(stage.sync(purchase).status)
            finally:
                connection.close()
                stage.gateway.close()

        def between(execute: Any, statement: str, *more: Any) -> Any:  # Django's own hook
            if 'FROM "billing_purchase"' in statement and not paid:
                thread = threading.Thread(target=pay)
                thread.start()
                thread.join()
            return execute(statement, *more)

        with connection.execute_wrapper(between):
            assert checking.find_faults(now=stage.now) == []
        assert paid == ["paid"]
        assert checking.find_faults(now=stage.now) == []


def look(faults: int, *, at: datetime) -> CheckRun | None:
    rows = [Fault("I1", str(number), "wrong") for number in range(faults)]
    return check_runs.carry_out(CheckRun.Kind.LEDGER, lambda: rows, clock=lambda: at)


def test_no_more_than_some_findings_are_kept_and_all_are_counted(db: None) -> None:
    look(check_runs.MOST_KEPT + 1, at=timezone.now())
    [(_, count, findings)] = kept()
    assert (count, len(findings)) == (check_runs.MOST_KEPT + 1, check_runs.MOST_KEPT)


def test_one_look_at_a_time_until_it_has_died(db: None) -> None:
    now = timezone.now()
    CheckRun.objects.create(kind=CheckRun.Kind.LEDGER, started_at=now)
    assert look(0, at=now + timedelta(minutes=59)) is None
    assert check_runs.carry_out(CheckRun.Kind.STRIPE, list, clock=lambda: now) is not None
    assert look(0, at=now + timedelta(minutes=61)) is not None
    assert CheckRun.objects.count() == 3


def test_the_page_shows_what_was_found(staff_client: Client, acme: Workspace) -> None:
    assert "Nobody has looked at the books yet." in staff_client.get(PAGE).content.decode()
    now = timezone.now()
    look(check_runs.MOST_KEPT + 7, at=now - timedelta(minutes=1))
    CheckRun.objects.create(kind=CheckRun.Kind.STRIPE, started_at=now - timedelta(hours=2))
    shown = staff_client.get(PAGE).content.decode()
    for text in ("207 findings", "and 7 more", "<strong>I1</strong>", "Did not end", "Payments are off", "Look now"):
        assert text in shown, text
    look(0, at=now)
    assert "Adds up" in staff_client.get(PAGE).content.decode()


def test_the_page_stays_within_its_queries(
    staff_client: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(12):
        look(3, at=timezone.now() - timedelta(minutes=number))
    with django_assert_max_num_queries(7):
        assert staff_client.get(PAGE).status_code == 200


def test_a_look_by_hand_is_sent_once_and_noted(staff_client: Client, sonia: User) -> None:
    before = sent()
    answer = staff_client.post(PAGE, follow=True)
    assert "A worker looks at the books now." in answer.content.decode()
    assert sent() == before + 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("books.check", "books", sonia.pk)
    assert CheckRun.objects.count() == 0  # it is the worker's to make
    CheckRun.objects.create(kind=CheckRun.Kind.LEDGER, started_at=timezone.now())
    answer = staff_client.post(PAGE, follow=True)
    assert "being looked at already" in answer.content.decode()
    assert (sent(), AuditEntry.objects.count()) == (before + 1, 1)


def test_an_alert_stands_until_it_is_cleared(
    stage: Stage, staff_client: Client, sonia: User, looker: User, looker_client: Client
) -> None:
    purchase = stage.start().purchase
    stage.fake.play.pay(stage.page_of(purchase))
    Purchase.objects.update(currency="eur")
    stage.deliver()
    shown = staff_client.get(PAGE).content.decode()
    for text in ("Purchases to look at", purchase.public_id, "Buyers", "paid in usd, asked for eur", ">Clear<"):
        assert text in shown, text
    alerts = list(PurchaseAlert.objects.order_by("pk"))
    looker.user_permissions.add(Permission.objects.get(codename="view_checkrun"))
    assert ">Clear<" not in looker_client.get(PAGE).content.decode()
    assert looker_client.post(PAGE, {"clear": str(alerts[0].pk)}).status_code == 403
    for alert in alerts:
        assert "Cleared." in staff_client.post(PAGE, {"clear": str(alert.pk)}, follow=True).content.decode()
    again = staff_client.post(PAGE, {"clear": str(alerts[0].pk)}, follow=True).content.decode()
    assert "Somebody has cleared this already." in again
    assert "Purchases to look at" not in again
    assert set(AuditEntry.objects.values_list("action", "actor_id")) == {("purchase.clear_alert", sonia.pk)}
    assert AuditEntry.objects.count() == len(alerts)
    for wrong in ("", "x", "1"):
        assert staff_client.post(PAGE, {"clear": wrong}).status_code == 404


def test_a_review_ends_by_a_person(stage: Stage, staff_client: Client, sonia: User) -> None:
    purchase = stage.buy()
    stage.fake.play.fraud_warning(stage.payment_of(purchase))
    stage.deliver()
    assert Wallet.objects.get(pk=stage.workspace.pk).frozen_mc == 1_000_000
    shown = staff_client.get(PAGE).content.decode()
    assert "a warning of fraud: under review" in shown
    assert (">End the review<" in shown, ">Clear<" in shown) == (True, False)
    alert = PurchaseAlert.objects.get()
    stage.fail("reset", method="GET", times=9)
    told = staff_client.post(PAGE, {"thaw": str(alert.pk)}, follow=True).content.decode()
    assert "the credits follow when Stripe can be asked" in told
    stage.fake.faults.clear()
    again = staff_client.post(PAGE, {"thaw": str(alert.pk)}, follow=True).content.decode()
    assert "can be spent again" in again
    assert "Purchases to look at" not in again
    wallet = Wallet.objects.get(pk=stage.workspace.pk)
    assert (wallet.available_mc, wallet.frozen_mc) == (1_000_000, 0)
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", "actor_id"))
    assert actions == [("purchase.end_review", sonia.pk), ("purchase.clear_alert", sonia.pk)]
    for wrong in ("", "x", "00000000-0000-0000-0000-000000000001"):
        assert staff_client.post(PAGE, {"thaw": wrong}).status_code == 404


def test_who_may_look_may_not_ask_and_others_see_nothing(looker: User, looker_client: Client) -> None:
    assert looker_client.get(PAGE).status_code == 403
    assert PAGE not in looker_client.get("/staff/").content.decode()
    looker.user_permissions.add(Permission.objects.get(codename="view_checkrun"))
    shown = looker_client.get(PAGE)
    assert shown.status_code == 200
    assert "Look now" not in shown.content.decode()
    before = sent()
    assert looker_client.post(PAGE).status_code == 403
    assert (sent(), AuditEntry.objects.count()) == (before, 0)
