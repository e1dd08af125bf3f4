"""A price rule as fields that people fill in, or as JSON; read back with what is wrong beside its field. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from apps.catalog.money import format_usd, from_usd
from apps.catalog.price_rules import MEGAPIXEL, PARTS, Unit
from apps.ledger.amounts import format_credits, from_credits
from apps.staff.faults import located

Json = Any  # a rule as it is kept, or a part of it

KINDS: Final = (
    ("per_call", "One price"),
    ("per_megapixel", "Per megapixel"),
    ("tiers", "By tier"),
    ("json", "As JSON"),
)
UNKNOWN: Final = ("unknown", "Not known")
SCOPES: Final = (("output_image", "Each picture"), ("call", "Each run"))
ROUNDINGS: Final = (("rounded_up", "Whole megapixels, rounded up"), ("exact", "Exact"))
# Path within a rule → the field that writes it.
_PLACES: Final = (
    ("base.per_call", "amount"),
    ("base.per_megapixel", "amount"),
    ("base.step", "step"),
    ("base.megapixels", "megapixels"),
    ("base.tier_field", "tier_field"),
    ("base.tier_default", "tier_default"),
    ("base.tiers", "tiers"),
    ("base", "kind"),
    ("scope", "scope"),
    ("outputs", "outputs"),
    ("multipliers", "multipliers"),
    ("surcharges", "surcharges"),
)


@dataclass(slots=True)
class RuleForm:
    """One rule in a form: ``name`` is sell or cost; ``values`` are what stands in its fields."""

    name: str
    unit: Unit
    values: dict[str, str]
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        return (*KINDS, UNKNOWN) if self.unit is Unit.MICRODOLLARS else KINDS

    @property
    def scopes(self) -> tuple[tuple[str, str], ...]:
        return SCOPES

    @property
    def roundings(self) -> tuple[tuple[str, str], ...]:
        return ROUNDINGS

    def place(self, path: str, sentence: str) -> None:
        """Put a fault of the rule beside the field that writes that part of it."""
        if self.values.get("kind") == "json":
            name, sentence = "json", located(path, sentence)
        else:
            name = next((one for start, one in _PLACES if path.startswith(start)), "kind")
        self.faults.setdefault(name, []).append(sentence)


def form_of(rule: Json, *, name: str, unit: Unit) -> RuleForm:
    """Write a rule into a form; None is a cost that nobody knows, or a price that is not there yet."""
    blank = {"scope": "output_image", "megapixels": "rounded_up", "step": _write(1, unit)}
    if rule is None:
        return RuleForm(name, unit, {**blank, "kind": "unknown" if unit is Unit.MICRODOLLARS else "per_call"})
    base = rule["base"]
    values = {
        **blank,
        "scope": rule["scope"],
        "outputs": ", ".join(rule["outputs"]),
        "multipliers": "\n".join(
            f"{_write_when(one['when'])} x {one['thousandths'] / PARTS:g}" for one in rule["multipliers"]
        ),
        "surcharges": "\n".join(_write_surcharge(one, unit) for one in rule["surcharges"]),
        "json": json.dumps(rule, indent=2, ensure_ascii=False),
    }
    if f"per_call_{unit}" in base:
        values |= {"kind": "per_call", "amount": _write(base[f"per_call_{unit}"], unit)}
    elif f"per_megapixel_{unit}" in base:
        values |= {
            "kind": "per_megapixel",
            "amount": _write(base[f"per_megapixel_{unit}"], unit),
            "megapixels": base["megapixels"],
            "step": _write(base[f"step_{unit}"], unit),
            "megapixel_px": str(base["megapixel_px"]),
        }
    else:
        tiers = base[f"tiers_{unit}"]
        values |= {
            "kind": "tiers",
            "tier_field": base["tier_field"],
            "tier_default": base["tier_default"],
            "tiers": "\n".join(
                f"{tier} = {_write(tiers[tier], unit)}" for tier in sorted(tiers, key=tiers.__getitem__)
            ),
            "by_edge": "on" if base["is_by_longest_edge"] else "",
        }
    return RuleForm(name, unit, values)


def read_form(posted: Mapping[str, str], *, name: str, unit: Unit) -> tuple[RuleForm, Json]:
    """Read a form: what was typed, and the rule it makes, None where the cost is not known.

    Where something cannot be read the form has faults, and the rule says nothing.
    """
    start = f"{name}-"
    values = {
        key.removeprefix(start): text.replace("\r\n", "\n") for key, text in posted.items() if key.startswith(start)
    }
    form = RuleForm(name, unit, values)
    kind = values.get("kind", "")
    if kind == "unknown" and unit is Unit.MICRODOLLARS:
        return form, None
    if kind == "json":
        return form, _read(form, "json", json.loads)
    rule = {
        "base": _read_base(form, kind),
        "scope": values.get("scope", ""),
        "outputs": [word.strip() for word in values.get("outputs", "").split(",") if word.strip()],
        "multipliers": _read_lines(form, "multipliers", _read_multiplier),
        "surcharges": _read_lines(form, "surcharges", lambda line: _read_surcharge(line, unit)),
    }
    return form, rule


def _read_base(form: RuleForm, kind: str) -> Json:
    unit, values = form.unit, form.values

    def amount(name: str) -> Json:
        return _read(form, name, lambda text: _parse(text, unit))

    match kind:
        case "per_call":
            return {f"per_call_{unit}": amount("amount")}
        case "per_megapixel":
            return {
                f"per_megapixel_{unit}": amount("amount"),
                "megapixels": values.get("megapixels", ""),
                f"step_{unit}": amount("step"),
                "megapixel_px": _read(form, "megapixel_px", lambda text: int(text or MEGAPIXEL)),
            }
        case "tiers":
            pairs = _read_lines(form, "tiers", lambda line: _read_tier(line, unit))
            return {
                "tier_field": values.get("tier_field", "").strip(),
                "tier_default": values.get("tier_default", "").strip(),
                f"tiers_{unit}": dict(pairs),
                "is_by_longest_edge": bool(values.get("by_edge")),
            }
        case _:
            form.faults.setdefault("kind", []).append("Choose how the price is made.")
            return {}


def _read(form: RuleForm, name: str, read: Callable[[str], Json]) -> Json:
    try:
        return read(form.values.get(name, "").strip())
    except json.JSONDecodeError as fault:
        sentence = f"This is not JSON: {fault.msg}, line {fault.lineno}."
    except ValueError as fault:
        sentence = str(fault)
    form.faults.setdefault(name, []).append(sentence)
    return None


def _read_lines(form: RuleForm, name: str, read: Callable[[str], Json]) -> list[Json]:
    found = []
    for number, line in enumerate(form.values.get(name, "").splitlines(), start=1):
        if line.strip():
            try:
                found.append(read(line.strip()))
            except ValueError as fault:
                form.faults.setdefault(name, []).append(f"Line {number}: {fault}")
    return found


def _read_tier(line: str, unit: Unit) -> tuple[str, int]:
    tier, sign, amount = line.rpartition("=")
    if not sign or not tier.strip():
        raise ValueError("Write a tier and its price: 2K = 12.")
    return tier.strip(), _parse(amount.strip(), unit)


def _read_multiplier(line: str) -> Json:
    when, sign, factor = line.rpartition(" x ")
    if not sign:
        raise ValueError("Write what must hold and the factor: resolution=4K x 1.5.")
    return {"when": _read_when(when), "thousandths": _thousandths(factor.strip())}


def _read_surcharge(line: str, unit: Unit) -> Json:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) != 4:
        raise ValueError("Write four parts: Web search | enable_web_search=true | 3 | output_image.")
    label, when, amount, scope = parts
    return {"label": label, "when": _read_when(when), f"amount_{unit}": _parse(amount, unit), "scope": scope}


def _read_when(text: str) -> Json:
    found: dict[str, Json] = {}
    for part in text.split(" and "):
        name, sign, value = part.partition("=")
        if not sign or not name.strip():
            raise ValueError("Write what must hold as input=value.")
        found[name.strip()] = _as_value(value.strip())
    return found


def _as_value(text: str) -> str | int | bool:
    """A value of an input; quotes keep a number or a truth value a text."""
    if text in {"true", "false"}:
        return text == "true"
    if text.lstrip("-").isdecimal():
        return int(text)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _write_when(when: Mapping[str, Json]) -> str:
    return " and ".join(f"{name}={_write_value(value)}" for name, value in when.items())


def _write_value(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) and _as_value(value) != value else str(value)


def _write_surcharge(one: Json, unit: Unit) -> str:
    return f"{one['label']} | {_write_when(one['when'])} | {_write(one[f'amount_{unit}'], unit)} | {one['scope']}"


def _write(amount: int, unit: Unit) -> str:
    written = format_credits(amount) if unit is Unit.MILLICREDITS else format_usd(amount)
    return written.replace(",", "")


def _parse(text: str, unit: Unit) -> int:
    if unit is Unit.MICRODOLLARS:
        return _dollars(text)
    try:
        return from_credits(text)
    except ValueError as fault:
        raise ValueError("An amount of credits, with at most three decimals.") from fault


def _dollars(text: str) -> int:
    try:
        return from_usd(text)
    except ValueError as fault:
        raise ValueError("An amount of dollars, with at most six decimals.") from fault


def _thousandths(text: str) -> int:
    parts = Decimal(text) * PARTS if text.replace(".", "", 1).isdecimal() else Decimal("NaN")
    if not parts.is_finite() or parts != parts.to_integral_value():
        raise ValueError("A factor is a number with at most three decimals.")
    return int(parts)
