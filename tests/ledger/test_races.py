"""Many processes at one wallet: nothing is spent twice, nothing is done twice, nobody waits for ever."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from apps.ledger.models import Budget, Entry, Hold, Lot, Operation, Wallet
from tests.builders import NOW
from tests.ledger.calls import HOUR, alert, claim, faults, grant, open_workspace, place, settle, told, totals
from tests.ledger.racers import Message, Stable

MEMBER = UUID(int=7)


def outcomes(answers: list[Message]) -> Counter[str]:
    return Counter("done" if "result" in answer else answer["refused"] for answer in answers)


def test_fifty_processes_and_a_balance_for_ten(racers: Stable) -> None:
    workspace = open_workspace()
    grant(workspace, 1000)
    calls = [{"name": "hold", "workspace": workspace.pk, "job": uuid4(), "amount": 100} for _ in range(50)]
    assert outcomes(racers.race(calls)) == {"done": 10, "insufficient_credits": 40}
    assert totals(workspace) == (0, 1000, 0, 0)
    assert Hold.objects.count() == 10
    assert faults() == []


def test_fifty_processes_and_no_lock(racers: Stable) -> None:
    """The guards and constraints behind the lock keep the books alone: some give up, none spends too much."""
    workspace = open_workspace()
    grant(workspace, 1000)
    calls = [{"name": "hold", "workspace": workspace.pk, "job": uuid4(), "amount": 100} for _ in range(50)]
    answers = racers.race(calls, is_locking=False)
    placed = Hold.objects.count()
    assert outcomes(answers)["done"] == placed <= 10
    assert totals(workspace) == (1000 - 100 * placed, 100 * placed, 0, 0)
    assert faults() == []


def test_fifteen_keys_from_sixteen_processes_are_fifteen_effects(racers: Stable) -> None:
    workspace = open_workspace()
    jobs = [uuid4() for _ in range(15)]
    grant(workspace, 15_000)
    answers = racers.race([{"name": "holds", "workspace": workspace.pk, "jobs": jobs, "amount": 1000}] * 16)
    placed = {job: str(hold) for job, hold in Hold.objects.values_list("job_id", "pk")}
    assert [answer["result"] for answer in answers] == [[placed[job] for job in jobs]] * 16
    assert totals(workspace) == (0, 15_000, 0, 0)
    assert Operation.objects.filter(kind="hold").count() == 15
    other = [{"name": "hold", "workspace": workspace.pk, "job": jobs[0], "amount": 1} for _ in range(4)]
    assert outcomes(racers.race(other)) == {"idempotency_mismatch": 4}
    assert faults() == []


@pytest.mark.parametrize("is_locking", [True, False])
def test_a_settlement_from_three_sides_happens_once(racers: Stable, is_locking: bool) -> None:
    """The poller, a webhook and the sweeper, each with its own idea of the charge."""
    workspace = open_workspace()
    grant(workspace, 10_000)
    for _ in range(4):
        hold = place(workspace, 1000)
        calls = [{"name": "settle", "hold": hold.pk, "actual": actual} for actual in (1000, 700, 0)]
        answers = racers.race(calls, is_locking=is_locking)
        hold.refresh_from_db()
        assert {tuple(answer["result"]) for answer in answers} == {(hold.captured_mc, hold.released_mc)}
        assert hold.captured_mc in {1000, 700, 0}
    assert Operation.objects.filter(kind="settle").count() == 4
    assert faults() == []


def test_goodwill_from_many_sides_is_given_once(racers: Stable) -> None:
    workspace = open_workspace()
    grant(workspace, 1000)
    hold = place(workspace, 1000)
    settle(hold, 1000)
    answers = racers.race([{"name": "uncapture", "hold": hold.pk, "amount": 400} for _ in range(8)])
    assert [answer["result"] for answer in answers] == [[400, 0]] * 8
    assert totals(workspace) == (400, 0, 0, 0)


def test_the_first_calls_of_a_new_workspace_come_at_once(racers: Stable) -> None:
    """The wallet, the sign-up grant, a member's budget and a hold, from eight processes each."""
    workspace = open_workspace()
    Wallet.objects.all().delete()
    shared: Message = {"workspace": workspace.pk}
    wallets = racers.race([{"name": "open_wallet", **shared} for _ in range(8)])
    assert {answer["result"] for answer in wallets} == {str(workspace.pk)}
    calls = [{"name": "grant", "amount": 8000, "key": "grant:signup", **shared} for _ in range(8)]
    calls += [{"name": "budget", "member": MEMBER, "limit": 5000, **shared} for _ in range(8)]
    assert outcomes(racers.race(calls)) == {"done": 16}
    assert Lot.objects.count() == Budget.objects.count() == 1
    holds = [{"name": "hold", "job": uuid4(), "amount": 1000, "member": MEMBER, **shared} for _ in range(8)]
    assert outcomes(racers.race(holds)) == {"done": 5, "spend_limit_reached": 3}
    assert totals(workspace) == (3000, 5000, 0, 0)
    assert faults() == []


