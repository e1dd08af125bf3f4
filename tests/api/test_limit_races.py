"""Many programs at one limit: exactly as many jobs as it pays for, whichever limit it is."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey, User
from apps.accounts.tenancy import Workspace
from apps.billing.limit_changes import set_limit
from apps.jobs.models import Job, Submission
from apps.ledger.budgets import Subject
from apps.ledger.check import check_books
from apps.ledger.models import Budget, Hold, Operation, Wallet
from apps.ledger.periods import Period
from apps.library.models import Project
from tests import builders
from tests.api.conftest import LONG_AGO
from tests.ledger.racers import Message, Stable
from tests.stock import stock_catalog

PRICE = 12_000  # of one picture of flux_pro
MEMBER, KEY, PROJECT = Budget.Subject


@pytest.fixture(scope="module")
def stable(django_db_setup: None) -> Iterator[Stable]:
    one = Stable("tests.api.racers")
    yield one
    one.close()


@pytest.fixture
def racers(transactional_db: None, stable: Stable) -> Stable:
    stock_catalog(now=LONG_AGO)
    return stable


def call(key: str, project: str = "Posters", **headers: str) -> Message:
    body = json.dumps({"prompt": "a red kite", "project": project})
    return {"name": "post", "path": "/v1/jobs/flux_pro", "key": key, "body": body, "headers": headers}


def outcomes(answers: list[Message]) -> Counter[str]:
    return Counter(" ".join(str(part) for part in answer["result"] if part) for answer in answers)


def limited(workspace: Workspace, owner: User, subject: Subject, jobs: int, period: Period = Period.DAY) -> None:
    actor = builders.build_actor(workspace, owner)
    set_limit(actor=actor, subject=subject, limit_mc=jobs * PRICE, period=period, now=timezone.now())


def test_forty_at_once_on_a_limit_for_ten(racers: Stable, acme: Workspace, alice: User) -> None:
    api_key, text = builders.build_api_key(acme, alice, now=LONG_AGO)
    limited(acme, alice, Subject(KEY, api_key.pk), jobs=10)
    answers = racers.race([call(text) for _ in range(40)])
    assert outcomes(answers) == {"202": 10, "402 spend_limit_reached": 30}
    assert (Job.objects.count(), Hold.objects.count(), Project.objects.count()) == (10, 10, 1)
    budget = Budget.objects.get()
    assert (budget.used_mc, budget.held_mc, budget.limit_mc) == (0, 10 * PRICE, 10 * PRICE)
    wallet = Wallet.objects.get()
    assert (wallet.available_mc, wallet.held_mc) == (1_000_000 - 10 * PRICE, 10 * PRICE)
    assert check_books(now=timezone.now()) == []


def test_the_lowest_of_several_limits_is_never_passed(racers: Stable, acme: Workspace, alice: User) -> None:
    """Two keys of one person on two projects: 9 for the person, 6 for a key, 4 for a project, and a balance for 83."""
    keys = [builders.build_api_key(acme, alice, now=LONG_AGO) for _ in range(2)]
    project = Project.objects.create(workspace=acme, name="Posters", created_at=LONG_AGO)
    for subject, jobs, period in (
        (Subject(MEMBER, alice.pk), 9, Period.MONTH),
        (Subject(KEY, keys[0][0].pk), 6, Period.WEEK),
        (Subject(PROJECT, project.pk), 4, Period.LIFETIME),
    ):
        limited(acme, alice, subject, jobs, period)
    calls = [call(text, name) for _, text in keys for name in ("Posters", "Cards") for _ in range(6)]
    assert outcomes(racers.race(calls)) == {"202": 9, "402 spend_limit_reached": 15}
    held = dict(Budget.objects.values_list("subject_kind", "held_mc"))
    assert held["member"] == 9 * PRICE
    assert held["api_key"] == PRICE * Job.objects.filter(api_key_id=keys[0][0].pk).count() <= 6 * PRICE
    assert held["project"] == PRICE * Job.objects.filter(project=project).count() <= 4 * PRICE
    assert check_books(now=timezone.now()) == []


def test_one_key_from_many_counts_once(racers: Stable, acme: Workspace, alice: User) -> None:
    """A refusal leaves nothing behind: the same Idempotency-Key works once there is room."""
    api_key, text = builders.build_api_key(acme, alice, now=LONG_AGO)
    limited(acme, alice, Subject(KEY, api_key.pk), jobs=0)
    calls = [call(text, **{"Idempotency-Key": "kite"}) for _ in range(8)]
    assert outcomes(racers.race(calls)) == {"402 spend_limit_reached": 8}
    assert (Submission.objects.count(), Operation.objects.filter(kind="hold").count()) == (0, 0)
    limited(acme, alice, Subject(KEY, api_key.pk), jobs=1)
    assert outcomes(racers.race(calls)) == {"202": 8}
    assert (Job.objects.count(), Budget.objects.get().held_mc) == (1, PRICE)
    assert check_books(now=timezone.now()) == []


def test_a_limit_that_is_moved_while_it_is_spent_pays_for_no_job_twice(
    racers: Stable, acme: Workspace, alice: User
) -> None:
    """Ten jobs' worth between two keys, moved to and fro by a third while twenty calls spend it."""
    keys = [builders.build_api_key(acme, alice, now=LONG_AGO) for _ in range(3)]
    for api_key, _ in keys[:2]:
        limited(acme, alice, Subject(KEY, api_key.pk), jobs=5)
    ids = [api_key.public_id for api_key, _ in keys]
    moves: list[Message] = [
        {
            "name": "post",
            "path": "/v1/limits/move",
            "key": keys[2][1],
            "body": json.dumps({"source": ids[number % 2], "target": ids[1 - number % 2], "credits": 24}),
            "headers": {"Idempotency-Key": f"move-{number}"},
        }
        for number in range(6)
    ]
    answers = racers.race([*moves, *(call(text) for _, text in keys[:2] for _ in range(10))])
    told = outcomes(answers[:6])
    assert set(told) <= {"200", "409 allowance_in_use"}
    budgets = list(Budget.objects.values_list("limit_mc", "held_mc"))
    assert sum(limit_mc or 0 for limit_mc, _ in budgets) == 10 * PRICE
    assert all(held_mc <= (limit_mc or 0) for limit_mc, held_mc in budgets)
    assert sum(held_mc for _, held_mc in budgets) == PRICE * outcomes(answers[6:])["202"]
    assert ApiKey.objects.count() == 3
    assert check_books(now=timezone.now()) == []
