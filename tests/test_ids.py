"""Prefixed, time-ordered ids."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ids import from_public, to_public, uuid7


def test_ids_rise_and_never_repeat_also_between_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [uuid7() for _ in range(500)], range(8)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({value for batch in batches for value in batch}) == 4000


def test_an_id_is_a_uuid_of_version_seven() -> None:
    value = uuid7()
    assert (value.version, value.variant) == (7, "specified in RFC 4122")


@given(st.uuids())
def test_a_public_id_reads_back(value: UUID) -> None:
    assert from_public("job", to_public("job", value)) == value


@given(st.uuids(), st.uuids())
def test_public_ids_sort_as_their_uuids(one: UUID, other: UUID) -> None:
    assert (one < other) == (to_public("job", one) < to_public("job", other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job_",
        "job",
        "asset_" + "0" * 26,
        "job_" + "u" * 26,
        "job_" + "z" * 26,
        "job_" + "0" * 25,
        "JOB_" + "0" * 26,
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert from_public("job", text) is None
