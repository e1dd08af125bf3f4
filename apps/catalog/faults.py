"""What is wrong with a customer's inputs, in words that name the field and its limit. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from apps.errors import DomainError
from apps.ids import from_public

_URL_LENGTH: Final = 8192
_NAME_SHOWN: Final = 64  # characters of an unknown parameter's name that are repeated back
_SOURCE_WORDS: Final = "an https address, a data URI of a picture, or an asset id"
_TYPE_WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


class InvalidInputs(DomainError):
    """The inputs do not fit the model. ``details["fields"]`` lists every fault: {path, code, message, allowed}."""

    code = "invalid_input"

    @property
    def reason(self) -> str:
        """The one code that all faults share, such as ``image_too_large``; else ``invalid_input``."""
        codes = {fault["code"] for fault in self.details.get("fields", [])}
        return codes.pop() if len(codes) == 1 else self.code


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place. ``allowed`` is JSON that says what would be right, or None."""

    path: str  # "image_size.width", "image_urls[2]"; empty: the inputs as a whole
    code: str
    message: str
    allowed: Any = None  # a list of values, or {"minimum": …, "maximum": …} and the like
    field: str = ""  # the parameter the fault belongs to

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "code": self.code, "message": self.message, "allowed": self.allowed}


def refusal(faults: Sequence[Fault]) -> InvalidInputs:
    """Make the error that carries these faults."""
    more = f" ({len(faults)} faults in all.)" if len(faults) > 1 else ""
    return InvalidInputs(faults[0].message + more, fields=[fault.to_json() for fault in faults])


def is_picture_source(value: object) -> bool:
    """Whether a text has the form of a picture's source. Nothing is fetched or decoded."""
    if not isinstance(value, str):
        return True  # another keyword speaks about types
    if value.startswith("data:"):
        head, comma, _ = value[:200].partition(",")
        return bool(comma) and head.startswith("data:image/") and head.endswith(";base64") and value.isascii()
    if value.startswith("asset_"):
        return from_public("asset", value) is not None
    return len(value) <= _URL_LENGTH and _is_https(value)


_CHECKER: Final = FormatChecker(formats=())
_CHECKER.checks("uri")(is_picture_source)


def schema_faults(schema: Mapping[str, Any], values: Mapping[str, Any], *, instead: str | None = None) -> list[Fault]:
    """Check values against a model's schema; every fault once, in the order of the schema's fields.

    :param instead: id of the model that takes pictures where this one does not; a message points to it.
    """
    validator = Draft202012Validator(schema, format_checker=_CHECKER)
    found: dict[tuple[str, str], Fault] = {}
    for error in validator.iter_errors(dict(values)):
        for fault in _describe(error, instead):
            found.setdefault((fault.path, fault.code), fault)
    lengths = {fault.path for fault in found.values() if fault.code == "min_length"}
    faults = [fault for fault in found.values() if fault.code != "format" or fault.path not in lengths]
    order = {name: position for position, name in enumerate(schema.get("properties", {}))}
    return sorted(faults, key=lambda fault: order.get(fault.field, len(order)))


