"""/v1/limits: what may be spent by whom, over HTTP."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey, AuditEntry, Membership, User
from apps.accounts.roles import Role
from apps.ids import to_public, uuid7
from apps.jobs.models import Job
from apps.ledger.check import check_books
from apps.ledger.models import Budget, Hold
from apps.ledger.periods import Period, next_start
from apps.library.models import Project
from tests import builders
from tests.api.conftest import LONG_AGO, Caller, run

JOB = "/v1/jobs/flux_pro"  # 12 credits a picture


def put(caller: Caller, whose: str, limit: object, period: str | None = None, **headers: str) -> Any:  # Answer
    body = {"limit_credits": limit} | ({"period": period} if period else {})
    kind = whose.partition("_")[0]
    return caller.ask("PUT", f"/v1/limits/{kind}/{whose}", body, **headers)


def key_of(caller: Caller) -> str:
    return ApiKey.objects.get(lookup=caller.key[11:19]).public_id


def job(caller: Caller, **headers: str) -> Any:  # Answer
    return caller.post(JOB, {"prompt": "a red kite"}, Prefer="respond-async", **headers)


@pytest.fixture
def other(program: Caller, alice: User) -> Caller:
    """Another live key of alice's."""
    _, text = builders.build_api_key(program.workspace, alice, now=LONG_AGO)
    return Caller(text, program.workspace)


def made_by(caller: Caller, email: str, role: Role) -> Caller:
    user = builders.build_member(caller.workspace, email, role)
    _, text = builders.build_api_key(caller.workspace, user, now=LONG_AGO)
    return Caller(text, caller.workspace)


def test_a_key_past_its_limit_is_told_which_what_is_left_and_until_when(program: Caller, other: Caller) -> None:
    key = key_of(other)
    assert put(program, key, 30, "week").json() == {
        "id": key,
        "object": "limit",
        "kind": "key",
        "name": "Live",
        "binds": False,
        "limit_credits": 30,
        "period": "week",
        "used_credits": 0,
        "held_credits": 0,
        "remaining_credits": 30,
        "resets_at": resets_at(Period.WEEK),
    }
    first = job(other)
    assert (first.status_code, job(other).status_code) == (202, 202)
    refused = job(other)
    body = refused.json()
    assert (refused.status_code, body["error_type"], refused["x-should-retry"]) == (402, "spend_limit_reached", "false")
    assert body["error"]["details"] == {
        "subject_kind": "api_key",
        "subject": key,
        "period": "week",
        "required": 12,
        "limit": 30,
        "remaining": 6,
        "resets_at": resets_at(Period.WEEK),
    }
    assert body["detail"].startswith("This needs 12 credits, and the weekly limit of this API key has 6 left. It is")
    assert Job.objects.count() == Hold.objects.count() == 2
    assert job(program).status_code == 202  # another key of the same person
    run(first.json()["id"])
    own = other.get("/v1/key").json()["limit"]
    assert own == {
        "limit_credits": 30,
        "period": "week",
        "used_credits": 12,
        "held_credits": 12,
        "remaining_credits": 6,
        "resets_at": resets_at(Period.WEEK),
    }
    assert check_books(now=timezone.now()) == []


def resets_at(period: Period) -> str:
    at = next_start(period, timezone.now())
    assert at is not None
    return f"{at:%Y-%m-%d}T00:00:00.000000Z"


