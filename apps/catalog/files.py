"""The catalogue's data files: read, and checked completely before anyone uses a word of them. No database."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from apps.catalog.file_checks import checks_of
from apps.catalog.price_rules import MEGAPIXEL, PARTS, InvalidPriceRule, PriceRule
from apps.catalog.spec import ORDER, ModelSpec
from apps.errors import DomainError
from apps.ledger.amounts import PER_CREDIT, from_credits

DATA: Final = Path(__file__).parent / "data"
_MODEL_FILE: Final = "model_file.schema.yaml"
_PROVIDERS: Final = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": 40},
            "name": {"type": "string", "minLength": 1, "maxLength": 80},
        },
    },
}


class InvalidCatalog(DomainError):
    """The catalogue's files are wrong. ``details["faults"]`` lists every fault: {file, field, message}."""

    code = "invalid_catalog"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model, as its file says; amounts in millicredits."""

    data: Mapping[str, Any]  # the file itself, by data/model_file.schema.yaml; fields of its schema are numbered
    rule: PriceRule

    @property
    def spec(self) -> ModelSpec:
        return spec_of(self.data)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All of the files of one folder."""

    providers: Mapping[str, str]  # id → name
    models: tuple[ModelFile, ...]


def read_catalog(folder: Path = DATA) -> Catalog:
    """Read ``providers.yaml`` and ``models/*.yaml`` of a folder.

    :raises InvalidCatalog: with every fault of every file.
    """
    faults: list[dict[str, str]] = []

    def note(file: str) -> Callable[[str, str], None]:
        return lambda field, message: faults.append({"file": file, "field": field, "message": message})

    providers = _read_providers(folder / "providers.yaml", note("providers.yaml"))
    shape = Draft202012Validator(yaml.safe_load((DATA / _MODEL_FILE).read_text()))
    paths = sorted((folder / "models").glob("*.yaml"))
    models = [_read_model(path, shape, providers, note(path.name)) for path in paths]
    found = [model for model in models if model]
    if not models:
        note("models")("", "There is no model file here.")
    _check_together(found, lambda model_id: note(f"{model_id}.yaml"))
    if faults:
        lines = "; ".join(f"{fault['file']}: {fault['field']}: {fault['message']}" for fault in faults)
        raise InvalidCatalog(f"The catalogue was not changed. {lines}", faults=faults)
    return Catalog(providers, tuple(sorted(found, key=lambda model: (model.data["position"], model.data["id"]))))


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


def price_rule(price: Mapping[str, Any]) -> PriceRule:
    """Turn the price section of a file, in credits, into a rule in millicredits.

    :raises InvalidPriceRule: an amount of zero, or a default tier without a price.
    """
    base: dict[str, Any]  # JSON
    if "tiers" in price:
        tiers = price["tiers"]
        base = {
            "tier_field": tiers["by"],
            "tier_default": tiers["default"],
            "tiers_mc": {tier: from_credits(credits) for tier, credits in tiers["credits"].items()},
            "is_by_longest_edge": tiers.get("else_by_longest_edge", False),
        }
    elif "per_megapixel" in price["base"]:
        base = {
            "per_megapixel_mc": from_credits(price["base"]["per_megapixel"]),
            "megapixels": price.get("megapixels", "rounded_up"),
            "step_mc": PER_CREDIT if "image_rounding" in price else 1,
            "megapixel_px": MEGAPIXEL,
        }
    else:
        base = {"per_call_mc": from_credits(price["base"]["per_call"])}
    return PriceRule.from_json(
        {
            "base": base,
            "scope": price["scope"],
            "outputs": price["outputs"],
            "multipliers": [
                {"when": one["when"], "thousandths": from_credits(one["factor"]) * PARTS // PER_CREDIT}
                for one in price.get("multipliers", [])
            ],
            "surcharges": [
                {
                    "label": one["label"],
                    "when": one["when"],
                    "amount_mc": from_credits(one["credits"]),
                    "scope": one["scope"],
                }
                for one in price.get("surcharges", [])
            ],
        }
    )


def _read_providers(path: Path, note: Callable[[str, str], None]) -> dict[str, str]:
    rows = _load(path, note)
    error = best_match(Draft202012Validator(_PROVIDERS).iter_errors(rows))
    if error:
        note(_where(error.absolute_path), error.message)
        return {}
    if len({row["id"] for row in rows}) < len(rows):
        note("id", "Two providers have the same id.")
    return {row["id"]: row["name"] for row in rows}


def _read_model(
    path: Path, shape: Draft202012Validator, providers: Mapping[str, str], note: Callable[[str, str], None]
) -> ModelFile | None:
    data = _load(path, note)
    errors = [inner for error in shape.iter_errors(data) if (inner := best_match([error]))]
    for error in errors:
        note(_where(error.absolute_path), error.message)
    if errors:
        return None
    if data["id"] != path.stem:
        note("id", f"The file is called {path.stem}.")
    if data["id"].startswith("job_"):
        note("id", "Ids that start with job_ belong to jobs.")
    if data["provider"] not in providers:
        note("provider", f"There is no provider {data['provider']} in providers.yaml.")
    try:
        rule = price_rule(data["price"])
    except InvalidPriceRule as fault:
        note("price", str(fault))
        return None
    problems = checks_of(spec_of(data), rule)
    for field, message in problems:
        note(field, message)
    if problems:
        return None
    for number, schema in enumerate(data["schema"]["properties"].values()):
        schema[ORDER] = number  # databases keep no order of keys
    return ModelFile(data, rule)


def _check_together(models: list[ModelFile], note: Callable[[str], Callable[[str, str], None]]) -> None:
    """What only one model may be."""
    ids = {model.data["id"] for model in models}
    taken: dict[tuple[str, Hashable], str] = {}
    for model in models:
        data = model.data
        claims = [("default_for", task) for task in data["default_for"]]
        claims += [("tier_preset", data["tier_preset"])] if data["tier_preset"] else []
        for claim in claims:
            other = taken.setdefault(claim, data["id"])
            if other != data["id"]:
                note(data["id"])(claim[0], f"{other} is {claim[1]} already.")
        editor = data["limits"].get("edits_with")
        if editor and editor not in ids:
            note(data["id"])("limits.edits_with", f"There is no model {editor}.")


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is given twice", node.start_mark)
        return mapping


def _load(path: Path, note: Callable[[str, str], None]) -> Any:  # whatever the YAML holds
    try:
        return yaml.load(path.read_text(), _StrictLoader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as fault:
        note("", f"The file cannot be read: {fault}")
        return None


def _where(path: Any) -> str:  # a deque of names and indexes
    return ".".join(str(step) for step in path)
