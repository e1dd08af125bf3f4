"""The token bucket, and what clients are told of it."""

import re

import pytest
from django.test import Client, override_settings

from apps.api import throttling
from apps.ids import uuid7
from apps.metering import RateLimited
from tests.api.conftest import Caller


def subject() -> str:
    return f"test:{uuid7()}"


@override_settings(EASEL_REQUESTS_PER_MINUTE=3)
def test_a_bucket_is_emptied_and_refuses() -> None:
    mine = subject()
    taken = [throttling.take(subject=mine) for _ in range(4)]
    assert [one.is_allowed for one in taken] == [True, True, True, False]
    assert [one.remaining for one in taken] == [2, 1, 0, 0]
    assert throttling.headers_of(taken[0]) == {
        "RateLimit-Policy": '"requests";q=3;w=60',
        "RateLimit": '"requests";r=2;t=20',
    }
    assert (taken[3].next_seconds, taken[3].full_seconds) == (20, 60)
    with pytest.raises(RateLimited) as refused:
        taken[3].refuse()
    assert refused.value.details == {"limit": 3, "retry_after": 20}


@override_settings(EASEL_REQUESTS_PER_MINUTE=1)
def test_buckets_are_apart() -> None:
    assert throttling.take(subject=subject()).is_allowed
    assert throttling.take(subject=subject()).is_allowed


def test_a_bucket_fills_again() -> None:
    mine = subject()
    with override_settings(EASEL_REQUESTS_PER_MINUTE=1):
        assert throttling.take(subject=mine).is_allowed
        assert not throttling.take(subject=mine).is_allowed
    with override_settings(EASEL_REQUESTS_PER_MINUTE=600_000):  # ten a millisecond
        deadline = 1_000
        while not throttling.take(subject=mine).is_allowed:
            deadline -= 1
            assert deadline


def test_without_valkey_every_request_is_allowed() -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0", EASEL_REQUESTS_PER_MINUTE=1):
        taken = [throttling.take(subject="test") for _ in range(3)]
    assert [one.is_allowed for one in taken] == [True, True, True]
    assert throttling.headers_of(taken[0]) == {"RateLimit-Policy": '"requests";q=1;w=60'}


def test_every_answer_tells_the_rate(program: Caller) -> None:
    for answer in (
        program.get("/v1/key"),
        program.get("/v1/jobs/job_nope"),
        program.get("/v1/nowhere"),
        program.post("/v1/jobs/flux_pro", b"{"),
        program.ask("DELETE", "/v1/jobs"),
        Client().get("/v1/key"),
        Client().get("/v1/key", headers={"Authorization": "Bearer x"}),
    ):
        assert re.fullmatch(r'"requests";q=600;w=60', answer["RateLimit-Policy"])
        assert re.fullmatch(r'"requests";r=\d+;t=\d+', answer["RateLimit"])


def test_a_key_past_its_rate_is_told_when_to_come_back(program: Caller, stranger: Caller) -> None:
    with override_settings(EASEL_REQUESTS_PER_MINUTE=2):
        assert [program.get("/v1/key").status_code for _ in range(3)] == [200, 200, 429]
        answer = program.get("/v1/key")
        assert stranger.get("/v1/key").status_code == 200
    assert answer.json()["error_type"] == "rate_limited"
    assert answer.json()["error"]["retryable"] is True
    assert 1 <= int(answer["Retry-After"]) <= 30
    assert "x-should-retry" not in answer
    assert answer["RateLimit"].startswith('"requests";r=0;t=')


@pytest.mark.django_db
def test_wrong_keys_are_metered_by_address() -> None:
    with override_settings(EASEL_REQUESTS_PER_MINUTE=2, EASEL_TRUSTED_PROXIES=1):
        mine = {"Authorization": "Bearer x", "X-Forwarded-For": f"2001:db8::{uuid7().hex[-4:]}"}
        statuses = [Client().get("/v1/key", headers=mine).status_code for _ in range(4)]
    assert statuses == [401, 401, 429, 429]
