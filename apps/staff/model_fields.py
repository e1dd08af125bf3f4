"""The fields of a model's form: what each is called, how it is written down, how it is read back. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from apps.catalog.models import Kind, Lifecycle, Mode, PriceStatus, Stage

Json = Any  # whatever a column holds


class Unreadable(ValueError):
    """A field's text is not what the field holds; the message says what it should be."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field: ``form`` names the control it is shown as."""

    name: str
    label: str
    form: str  # line, text, number, date, choice, lines, json, or capability
    read: Callable[[str], Json]
    write: Callable[[Json], str]
    choices: Sequence[tuple[str, str]] = ()
    help: str = ""
    is_whole: bool = False  # takes the whole width


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    what: str
    columns: tuple[Column, ...]


def read_json(text: str) -> Json:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        raise Unreadable(f"This is not JSON: {fault.msg}, line {fault.lineno}, column {fault.colno}.") from fault


def write_json(value: Json) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def read_span(text: str) -> Json:
    """Read a capability: yes, no, limited, unknown, ``1-4``, or ``2-`` for from two on."""
    word = text.strip().lower()
    named = {"yes": True, "no": False, "limited": "limited", "unknown": None, "": None}
    if word in named:
        return named[word]
    least, dash, most = (part.strip() for part in word.replace("–", "-").partition("-"))  # as typed
    if dash and least.isdecimal() and (not most or most.isdecimal()):
        return {"min": int(least), "max": int(most) if most else None}
    raise Unreadable("Write yes, no, limited, unknown, or a range such as 1-4 or 2-.")


def write_span(value: Json) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case None:
            return "unknown"
        case {"min": least, "max": most}:
            return f"{least}-{most or ''}"
        case _:
            return str(value)


