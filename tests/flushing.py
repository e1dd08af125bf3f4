"""Lets a transactional test's tables be emptied afterwards, although the ledger's rows are immutable."""

from collections.abc import Iterator

import pytest

from apps.ledger import triggers


@pytest.fixture(autouse=True)
def _flushable(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take the triggers away just before the flush that ends a transactional test.

    They stand while the test runs. The flush itself puts them back: Django ends it with post_migrate.
    """
    marker = request.node.get_closest_marker("django_db")
    is_transactional = (marker is not None and marker.kwargs.get("transaction", False)) or (
        {"transactional_db", "live_server"} & set(request.fixturenames)
    )
    if not is_transactional:
        yield
        return
    request.getfixturevalue("transactional_db")  # set up before this one, so ended after it
    yield
    triggers.remove()
