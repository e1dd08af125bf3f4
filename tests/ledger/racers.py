"""Processes that race each other at the ledger: a stable that forks them, and what they can be told to do.

The stable sets Django up once, then reads a request a line and answers with a line. It holds no connection of its own,
so each process it forks opens one: they meet in the database and nowhere else.
"""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import OperationalError, connection

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.ledger import posting, seams
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Budget, Hold, LotKind
from apps.ledger.operations import Conflict
from tests.builders import NOW

Message = dict[str, Any]  # JSON values

_START: Final = "import django; django.setup(); from {module} import serve; serve()"
_FORK: Final = multiprocessing.get_context("fork")
_PATIENCE_SECONDS: Final = 30
_STORM_WORKERS: Final = 4
_KILL_EVERY_SECONDS: Final = 0.05


class Stable:
    """The way to the racers, from a test. ``module`` says by its ``serve`` what they can be told to do."""

    def __init__(self, module: str = __name__) -> None:
        start = _START.format(module=module)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", start, str(connection.settings_dict["NAME"])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def race(self, calls: list[Message], *, is_locking: bool = True) -> list[Message]:
        """Make every call in a process of its own, all at once; the answers come in the order of the calls.

        A call is ``{name, …arguments}``; an answer is ``{result}``, or ``{refused}`` with the code of a refusal.
        """
        answers: list[Message] = self._ask({"do": "race", "calls": calls, "is_locking": is_locking})
        return answers

    def crash(self, call: Message, *, step: str = "", nth: int = 1, seconds: float | None = None) -> int:
        """Make a call in a process that is killed when it comes to a step, or after so many seconds, wherever it is.

        Returns how the process ended.
        """
        status: int = self._ask({"do": "crash", "call": call, "step": step, "nth": nth, "seconds": seconds})
        return status

    def storm(self, workspace: Workspace, *, seconds: float) -> int:
        """Let four processes hold and settle while one after the other is killed; return the number of kills."""
        kills: int = self._ask({"do": "storm", "workspace": str(workspace.pk), "seconds": seconds})
        return kills

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def _ask(self, request: Message) -> Any:  # JSON values
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request, default=str) + "\n")
        return json.loads(self._process.stdout.readline())


def open_wallet(*, workspace: str) -> object:
    return str(posting.open_wallet(workspace=_workspace(workspace), now=NOW).pk)


def grant(*, workspace: str, amount: int, key: str) -> object:
    lot = posting.grant(
        workspace=_workspace(workspace), kind=LotKind.PROMO, amount_mc=Millicredits(amount), key=key, now=NOW
    )
    return str(lot.pk)


def hold(*, workspace: str, job: str, amount: int, member: str | None = None) -> object:
    placed = posting.place_hold(
        workspace=_workspace(workspace),
        job_id=UUID(job),
        spender=posting.Spender(UUID(member) if member else None, None, None),
        amount_mc=Millicredits(amount),
        quote={},
        deadline_at=NOW + timedelta(hours=1),
        now=NOW,
    )
    return str(placed.pk)


def holds(*, workspace: str, jobs: list[str], amount: int) -> object:
    return [hold(workspace=workspace, job=job, amount=amount) for job in jobs]


def settle(*, hold: str, actual: int) -> object:
    settlement = posting.settle(hold=Hold.objects.get(pk=hold), actual_mc=Millicredits(actual), now=NOW)
    return [settlement.charged_mc, settlement.released_mc]


def uncapture(*, hold: str, amount: int) -> object:
    hold_ = Hold.objects.get(pk=hold)
    given = posting.uncapture(hold=hold_, amount_mc=Millicredits(amount), reason="race", actor_id=None, now=NOW)
    return [given.amount_mc, given.compensated_mc]


def expire(*, at: str) -> object:
    return posting.expire_due(now=datetime.fromisoformat(at))


