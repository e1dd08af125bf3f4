"""A copy of the catalogue's files that a test may spoil; a family of models, and callers of every kind."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.catalog.files.cases import COLUMNS, read_cases
from apps.catalog.files.faults import Faults
from apps.catalog.files.prices import price_rule
from apps.catalog.files.reading import DATA, spec_of
from apps.catalog.models import AIModel
from apps.catalog.price_cases import worked
from apps.ledger.amounts import to_credits
from tests.catalog.rows import Cast, build_cast, build_family

Edit = Callable[[str, Callable[[dict[str, Any]], object]], None]
Drop = Callable[..., None]


@pytest.fixture
def banana(db: None) -> AIModel:
    """A model that bears the name of its family; another of the family stands beside it."""
    return build_family()


@pytest.fixture
def cast(acme: Workspace, alice: User, elsewhere: Workspace, mallory: User) -> Cast:
    return build_cast(acme, alice, elsewhere, mallory)


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


@pytest.fixture
def reprice(folder: Path, edit: Edit) -> Edit:
    """Change the price in a model's file, and its worked cases along with it."""

    def change(model_id: str, how: Callable[[dict[str, Any]], object]) -> None:
        edit(model_id, how)
        data = yaml.safe_load((folder / "models" / f"{model_id}.yaml").read_text())
        cases = [case for _, case in read_cases(folder / "price_cases.csv", Faults())[model_id]]
        new = iter(worked(cases, spec=spec_of(data), rule=price_rule(data["price"])))
        rows = _rows(folder)
        for row in rows:
            if row["model"] == model_id:
                case = next(new)
                row.update(
                    outcome=case.outcome,
                    error=case.error,
                    hold=str(to_credits(case.hold_mc)),
                    credits=str(to_credits(case.charge_mc)),
                )
        _write(folder, rows)

    return change


@pytest.fixture
def drop(folder: Path) -> Drop:
    """Take models out of the copy, with their worked prices and defaults: ``drop("flux_pro", "veo_3")``."""

    def take_out(*model_ids: str) -> None:
        for model_id in model_ids:
            (folder / "models" / f"{model_id}.yaml").unlink()
        _write(folder, [row for row in _rows(folder) if row["model"] not in model_ids])
        path = folder / "defaults.yaml"
        kept = [row for row in yaml.safe_load(path.read_text()) if row["model"] not in model_ids]
        path.write_text(yaml.safe_dump(kept))

    return take_out


def _rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "price_cases.csv").read_text().splitlines()))


def _write(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "price_cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
