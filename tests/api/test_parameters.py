"""Query strings: read by name, with every fault named."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.http import QueryDict

from apps.api.faults import Faults
from apps.api.parameters import Parameters
from apps.ids import to_public

KNOWN = frozenset({"status", "limit", "after", "created_after"})


def read(query: str) -> tuple[Parameters, Faults]:
    faults = Faults()
    return Parameters(QueryDict(query), known=KNOWN, faults=faults), faults


def test_what_is_given_is_read() -> None:
    job_id = UUID(int=7)
    given, faults = read(
        f"status=done&limit=100&after={to_public('job', job_id)}&created_after=2026-01-31T12:00:00%2B02:00"
    )
    assert given.choice("status", frozenset({"done"})) == "done"
    assert given.limit() == 100
    assert given.public_id("after", "job") == job_id
    assert given.time("created_after") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert not faults


def test_what_is_not_given_has_its_default() -> None:
    given, faults = read("status=")
    assert (given.text("status"), given.limit(), given.limit(100), given.time("created_after")) == (None, 20, 100, None)
    assert not faults


def test_a_plus_that_arrives_as_a_space_is_read() -> None:
    given, _ = read("created_after=2026-01-31T12:00:00 02:00")
    assert given.time("created_after") == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0", "101", "-1", "1.5", "ten", "٣", "9" * 100, "9" * 5000])
def test_a_limit_out_of_range_is_a_fault(text: str) -> None:
    given, faults = read(f"limit={text}")
    assert given.limit() == 20
    assert [(fault["path"], fault["code"]) for fault in faults.fields] == [("limit", "invalid_parameter")]


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z", "%00"])
def test_a_time_without_a_zone_or_sense_is_a_fault(text: str) -> None:
    given, faults = read(f"created_after={text}")
    assert given.time("created_after") is None
    assert [fault["path"] for fault in faults.fields] == ["created_after"]


@pytest.mark.parametrize("text", ["job_1", "asset_00000000000000000000000001", "7", "job_" + "z" * 26])
def test_an_id_of_another_kind_is_a_fault(text: str) -> None:
    given, faults = read(f"after={text}")
    assert given.public_id("after", "job") is None
    assert [fault["path"] for fault in faults.fields] == ["after"]


def test_unknown_and_repeated_parameters_are_faults() -> None:
    _, faults = read("stauts=done&limit=1&limit=2")
    assert [(fault["path"], fault["code"]) for fault in faults.fields] == [
        ("stauts", "unknown_parameter"),
        ("limit", "given_twice"),
    ]