def test_a_key_sees_the_limits_that_bind_it_first(program: Caller, other: Caller, alice: User) -> None:
    project = Project.objects.create(workspace=program.workspace, name="Posters", created_at=LONG_AGO)
    person, filed = to_public("member", alice.pk), to_public("project", project.pk)
    limits = ((key_of(program), 10, "day"), (filed, 40, "lifetime"))
    for whose, limit, period in limits:
        assert put(other, whose, limit, period).status_code == 200

    def seen(query: str = "") -> list[tuple[str, bool]]:
        return [(one["id"], one["binds"]) for one in program.get(f"/v1/limits{query}").json()["data"]]

    assert seen() == [(key_of(program), True), (person, False), (key_of(other), False), (filed, False)]
    assert seen("?project=Posters") == [
        (key_of(program), True),
        (filed, True),
        (person, False),
        (key_of(other), False),
    ]
    assert seen("?project=None")[0] == (key_of(program), True)
    assert program.get("/v1/limits?project=a%00b").status_code == 422
    maker = made_by(program, "mia@acme.example", Role.MAKER)
    assert maker.get("/v1/limits").json()["data"] == []
    assert put(other, key_of(maker), 5).status_code == 200
    assert [one["id"] for one in maker.get("/v1/limits").json()["data"]] == [key_of(maker)]


def test_a_key_does_not_widen_what_it_may_do(program: Caller, test_program: Caller, alice: User) -> None:
    maker, admin = made_by(program, "mia@acme.example", Role.MAKER), made_by(program, "ada@acme.example", Role.ADMIN)
    refused = [
        put(program, key_of(program), 5),  # its own
        put(program, to_public("member", alice.pk), 5),  # its maker's
        put(test_program, key_of(program), 5),  # of a key that spends nothing
        put(maker, key_of(program), 5),  # of somebody who may not
        put(admin, to_public("member", alice.pk), 5),  # an owner's, by an admin
    ]
    assert [(answer.status_code, answer.json()["error_type"]) for answer in refused] == [(403, "may_not_limit")] * 5
    Membership.objects.filter(user=alice).delete()
    assert put(program, key_of(maker), 5).json()["error_type"] == "may_not_limit"
    assert not Budget.objects.exists()
    assert put(admin, key_of(maker), 5).status_code == 200
    assert AuditEntry.objects.filter(action="limit.set").count() == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "limit_credits"),
        ({"limit_credits": -1}, "limit_credits"),
        ({"limit_credits": 1.2345}, "limit_credits"),
        ({"limit_credits": "5"}, "limit_credits"),
        ({"limit_credits": True}, "limit_credits"),
        ({"limit_credits": [5]}, "limit_credits"),
        ({"limit_credits": 10**13}, "limit_credits"),
        ({"limit_credits": 1e300}, "limit_credits"),
        ({"limit_credits": 5, "period": "year"}, "period"),
        ({"limit_credits": 5, "period": ["day"]}, "period"),
        ({"limit_credits": 5, "amount": 1}, "amount"),
    ],
)
def test_a_body_that_is_no_limit_is_refused(program: Caller, other: Caller, body: object, path: str) -> None:
    answer = program.ask("PUT", f"/v1/limits/key/{key_of(other)}", body)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["error"]["details"]["fields"]] == [path]
    assert not Budget.objects.exists()