def budget(*, workspace: str, member: str, limit: int) -> object:
    made = posting.set_budget(
        workspace=_workspace(workspace),
        subject_kind=Budget.Subject.MEMBER,
        subject_id=UUID(member),
        limit_mc=Millicredits(limit),
        period=Budget.Period.LIFETIME,
        actor_id=None,
        now=NOW,
    ).budget
    return str(made.pk)


def alert(*, workspace: str, line: int) -> object:
    line_mc = Millicredits(line)
    return posting.set_low_balance(workspace=_workspace(workspace), line_mc=line_mc, actor_id=None, now=NOW).seq


CALLS: Final[dict[str, Callable[..., object]]] = {
    function.__name__: function
    for function in (open_wallet, grant, hold, holds, settle, uncapture, expire, budget, alert)
}


def serve() -> None:
    """Answer requests until there are no more. The database's name is the last argument."""
    database: dict[str, Any] = settings.DATABASES["default"]  # Django's own shape
    database["NAME"] = sys.argv[-1]
    database["OPTIONS"].pop("pool", None)  # a racer needs one connection, not a pool and its threads
    what: dict[str, Callable[..., object]] = {"race": _race, "crash": _crash, "storm": _storm}
    for line in sys.stdin:
        request = json.loads(line)
        answer = what[request.pop("do")](**request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _race(calls: list[Message], is_locking: bool) -> list[Message]:
    start = _FORK.Barrier(len(calls))
    answers = _FORK.SimpleQueue()

    def run(number: int) -> None:
        answer: Message = {"refused": "it died"}
        try:
            with nullcontext() if is_locking else seams.without_lock():
                _connect()
                start.wait(timeout=_PATIENCE_SECONDS)
                answer = _answer(calls[number])
        finally:  # a racer that ends without an answer would leave the others waiting
            answers.put((number, answer))
            if sys.exc_info()[0]:
                traceback.print_exc()
            os._exit(0)

    racers = [_FORK.Process(target=run, args=(number,)) for number in range(len(calls))]
    for racer in racers:
        racer.start()
    collected = dict(answers.get() for _ in racers)
    for racer in racers:
        racer.join()
    return [collected[number] for number in range(len(calls))]


def _connect() -> None:
    """Connect, if need be when others of the machine have left the server room."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)


def _answer(call: Message) -> Message:
    arguments = dict(call)
    function = CALLS[arguments.pop("name")]
    try:
        return {"result": function(**arguments)}
    except DomainError as refusal:
        return {"refused": refusal.code}
    except (Conflict, OperationalError) as collision:
        return {"refused": f"collision: {collision}"}


def _crash(call: Message, step: str, nth: int, seconds: float | None) -> int:
    seen: list[str] = []

    def die(reached: str) -> None:
        seen.append(reached)
        if seen.count(step) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        with seams.listening(die):
            _answer(call)
        os._exit(0)

    process = _FORK.Process(target=run)
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _storm(workspace: str, seconds: float) -> int:
    def work() -> None:
        random.seed(os.getpid())
        mine: list[str] = []
        while True:
            if mine and random.random() < 0.5:
                _answer({"name": "settle", "hold": mine.pop(), "actual": random.randrange(60)})
            else:
                call = {"name": "hold", "workspace": workspace, "job": str(uuid4()), "amount": random.randrange(1, 50)}
                if "result" in (answer := _answer(call)):
                    mine.append(answer["result"])

    def begin() -> multiprocessing.process.BaseProcess:
        process = _FORK.Process(target=work)
        process.start()
        return process

    workers = [begin() for _ in range(_STORM_WORKERS)]
    kills, ends_at = 0, time.monotonic() + seconds
    while time.monotonic() < ends_at:
        time.sleep(_KILL_EVERY_SECONDS)
        victim = random.randrange(_STORM_WORKERS)
        workers[victim].kill()
        workers[victim].join()
        kills += 1
        workers[victim] = begin()
    for worker in workers:
        worker.kill()
        worker.join()
    return kills


def _workspace(text: str) -> Workspace:
    return Workspace.objects.get(pk=text)
