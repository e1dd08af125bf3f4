"""Requests and objects held against the SDK's own types, so that both are as the pinned version of the API has them."""

import difflib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, get_args, get_origin
from urllib.parse import parse_qsl

import stripe
from stripe._stripe_object import UntypedStripeObject

from tests.emulators.stripe.annotations import OBJECTS, choices, fields, is_params, literals, unwrap
from tests.emulators.stripe.refusals import Json, Refusal

# What an object has only where it applies, or where it was asked to be expanded; all else that may be null is there.
ABSENT: Final[Mapping[str, frozenset[str]]] = {
    "charge": frozenset(
        {"authorization_code", "level3", "presentment_details", "radar_options", "refunds", "transfer"}
    ),
    "checkout.session": frozenset({"line_items", "optional_items", "presentment_details"})
    | {"allowed_payment_method_types", "excluded_payment_method_types", "name_collection", "managed_payments"},
    "customer": frozenset({"deleted", "sources", "subscriptions", "tax", "tax_ids", "cash_balance"})
    | {"business_name", "individual_name", "invoice_credit_balance"},
    "event": frozenset({"account", "context"}),
    "invoice": frozenset({"deleted", "payments", "confirmation_secret", "amount_paid_off_stripe", "status_details"})
    | {"threshold_reason"},
    "payment_intent": frozenset({"allowed_payment_method_types", "excluded_payment_method_types", "hooks"})
    | {"managed_payments", "payment_details", "payment_record", "presentment_details", "amount_details"},
    "price": frozenset({"deleted", "currency_options", "tiers"}),
    "product": frozenset({"deleted", "tax_details"}),
    "refund": frozenset({"description", "failure_balance_transaction", "failure_reason", "instructions_email"})
    | {"next_action", "pending_reason", "presentment_details"},
    "setup_intent": frozenset({"allowed_payment_method_types", "attach_to_self", "managed_payments"}),
}


def blank(name: str) -> Json:
    """The fields of an object that are null until they have a value; of a payment method, not those of other types."""
    absent = ABSENT.get(name, frozenset())
    is_method = name == "payment_method"
    return {
        field: None
        for field, annotation in fields(OBJECTS[name]).items()
        if type(None) in choices(annotation)
        and field not in absent
        and not (is_method and field not in {"allow_redisplay", "customer", "customer_account"})
    }


def read_form(text: str) -> Json:
    """Read ``a[b][0]=c`` as nested mappings; lists stay mappings of numbers until their type is known."""
    read: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = name.replace("]", "").split("[")
        place = read
        for key, below in zip([first, *rest], rest, strict=False):
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise Refusal.of_param(f"Invalid object: {name} and {below}", name)
        place[rest[-1] if rest else first] = value
    return read


def read_params(kind: type, raw: Json) -> Json:
    """Turn a form into the values that the SDK's type for this call asks for.

    :raises Refusal: as Stripe words it, with the parameter.
    """
    read: Json = _read(kind, raw, "")
    for name, value in (read.get("metadata") or {}).items():
        if len(name) > 40 or len(value) > 500 or len(read["metadata"]) > 50:
            raise Refusal.of_param("Metadata has up to 50 keys of 40 characters, with 500 in a value.", "metadata")
    return read


def find_faults(found: object, kind: Any, path: str) -> Iterator[str]:
    """Find what in an object is not as the SDK's annotations say: unknown, missing or of another type."""
    options = choices(kind)
    named = literals(kind)
    if Any in options:
        return
    if found is None:
        if type(None) not in options:
            yield f"{path} is null"
    elif isinstance(found, dict):
        yield from _find_object_faults(found, options, path)
    elif isinstance(found, list):
        inner = next((get_args(one)[0] for one in options if get_origin(one) is list), None)
        if inner is None:
            yield f"{path} is a list"
        else:
            for number, one in enumerate(found):
                yield from find_faults(one, inner, f"{path}[{number}]")
    elif named and any(named):
        if found not in named:
            yield f"{path} is {found!r}"
    elif (str if Decimal in options and isinstance(found, str) else type(found)) not in (*options, *_decimals(options)):
        yield f"{path} is {found!r}"


