"""A copy of the catalogue's files that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.catalog.files import DATA

Edit = Callable[[str, Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The catalogue's own folder, copied."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Change the content of a model's file in the copy: ``edit("flux_pro", lambda data: data.update(rating=5))``."""

    def change(model_id: str, how: Callable[[dict[str, Any]], object]) -> None:
        path = folder / "models" / f"{model_id}.yaml"
        data = yaml.safe_load(path.read_text())
        how(data)
        path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))

    return change