def shown(name: object) -> str:
    """Repeat a name from outside safely: short and printable."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(name)[: _NAME_SHOWN + 1])
    return text if len(text) <= _NAME_SHOWN else text[:_NAME_SHOWN] + "…"


def _describe(error: ValidationError, instead: str | None) -> Iterator[Fault]:
    path = _path(error)
    owner = str(error.absolute_path[0]) if error.absolute_path else ""
    value: Any = error.validator_value  # whatever the schema says under the broken keyword
    schema: Any = error.schema  # a schema that breaks is always an object
    given: Any = error.instance  # the caller's JSON
    if error.validator == "required":
        for name in value:
            if name not in given:
                yield Fault(_below(path, name), "required", f"{_below(path, name)} is required.", field=owner or name)
    elif error.validator == "dependentRequired":
        for name, needed in value.items():
            for other in needed:
                if name in given and other not in given:
                    yield Fault(other, "required", f"{other} is required when {name} is given.", field=other)
    elif error.validator == "additionalProperties":
        known = list(schema.get("properties", {}))
        for name in given:
            if name not in known:
                yield _unknown(_below(path, shown(name)), shown(name), known, instead if not path else None, owner)
    elif error.validator in {"anyOf", "oneOf"}:
        yield from _describe_choice(error, path, value, owner, instead)
    else:
        code, words, allowed = _say(str(error.validator), value, schema)
        yield Fault(path, code, f"{path or 'The inputs'} {words}.", allowed, field=owner)


def _describe_choice(
    error: ValidationError, path: str, branches: list[Mapping[str, Any]], owner: str, instead: str | None
) -> Iterator[Fault]:
    """Speak about the alternative whose type the caller chose; when it is none of them, name them all."""
    if not path:
        ways = [" with ".join(branch.get("required", [])) for branch in branches]
        yield Fault("", "required", f"Needed: {', or '.join(ways)}.", allowed=ways)
        return
    broken: dict[object, list[ValidationError]] = {}
    for inner in error.context or []:
        broken.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [
        faults
        for faults in broken.values()
        if not any(inner.validator == "type" and not inner.relative_path for inner in faults)
    ]
    if meant:
        for inner in meant[0]:
            yield from _describe(inner, instead)
        return
    names = [value for branch in branches for value in branch.get("enum", [])]
    words = [f"one of {', '.join(map(str, names))}"] if names else []
    words += [_shape(branch) for branch in branches if "enum" not in branch]
    yield Fault(path, "type", f"{path} must be {', or '.join(words)}.", names or None, field=owner)


def _say(keyword: str, value: Any, schema: Mapping[str, Any]) -> tuple[str, str, Any]:  # a keyword's value is any JSON
    """Put a broken keyword into words: (code, what must hold, the allowed values as JSON)."""
    match keyword:
        case "type":
            return "type", f"must be {_shape(schema)}", schema.get("enum")
        case "enum":
            return (
                "enum",
                f"must be one of {', '.join('null' if one is None else str(one) for one in value)}",
                list(value),
            )
        case "minimum":
            return "minimum", f"must be at least {value}{_up_to(schema)}", _range(schema)
        case "maximum":
            return "maximum", f"must be at most {value}", _range(schema)
        case "exclusiveMinimum":
            return "minimum", f"must be more than {value}{_up_to(schema)}", _range(schema)
        case "exclusiveMaximum":
            return "maximum", f"must be less than {value}", _range(schema)
        case "minLength":
            return (
                "min_length",
                "must not be empty" if value == 1 else f"must have at least {value} characters",
                {"min_length": value},
            )
        case "maxLength":
            return "max_length", f"must have at most {value:,} characters", {"max_length": value}
        case "minItems":
            return "min_items", f"must hold at least {value}", {"min_items": value}
        case "maxItems":
            return "max_items", f"must hold at most {value}", {"max_items": value}
        case "format":
            return "format", f"must be {_SOURCE_WORDS}", None
        case "pattern":
            examples = schema.get("examples")
            return "pattern", f"must look like {examples[0]}" if examples else f"must match {value}", examples
        case _:
            return keyword.lower(), "is not accepted", None


def _unknown(path: str, name: str, known: list[str], instead: str | None, owner: str) -> Fault:
    message = f"{path} is not a parameter of this model."
    if instead and name.startswith(("image", "mask")):
        message = f"{path} is not taken here: this model works from text only. To edit pictures use {instead}."
    return Fault(path, "unknown_parameter", message, known, field=owner)


def _shape(schema: Mapping[str, Any]) -> str:
    """Say what a value may be, from its schema's type."""
    types = schema.get("type", "string")
    names = [types] if isinstance(types, str) else list(types)
    if schema.get("format") == "uri":
        return " or ".join([_SOURCE_WORDS, *(["null"] if "null" in names else [])])
    if names == ["object"] and "properties" in schema:
        return f"an object with {' and '.join(schema['properties'])}"
    return " or ".join(_TYPE_WORDS[name] for name in names)


def _range(schema: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "minimum": "minimum",
        "exclusiveMinimum": "more_than",
        "maximum": "maximum",
        "exclusiveMaximum": "less_than",
    }
    return {word: schema[keyword] for keyword, word in names.items() if keyword in schema}


def _up_to(schema: Mapping[str, Any]) -> str:
    return f" and at most {schema['maximum']}" if "maximum" in schema else ""


def _path(error: ValidationError) -> str:
    path = ""
    for step in error.absolute_path:
        path = f"{path}[{step}]" if isinstance(step, int) else _below(path, shown(step))
    return path


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_https(text: str) -> bool:
    if not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # a port that is no number, brackets that do not close
        return False