def _decimals(options: tuple[Any, ...]) -> tuple[type, ...]:
    return (str,) if Decimal in options else (int,) if float in options else ()


def _find_object_faults(found: Json, options: tuple[Any, ...], path: str) -> Iterator[str]:
    kind = next((one for one in options if isinstance(get_origin(one) or one, type) and _is_object(one)), None)
    if kind is None:
        yield f"{path} is an object"
        return
    origin = get_origin(kind)
    if origin is UntypedStripeObject or kind is UntypedStripeObject:
        for name, value in found.items():
            yield from find_faults(value, (get_args(kind) or (object,))[0], f"{path}.{name}")
        return
    if origin is stripe.ListObject:
        assert found["object"] == "list", path
        yield from find_faults(found["data"], list[get_args(kind)[0]], f"{path}.data")  # type: ignore[misc]  # at run time
        return
    said: Any = found.get("object")  # text, but in the data of an event
    kind = OBJECTS.get(said, kind) if isinstance(said, str) else kind
    known = fields(kind)
    for field in found.keys() - known.keys():
        yield f"{path}.{field} is unknown"
    for field, annotation in known.items():
        if field in found:
            yield from find_faults(found[field], annotation, f"{path}.{field}")
        elif type(None) not in choices(annotation) and not found.get("deleted"):
            yield f"{path}.{field} is missing"


def _is_object(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, stripe.StripeObject)


def _read(annotation: Any, raw: object, path: str) -> Any:
    options = choices(annotation)
    if isinstance(raw, dict):
        return _read_nested(options, raw, path)
    named = literals(annotation)
    if raw in named:
        return raw
    if bool in options and raw in ("true", "false"):
        return raw == "true"
    if int in options and str(raw).lstrip("-").isdecimal():
        return int(str(raw))
    shown = ", ".join(str(one) for one in named if one)
    if str in options and not shown:
        if raw == "":
            text = (
                f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter"
            )
            raise Refusal.of_param(f"{text}; however '{path}' cannot be unset.", path, "parameter_invalid_empty")
        return raw
    if Decimal in options:
        return Decimal(str(raw))
    if shown:
        raise Refusal.of_param(f"Invalid {path}: must be one of {shown}", path)
    word = {int: "integer", bool: "boolean", str: "string"}.get(
        options[0], "object" if is_params(options[0]) else "array"
    )
    code = "parameter_invalid_integer" if word == "integer" else None
    raise Refusal.of_param(f"Invalid {word}: {raw}", path, code)


def _read_nested(options: tuple[Any, ...], raw: Json, path: str) -> Any:
    for kind in options:
        origin, inside = get_origin(kind), get_args(kind)
        if is_params(kind):
            return _read_mapping(kind, raw, path)
        if origin is list:
            keys = sorted(raw, key=lambda key: int(key or 0))
            return [_read(inside[0], raw[key], f"{path}[{key}]") for key in keys]
        if origin is dict:
            # An empty value takes a key out of the metadata, so it is one.
            return {name: value and _read(inside[1], value, f"{path}[{name}]") for name, value in raw.items()}
    raise Refusal.of_param(f"Invalid string: {raw}", path)


def _read_mapping(kind: type, raw: Json, path: str) -> Json:
    known = fields(kind)
    for name in raw:
        if name not in known:
            full = f"{path}[{name}]" if path else name
            near = difflib.get_close_matches(name, known, 1)
            hint = f". Did you mean {near[0]}?" if near else ""
            raise Refusal.of_param(f"Received unknown parameter: {full}{hint}", full, "parameter_unknown")
    read = {}
    for name, annotation in known.items():
        full = f"{path}[{name}]" if path else name
        inner, is_required = unwrap(annotation)
        if name in raw:
            read[name] = _read(inner, raw[name], full)
        elif is_required:
            raise Refusal.of_param(f"Missing required param: {full}.", full, "parameter_missing")
    return read