def _read_number(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError as fault:
        raise Unreadable("This is a whole number.") from fault


def _read_date(text: str) -> str | None:
    try:
        return date.fromisoformat(text.strip()).isoformat() if text.strip() else None
    except ValueError as fault:
        raise Unreadable("This is a date, such as 2026-12-31.") from fault


def _read_text(text: str) -> str | None:
    return text.strip() or None


def _write_text(value: Json) -> str:
    return value or ""


def _read_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _line(name: str, label: str, help: str = "", *, is_whole: bool = False) -> Column:
    return Column(name, label, "line", str.strip, str, help=help, is_whole=is_whole)


def _number(name: str, label: str, help: str = "") -> Column:
    return Column(name, label, "number", _read_number, lambda value: "" if value is None else str(value), help=help)


def _choice(name: str, label: str, choices: Sequence[tuple[str, str]], help: str = "") -> Column:
    return Column(name, label, "choice", str.strip, str, tuple(choices), help)


def _lines(name: str, label: str, help: str = "One a line.") -> Column:
    return Column(name, label, "lines", _read_lines, "\n".join, help=help)


def _json(name: str, label: str, help: str, empty: Json = None) -> Column:
    def read(text: str) -> Json:
        value = read_json(text)
        return empty if value is None else value

    return Column(name, label, "json", read, write_json, help=help, is_whole=True)


_TIERS: Final = [("", "None"), ("recommended", "Recommended"), ("supported", "Supported")]
_PRESETS: Final = [("", "None"), ("draft", "Draft"), ("fine", "Fine"), ("photo", "Photo")]
_CAPABILITIES: Final = (
    "text_to_image",
    "single_edit",
    "multi_image",
    "mask_edit",
    "background_removal",
    "aspect_ratio",
    "variants",
    "upscaling",
    "native_audio",
    "web_search",
)

SECTIONS: Final = (
    Section(
        "Identity",
        "What it is called and where it stands.",
        (
            _line("name", "Name"),
            _line("developer", "Developer"),
            _choice("provider", "Provider", ()),
            _line("tool", "Family", "Models of one family are switched off together."),
            _choice("stage", "Stage", Stage.choices),
            _choice("kind", "Kind", Kind.choices),
            _lines("also_kinds", "Further kinds", f"One a line: {', '.join(Kind.values)}."),
            _number("position", "Place in lists"),
            _choice("support_tier", "Support", _TIERS),
            _line("consistency", "Consistency", "How well it keeps a face or a look."),
            _json("external_ids", "External ids", "What other APIs call it: an object of texts.", {}),
        ),
    ),
    Section(
        "What is said of it",
        "Shown on the model's page, in the picker and in the comparison.",
        (
            _line("best_for", "Best for", is_whole=True),
            _line("verdict", "Verdict", "When to choose it over the others, in one line.", is_whole=True),
            _lines("uses", "Uses"),
            _lines("tags", "Tags"),
            _json("summary", "Summary", "An object of strength, moment and value, a line each; empty for none."),
            _json("use_cases", "Use cases", "Use case to rank among the models that fit it; 1 is first.", {}),
            _json("sample_prompts", "Sample prompts", "A list of title, prompt and inputs.", []),
        ),
    ),
    Section(
        "Capabilities",
        "yes, no, limited, unknown, or from how many to how many: 1-4.",
        (
            _number("max_references", "Most references", "Empty: as many as one likes."),
            _line("max_resolution", "Largest size"),
        ),
    ),
    Section(
        "Inputs",
        "The schema decides what a request may say; formats and limits must fit it.",
        (
            _json("schema", "Schema", "JSON Schema 2020-12.", {}),
            _json("format_map", "Formats", "An object of field, map and default; empty where there is none."),
            _json("limits", "Limits", "Rules that a schema cannot say.", {}),
        ),
    ),
    Section(
        "Running and life",
        "",
        (
            _choice("mode", "Mode", Mode.choices),
            _number("timeout_seconds", "Time-out in seconds"),
            _number("average_seconds", "Usual seconds", "Editorial; what is measured stands beside it."),
            _choice("tier_preset", "Preset of the MCP tool", _PRESETS),
            _choice("price_status", "The price is", PriceStatus.choices),
            _json("list_price_usd", "List price", "The provider's own, in dollars, as text."),
            _choice("lifecycle", "Lifecycle", Lifecycle.choices),
            Column("retires_on", "Retires on", "date", _read_date, _write_text),
            Column(
                "successor", "Successor", "line", _read_text, _write_text, help="The id of the model to use instead."
            ),
        ),
    ),
)


def columns_of(values: Mapping[str, Json], section: Section) -> list[Column]:
    """The fields of a section; each capability is one."""
    if section.title != "Capabilities":
        return list(section.columns)
    named = [
        Column(f"capabilities.{name}", name.replace("_", " ").capitalize(), "capability", read_span, write_span)
        for name in dict.fromkeys((*_CAPABILITIES, *sorted(values["capabilities"])))
    ]
    return [*named, *section.columns]


def value_of(values: Mapping[str, Json], name: str) -> Json:
    """What a model's columns hold under a field's name."""
    column, _, key = name.partition(".")
    return values[column].get(key) if key else values[column]


def written(values: Mapping[str, Json], column: Column) -> str:
    """The row's value as the form shows it."""
    return column.write(value_of(values, column.name))


def read_changes(values: Mapping[str, Json], posted: Mapping[str, str]) -> tuple[dict[str, Json], dict[str, list[str]]]:
    """Read a form: (column → new value, of what differs from the row; field → what cannot be read).

    A field that nobody touched changes nothing, however its value is written.
    """
    changes: dict[str, Json] = {}
    faults: dict[str, list[str]] = {}
    capabilities = dict(values["capabilities"])
    for column in (one for section in SECTIONS for one in columns_of(values, section)):
        typed = posted.get(column.name, "").replace("\r\n", "\n")
        if column.name not in posted or typed.strip() == written(values, column).strip():
            continue
        try:
            value = column.read(typed)
        except Unreadable as fault:
            faults[column.name] = [str(fault)]
            continue
        if column.form == "capability":
            capabilities[column.name.partition(".")[2]] = value
        else:
            changes[column.name] = value
    if capabilities != values["capabilities"]:
        changes["capabilities"] = capabilities
    return changes, faults
