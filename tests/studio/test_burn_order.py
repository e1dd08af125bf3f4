"""What is spent first: the page says the ledger's own order, which is found out here by spending everything."""

import random
from datetime import timedelta
from typing import Final

import pytest
from django.utils import timezone

from apps.ledger.kinds import BURN_PRIORITY, LotKind
from apps.ledger.models import Entry, HoldPart, Lot
from apps.studio import credits as credits_page
from tests.ledger.calls import faults, grant, place, settle
from tests.studio.conftest import Studio

_EXPIRIES: Final = (None, timedelta(days=1), timedelta(days=1), timedelta(days=1, microseconds=1), timedelta(days=9))


@pytest.mark.parametrize("seed", range(3))
def test_the_page_shows_the_order_that_credits_are_spent_in(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Lots of every kind come in at random, with ties of expiry, down to the microsecond."""
    monkeypatch.setattr(credits_page, "LOTS_SHOWN", 100)
    now, workspace = timezone.now(), studio.workspace
    wanted = [(kind, expiry) for kind in LotKind for expiry in _EXPIRIES]
    random.Random(seed).shuffle(wanted)
    for number, (kind, expiry) in enumerate(wanted):
        grant(workspace, 1000 + number, kind=kind, expires_at=now + expiry if expiry else None, now=now)
    shown = [row.left_mc for row in credits_page._lots(workspace, now)]
    assert len(shown) == len(wanted) + 1  # and what acme has

    hold = place(workspace, sum(shown), now=now)
    parts = HoldPart.objects.filter(hold=hold).order_by("ordinal")
    assert list(parts.values_list("amount_mc", flat=True)) == shown
    settle(hold, sum(shown), now=now)
    captured = Entry.objects.filter(hold=hold, src="held", dst="spent").order_by("seq")
    assert list(captured.values_list("amount_mc", flat=True)) == shown
    lots = {lot.pk: lot for lot in Lot.objects.for_workspace(workspace)}
    spent = [lots[lot_id] for lot_id in captured.values_list("lot_id", flat=True)]
    assert spent == sorted(
        spent, key=lambda lot: (lot.priority, lot.expires_at or now + timedelta(days=999), str(lot.pk))
    )
    assert {lot.kind: lot.priority for lot in spent} == {kind.value: place for kind, place in BURN_PRIORITY.items()}
    assert faults(now) == []