@pytest.mark.parametrize("is_locking", [True, False])
def test_a_budget_for_ten_lets_ten_through(racers: Stable, is_locking: bool) -> None:
    workspace = open_workspace()
    grant(workspace, 100_000)
    racers.race([{"name": "budget", "workspace": workspace.pk, "member": MEMBER, "limit": 1000}])
    calls = [
        {"name": "hold", "workspace": workspace.pk, "job": uuid4(), "amount": 100, "member": MEMBER} for _ in range(24)
    ]
    done = outcomes(racers.race(calls, is_locking=is_locking))
    assert done["done"] == Hold.objects.count()
    assert done == {"done": 10, "spend_limit_reached": 14} or (not is_locking and done["done"] <= 10)
    assert Budget.objects.get().held_mc == 100 * done["done"]
    assert faults() == []


def test_everything_at_once_keeps_the_books(racers: Stable) -> None:
    """Holds, settlements, goodwill, grants, budgets and the sweeper, over lots that expire and one that is claimed."""
    workspace = open_workspace()
    late = NOW + 2 * HOUR
    for hours in (1, 3):
        grant(workspace, 2000, expires_at=NOW + timedelta(hours=hours))
    bought = grant(workspace, 3000)
    holds = [place(workspace, 300) for _ in range(10)]
    for hold in holds[:5]:
        settle(hold, 250)
    claim(bought, freeze=100)
    shared: Message = {"workspace": workspace.pk}
    calls: list[Message] = [{"name": "uncapture", "hold": hold.pk, "amount": 100} for hold in holds[:5]]
    calls += [{"name": "settle", "hold": hold.pk, "actual": 200} for hold in holds[5:]]
    calls += [{"name": "hold", "job": uuid4(), "amount": 200, "member": MEMBER, **shared} for _ in range(6)]
    calls += [{"name": "grant", "amount": 500, "key": f"grant:{number}", **shared} for number in range(3)]
    calls += [{"name": "budget", "member": MEMBER, "limit": 700, **shared} for _ in range(2)]
    calls += [{"name": "expire", "at": late.isoformat()} for _ in range(3)]
    assert not any("collision" in outcome for outcome in outcomes(racers.race(calls)))
    assert faults(late) == []
    assert Entry.objects.count() == Wallet.objects.get().seq


def test_workers_that_are_killed_leave_the_books_whole(racers: Stable) -> None:
    """Shortened: eight seconds of what should run for sixty before a release."""
    workspace = open_workspace()
    grant(workspace, 1_000_000)
    grant(workspace, 5_000_000)
    kills = racers.storm(workspace, seconds=8)
    assert kills > 20
    assert Hold.objects.count() > 20
    assert faults() == []
    for hold in Hold.objects.filter(status=Hold.Status.OPEN):
        settle(hold, 0)
    assert totals(workspace).held == 0
    assert faults() == []


STEPS = (
    "locked",
    "wallet written",
    "holds and budgets written",
    "lots written",
    "operation written",
    "entries written",
    "committed",
)


@pytest.mark.parametrize("step", STEPS)
def test_a_process_killed_at_any_step_has_done_all_or_nothing(racers: Stable, step: str) -> None:
    workspace = open_workspace()
    grant(workspace, 1000)
    job = uuid4()
    call = {"name": "hold", "workspace": workspace.pk, "job": job, "amount": 600}
    assert racers.crash(call, step=step) == -9
    assert totals(workspace) == ((400, 600, 0, 0) if step == "committed" else (1000, 0, 0, 0))
    hold = racers.race([call])[0]["result"]  # whoever comes next finds it done, or does it
    call = {"name": "settle", "hold": hold, "actual": 500}
    assert racers.crash(call, step=step) == -9
    assert racers.race([call, call])[1] == {"result": [500, 100]}
    assert totals(workspace) == (500, 0, 0, 0)
    assert Operation.objects.count() == 3
    assert faults() == []


def test_the_suite_races_on_real_locks() -> None:
    assert "memory" not in str(connection.settings_dict["NAME"])


@pytest.mark.parametrize("is_locking", [True, False])
def test_twenty_processes_cross_a_line_once(racers: Stable, is_locking: bool) -> None:
    workspace = open_workspace()
    grant(workspace, 2000)
    alert(workspace, 1500)
    calls = [{"name": "hold", "workspace": workspace.pk, "job": uuid4(), "amount": 60} for _ in range(20)]
    done = outcomes(racers.race(calls, is_locking=is_locking))["done"]
    assert done == 20 or not is_locking
    assert told(workspace) == ([("low_balance", 1460, 1500)] if done >= 9 else [])
    assert faults() == []


def test_a_line_drawn_by_many_at_once_is_told_once(racers: Stable) -> None:
    workspace = open_workspace()
    racers.race([{"name": "alert", "workspace": workspace.pk, "line": 1500} for _ in range(8)])
    assert told(workspace) == [("low_balance", 0, 1500)]
    assert faults() == []