def test_what_is_not_here_has_no_limit(program: Caller, other: Caller, stranger: Caller, mallory: User) -> None:
    theirs = [key_of(program), to_public("member", mallory.pk), to_public("project", uuid7()), "key_x", "member_"]
    answers = [put(program, whose, 5) for whose in theirs[1:]] + [put(stranger, theirs[0], 5)]
    answers += [
        program.ask("PUT", f"/v1/limits/project/{key_of(other)}", {"limit_credits": 5}),
        program.ask("PUT", f"/v1/limits/wallet/{key_of(other)}", {"limit_credits": 5}),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert not Budget.objects.exists()


def test_a_limit_is_lifted_and_a_repeat_sets_nothing_back(program: Caller, other: Caller) -> None:
    key = key_of(other)
    assert put(program, key, None).json()["period"] is None  # nothing there to lift
    assert not Budget.objects.exists()
    assert put(program, key, 5, "day", Idempotency_Key="one").status_code == 200
    assert put(program, key, 0).json()["period"] == "day"
    assert job(other).json()["error"]["details"]["limit"] == 0
    assert put(program, key, 5, "day", Idempotency_Key="one").json()["limit_credits"] == 0
    other_body = put(program, key, 6, "day", Idempotency_Key="one")
    assert (other_body.status_code, other_body.json()["error_type"]) == (422, "idempotency_mismatch")
    lifted = put(program, key, None).json()
    assert (lifted["limit_credits"], lifted["remaining_credits"], lifted["used_credits"]) == (None, None, 0)
    assert job(other).status_code == 202
    assert other.get("/v1/key").json()["limit"] is None


def test_allowance_moves_once_between_limits_of_one_period(program: Caller, other: Caller, alice: User) -> None:
    third = key_of(made_by(program, "mia@acme.example", Role.MAKER))
    put(program, key_of(other), 30, "month")
    put(program, third, 5, "month")
    body = {"source": key_of(other), "target": third, "credits": 10}
    assert job(other).status_code == 202

    def move(key: str = "one", **changes: object) -> Any:  # Answer
        return program.post("/v1/limits/move", body | changes, Idempotency_Key=key)

    answers = [move() for _ in range(2)]
    assert [answer.json()["source"]["limit_credits"] for answer in answers] == [20, 20]
    assert [answer.json()["target"]["limit_credits"] for answer in answers] == [15, 15]
    assert [answer.get("Idempotent-Replayed") for answer in answers] == [None, "true"]
    refused = {
        ("allowance_in_use", 409): move("two", credits=9),
        ("idempotency_mismatch", 422): move(credits=9),
        ("not_found", 404): move("three", target=key_of(program).replace("key", "project")),
        ("may_not_limit", 403): move("four", target=key_of(program)),
        ("invalid_input", 422): move("five", target=key_of(other)),
    }
    assert {(answer.json()["error_type"], answer.status_code) for answer in refused.values()} == set(refused)
    put(program, third, 15, "week")
    assert move("six", credits=1).json()["error_type"] == "periods_differ"
    bare = program.post("/v1/limits/move", {"credits": 0, "wings": 2})
    paths = {fault["path"] for fault in bare.json()["error"]["details"]["fields"]}
    assert paths == {"source", "target", "credits", "wings", "Idempotency-Key"}
    assert set(Budget.objects.values_list("limit_mc", flat=True)) == {15_000, 20_000}
    assert check_books(now=timezone.now()) == []


def test_of_limit_most_and_quote_the_lowest_wins(program: Caller, other: Caller) -> None:
    key = key_of(other)
    body = {"model": "flux_pro", "input": {"prompt": "a red kite"}}
    quote = other.post("/v1/quotes", body).json()["id"]

    def asked(**headers: str) -> tuple[int, str | None]:
        answer = job(other, **headers)
        return answer.status_code, answer.json().get("error_type")

    put(program, key, 11.999)
    assert asked(X_Max_Credits="12", X_Quote_Id=quote) == (402, "spend_limit_reached")
    assert asked(X_Max_Credits="11.999", X_Quote_Id=quote) == (402, "max_credits_exceeded")
    put(program, key, 12)
    assert asked(X_Max_Credits="11") == (402, "max_credits_exceeded")
    assert Job.objects.count() == 0
    assert asked(X_Max_Credits="12", X_Quote_Id=quote) == (202, None)
    assert asked(X_Max_Credits="1000", X_Quote_Id=quote) == (402, "spend_limit_reached")
    assert (Job.objects.count(), Budget.objects.get().held_mc) == (1, 12_000)


def test_a_mock_costs_nothing_and_passes_every_limit(program: Caller, other: Caller) -> None:
    put(program, key_of(other), 0)
    assert other.submit("flux_pro", mock=True)["status"] == "queued"
    assert Budget.objects.get().held_mc == 0


def test_a_project_binds_whoever_files_under_it(program: Caller) -> None:
    made = program.submit("flux_pro", project="Posters")
    project = to_public("project", Project.objects.get().pk)
    assert put(program, project, 20).json()["held_credits"] == 12
    answer = program.post(JOB, {"prompt": "x", "project": "Posters"}, Prefer="respond-async")
    assert answer.json()["error"]["details"]["subject"] == project
    assert program.submit("flux_pro", project="Cards")["status"] == made["status"] == "queued"
