"""Random inputs that a model's schema takes, made from the schema itself; and random JSON that none takes."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from apps.catalog.spec import ModelSpec

_SOURCES = [f"https://example.com/{number}.png" for number in range(1, 16)]
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=3, max_size=40)


def valid_inputs(spec: ModelSpec) -> st.SearchStrategy[dict[str, Any]]:
    """Every required field, and any of the others."""
    required = set(spec.schema["required"])
    fields = {name: _values(schema) for name, schema in spec.properties.items()}
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )


def anything() -> st.SearchStrategy[Any]:
    """What a hostile caller may send as one value, and what JSON cannot even say."""
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from([10**400, -(10**400), 2**63, -(2**63), 0, -1])
        | st.floats()
        | st.text(st.characters(), max_size=20)
        | st.sampled_from(
            [
                "",
                "\x00",
                "\ud800",
                "‮",
                "\x1b[2J",
                "a" * 60_000,
                "data:",
                "data:image/png;base64,",
                "http://x",
                "https://[",
            ]
        )
        | st.binary(max_size=4)
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.tuples(inner)
            | st.dictionaries(
                st.text(max_size=8) | st.sampled_from(["width", "height"]) | st.integers(), inner, max_size=4
            )
        ),
        max_leaves=12,
    )


def _values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of([_values(branch) for branch in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(name, schema) for name in types])


def _of_type(name: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    match name:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            low = schema["exclusiveMinimum"] + 1 if "exclusiveMinimum" in schema else schema.get("minimum")
            return st.integers(low, schema.get("maximum")).filter(lambda value: abs(value) < 2**63)
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
        case "array":
            return st.lists(_values(schema["items"]), min_size=schema["minItems"], max_size=schema.get("maxItems", 15))
        case "object":
            return st.fixed_dictionaries({key: _values(inner) for key, inner in schema["properties"].items()})
        case _:
            return st.sampled_from(_SOURCES) if schema.get("format") == "uri" else _WORDS
