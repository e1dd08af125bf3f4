"""Running installations for journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.installation import Installed


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    """An empty home to run Easel in; whatever a test leaves running there is ended."""
    installation = Installed(tmp_path / "home")
    yield installation
    installation.clear()
