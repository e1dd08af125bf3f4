"""Random inputs that a model's schema takes, made from the schema itself; and random JSON that none takes."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from apps.catalog.limits import MAX_EDGE
from apps.catalog.spec import TRUNCATE, ModelSpec

_SOURCES = [f"https://example.com/{number}.png" for number in range(1, 16)]
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=3, max_size=40)


def valid_inputs(spec: ModelSpec) -> st.SearchStrategy[dict[str, Any]]:
    """Every required field, and any of the others that may come with them."""
    required = set(spec.schema.get("required", []))
    fields = {name: _values(schema) for name, schema in spec.properties.items()}
    drawn = st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )
    ways = [set(way["required"]) for way in spec.schema.get("anyOf", [])]
    return drawn.map(lambda values: _without_the_lonely(values, spec.schema.get("dependentRequired", {}))).filter(
        lambda values: not ways or any(way <= set(values) for way in ways)
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


def _without_the_lonely(values: dict[str, Any], needs: Mapping[str, list[str]]) -> dict[str, Any]:
    """Leave out the fields whose companions are not there."""
    return {name: value for name, value in values.items() if set(needs.get(name, [])) <= set(values)}


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
            most = schema.get("maximum", MAX_EDGE if low == 1 else None)  # an open size is bounded all the same
            return st.integers(low, most).filter(lambda value: abs(value) < 2**63)
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
        case "array":
            most = schema.get("maxItems", 15 if TRUNCATE in schema else 10)
            return st.lists(_values(schema["items"]), min_size=schema["minItems"], max_size=most)
        case "object":
            return st.fixed_dictionaries({key: _values(inner) for key, inner in schema["properties"].items()})
        case _ if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True)
        case _:
            return st.sampled_from(_SOURCES) if schema.get("format") == "uri" else _WORDS
