"""Running installations for journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.installation import Installed
from tests.journeys.studio_pages import signed_in, workspace

__all__ = ["installed", "signed_in", "workspace"]  # the last two are fixtures of their own module


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    """An empty home to run Easel in; whatever a test leaves running there is ended."""
    installation = Installed(tmp_path / "home")
    yield installation
    installation.clear()
