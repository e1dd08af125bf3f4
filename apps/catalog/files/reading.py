"""A folder of the catalogue's files, read as one: providers, models, defaults and worked prices fit together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from apps.catalog.checks.facts import fact_problems
from apps.catalog.checks.fit import fit_problems
from apps.catalog.checks.problems import Problem
from apps.catalog.checks.range import DefaultEntry, default_problems, range_problems
from apps.catalog.checks.shapes import DEFAULTS, PROVIDERS, shape_problem, shape_problems
from apps.catalog.files.cases import NumberedCase, read_cases
from apps.catalog.files.faults import Document, Faults, read_yaml
from apps.catalog.files.prices import cost_rule, price_rule
from apps.catalog.price_cases import PriceCase, failing
from apps.catalog.price_rules import InvalidPriceRule, PriceRule
from apps.catalog.spec import ORDER, ModelSpec

DATA: Final = Path(__file__).parents[1] / "data"
_CASES: Final = "price_cases.csv"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model, as its file says; amounts in millicredits."""

    data: Mapping[str, Any]  # the file itself, by data/model_file.schema.yaml; fields of its schema are numbered
    rule: PriceRule
    cost: PriceRule | None = None  # what the provider asks, in micro-dollars; None: nobody knows
    cases: tuple[PriceCase, ...] = ()  # worked prices that hold, at least one

    @property
    def spec(self) -> ModelSpec:
        return spec_of(self.data)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All of the files of one folder."""

    providers: Mapping[str, str]  # id → name
    models: tuple[ModelFile, ...]  # in the order of lists
    defaults: tuple[DefaultEntry, ...] = ()


def read_catalog(folder: Path = DATA) -> Catalog:
    """Read ``providers.yaml``, ``models/*.yaml``, ``defaults.yaml`` and ``price_cases.csv`` of a folder.

    :raises InvalidCatalog: with every fault of every file, each with its line.
    """
    faults = Faults()
    providers = _read_providers(folder / "providers.yaml", faults)
    paths = sorted((folder / "models").glob("*.yaml"))
    if not paths:
        faults.add_line("models", 1, "", "There is no model file here.")
    cases = read_cases(folder / _CASES, faults)
    _check_known(cases, {path.stem for path in paths}, faults)
    found = [_read_model(path, providers, cases.get(path.stem, []), faults) for path in paths]
    models = {document.name: model for document, model in found if model}
    documents = {document.name: document for document, _ in found}
    contents = {name: model.data for name, model in models.items()}
    for name, (where, message) in range_problems(contents, ids={path.stem for path in paths}):
        faults.add(documents[name], where, message)
    is_whole = len(models) == len(paths)
    known = {model.data["id"]: model.data for model in models.values()}
    defaults = _read_defaults(folder / "defaults.yaml", known if is_whole else None, faults)
    faults.refuse()
    ordered = sorted(models.values(), key=lambda model: (model.data["position"], model.data["id"]))
    return Catalog(providers, tuple(ordered), defaults)


def spec_of(data: Mapping[str, Any]) -> ModelSpec:
    """Make the pure view of a model from its file's content."""
    return ModelSpec(
        id=data["id"],
        kind=data["kind"],
        schema=data["schema"],
        format_map=data["format"],
        limits=data["limits"],
        max_references=data["max_references"],
        capabilities=data["capabilities"],
    )


def _read_providers(path: Path, faults: Faults) -> dict[str, str]:
    document = read_yaml(path, faults)
    if document is None or not _fits(document, PROVIDERS, faults):
        return {}
    found: dict[str, str] = {}
    for index, row in enumerate(document.content):
        if row["id"] in found:
            faults.add(document, f"{index}.id", f"There are two providers {row['id']}.")
        found[row["id"]] = row["name"]
    return found


def _read_model(
    path: Path, providers: Mapping[str, str], cases: list[NumberedCase], faults: Faults
) -> tuple[Document, ModelFile | None]:
    document = read_yaml(path, faults)
    if document is None:
        return Document(path.name, None, {}), None
    data = document.content
    model, problems = None, shape_problems(data)
    if not problems:
        if data["id"] != path.stem:
            problems.append(("id", f"The file is called {path.stem}."))
        problems += fact_problems(data, providers=providers)
        model, more = _priced(data)
        problems += more
    for where, message in problems:
        faults.add(document, where, message)
    if problems or model is None:
        return document, None
    if not cases:
        faults.add(document, "price", f"There is no worked price of {data['id']} in {_CASES}.")
    for number, sentence in failing((case for _, case in cases), spec=model.spec, rule=model.rule):
        faults.add_line(_CASES, cases[number - 1][0], data["id"], sentence)
    for number, schema in enumerate(data["schema"]["properties"].values()):
        schema[ORDER] = number  # databases keep no order of keys
    return document, ModelFile(data, model.rule, model.cost, tuple(case for _, case in cases))


def _priced(data: Mapping[str, Any]) -> tuple[ModelFile | None, list[Problem]]:
    """Read the two price sections and check what hangs on them."""
    place = "price"
    try:
        rule = price_rule(data["price"])
        place = "cost"
        cost = cost_rule(data["cost"]) if data["cost"] else None
    except InvalidPriceRule as fault:
        return None, [(place, str(fault))]
    spec = spec_of(data)
    problems = fit_problems(spec, rule, endpoints=data["endpoints"])
    for where, message in fit_problems(spec, cost) if cost else []:
        if where.startswith("price."):  # the rest is told already
            problems.append((f"cost.{where.removeprefix('price.')}", message))
    return ModelFile(data, rule, cost), problems


def _read_defaults(
    path: Path, models: Mapping[str, Mapping[str, Any]] | None, faults: Faults
) -> tuple[DefaultEntry, ...]:
    """Read the defaults.

    :param models: all of them, by id; None: some could not be read, so nobody knows whom a default names.
    """
    document = read_yaml(path, faults)
    if document is None or not _fits(document, DEFAULTS, faults):
        return ()
    entries = [
        DefaultEntry(row["surface"], row["task"], row.get("stage", ""), row["model"]) for row in document.content
    ]
    for where, message in default_problems(entries, models):
        faults.add(document, where, message)
    return tuple(entries)


def _check_known(cases: Mapping[str, list[NumberedCase]], model_ids: set[str], faults: Faults) -> None:
    for model_id, rows in cases.items():
        if model_id not in model_ids:
            faults.add_line(_CASES, rows[0][0], "model", f"There is no model {model_id}.")


def _fits(document: Document, shape: Draft202012Validator, faults: Faults) -> bool:
    problem = shape_problem(document.content, shape)
    if problem:
        faults.add(document, *problem)
    return problem is None
