"""What is cleared after its time: contents, never ids."""

from datetime import timedelta

from apps.billing import retention, tasks
from apps.billing.models import CheckRun, StripeEvent
from tests.billing.shops import written
from tests.billing.stage import Stage
from tests.ledger.calls import totals


def full() -> set[bool]:
    """Whether handled messages are ignored ones, of those with contents."""
    return set(StripeEvent.objects.filter(payload__isnull=False).values_list("is_ignored", flat=True))


def test_contents_go_after_their_time_and_ids_stay(stage: Stage) -> None:
    stage.buy()
    ids = set(StripeEvent.objects.values_list("pk", flat=True))
    assert full() == {True, False}
    assert retention.prune(now=stage.now + timedelta(days=6)) == (0, 0)
    emptied, _ = retention.prune(now=stage.now + timedelta(days=8))
    assert (emptied > 0, full()) == (True, {False})
    assert retention.prune(now=stage.now + timedelta(days=89)) == (0, 0)
    emptied, _ = retention.prune(now=stage.now + timedelta(days=91))
    assert (emptied > 0, full()) == (True, set())
    assert set(StripeEvent.objects.values_list("pk", flat=True)) == ids


def test_a_message_that_comes_again_after_that_is_still_known(stage: Stage) -> None:
    stage.buy()
    retention.prune(now=stage.now + timedelta(days=91))
    before = set(StripeEvent.objects.values_list("pk", "attempts"))
    for event in stage.fake.events():
        body = written(event)
        assert stage.receive(body, {"Stripe-Signature": stage.fake.webhooks.sign(body.decode())}) == 200
    assert set(StripeEvent.objects.values_list("pk", "attempts")) == before
    assert totals(stage.workspace) == (1_000_000, 0, 0, 0)


def test_what_has_not_been_handled_keeps_its_contents(stage: Stage) -> None:
    stage.buy()
    StripeEvent.objects.update(processed_at=None)
    assert retention.prune(now=stage.now + timedelta(days=400)) == (0, 0)


def test_old_looks_at_the_books_go(stage: Stage) -> None:
    for days in (91, 89):
        CheckRun.objects.create(kind=CheckRun.Kind.LEDGER, started_at=stage.now - timedelta(days=days))
    tasks.prune(added_later=True)
    assert CheckRun.objects.count() == 1
