"""/v1/jobs: listing jobs, and what reading them costs."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Caller, run

ASYNC = {"Prefer": "respond-async"}


def test_a_list_is_newest_first_and_pages_by_id(program: Caller, stranger: Caller) -> None:
    made = [program.submit(mock=True)["id"] for _ in range(5)]
    stranger.submit(mock=True)
    first = program.get("/v1/jobs?limit=2").json()
    assert (first["object"], first["has_more"]) == ("list", True)
    assert [job["id"] for job in first["data"]] == [made[4], made[3]]
    assert (first["first_id"], first["last_id"]) == (made[4], made[3])
    second = program.get(f"/v1/jobs?limit=3&after={first['last_id']}").json()
    assert [job["id"] for job in second["data"]] == [made[2], made[1], made[0]]
    assert second["has_more"] is False
    empty = program.get(f"/v1/jobs?after={made[0]}").json()
    assert empty == {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None}


def test_a_list_is_filtered(program: Caller) -> None:
    kite = program.submit("flux_pro", project="Kites", mock=True)
    boat = program.submit("flux_schnell", project="Boats", mock=True)
    run(boat["id"])

    def ids(query: str) -> list[str]:
        return [job["id"] for job in program.get(f"/v1/jobs?{query}").json()["data"]]

    assert ids("status=queued") == [kite["id"]]
    assert ids("status=succeeded") == [boat["id"]]
    assert ids("status=running") == []
    assert ids("model=flux_pro") == [kite["id"]]
    assert ids("project=Boats&model=flux_schnell") == [boat["id"]]
    assert ids("project=Boats&model=flux_pro") == []
    assert ids(f"created_after={kite['created_at']}") == [boat["id"]]
    assert ids("created_after=2100-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=101", "limit"),
        ("status=done", "status"),
        ("after=7", "after"),
        ("created_after=yesterday", "created_after"),
        ("colour=red", "colour"),
        ("model=%00", "model"),
    ],
)
def test_a_list_refuses_what_it_cannot_read(program: Caller, query: str, path: str) -> None:
    answer = program.get(f"/v1/jobs?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, path)


def _jobs(program: Caller, count: int) -> list[dict[str, Any]]:
    made = [program.submit(mock=True, num_images=2) for _ in range(count)]
    for job in made:
        run(job["id"])
    return made


def test_a_job_is_read_in_six_queries(program: Caller, django_assert_max_num_queries: Callable[..., Any]) -> None:
    [made] = _jobs(program, 1)
    with django_assert_max_num_queries(6):
        assert program.get(f"/v1/jobs/{made['id']}").status_code == 200


@pytest.mark.parametrize("count", [1, 7])
def test_a_list_takes_five_queries_whatever_its_length(
    program: Caller, count: int, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    _jobs(program, count)
    with django_assert_max_num_queries(5):
        assert len(program.get("/v1/jobs").json()["data"]) == count
