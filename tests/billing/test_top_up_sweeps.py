"""Who finds that a workspace is low: the sweep, and what the ledger notices."""

from apps.billing import notices, tasks, top_up
from apps.ledger.models import Notice, Wallet
from tests.billing.saver import Saver
from tests.ledger.calls import totals


def test_the_sweep_finds_who_is_low(saver: Saver) -> None:
    stage = saver.stage
    saver.turn_on()
    assert top_up.sweep_top_ups(now=stage.now) == 0
    saver.spend_below()
    assert top_up.sweep_top_ups(now=stage.now) == 1
    tasks.buy_what_is_low(workspace_id=str(stage.workspace.pk), added_later=True)
    assert (saver.statuses, totals(stage.workspace)) == (["succeeded"], (1_200_000, 0, 0, 0))
    tasks.sweep_top_ups()
    assert top_up.sweep_top_ups(now=stage.now) == 0


def test_the_ledger_notices_who_is_low(saver: Saver) -> None:
    """What it notices is handed to a worker, once; and once it is off, nothing is noticed any more."""
    stage = saver.stage
    saver.turn_on()
    assert notices.handle_due(now=stage.now) == 0
    saver.spend_below()
    assert Notice.objects.get(handled_at=None).kind == Notice.Kind.REFILL
    assert (notices.handle_due(now=stage.now), notices.handle_due(now=stage.now)) == (1, 0)
    saver.consider()
    assert totals(stage.workspace) == (1_200_000, 0, 0, 0)
    top_up.turn_off(actor=stage.actor, now=stage.now)
    stage.spend(1_200_000)
    assert not Notice.objects.filter(handled_at=None, kind=Notice.Kind.REFILL).exists()
    assert Wallet.objects.for_workspace(stage.workspace).get().refill_mc is None
