"""The types of the API, read from the annotations of the SDK: classes of parameters and of objects."""

import builtins
import functools
import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, Union, get_args, get_origin

import stripe
import typing_extensions
from stripe import billing_portal, checkout, radar
from typing_extensions import is_typeddict

OBJECTS: Final[Mapping[str, type]] = {
    kind.OBJECT_NAME: kind
    for kind in (
        stripe.BalanceTransaction,
        stripe.Charge,
        stripe.Customer,
        stripe.Dispute,
        stripe.Event,
        stripe.Invoice,
        stripe.InvoiceLineItem,
        stripe.InvoicePayment,
        stripe.LineItem,
        stripe.PaymentIntent,
        stripe.PaymentMethod,
        stripe.Price,
        stripe.Product,
        stripe.Refund,
        stripe.SetupIntent,
        billing_portal.Session,
        checkout.Session,
        radar.EarlyFraudWarning,
    )
}


class _Names(Mapping[str, Any]):  # Any: whatever a name stands for
    """The names that the annotations of a class may use: its own, its module's, and all that the SDK offers."""

    def __init__(self, kind: type) -> None:
        self._places = [vars(kind), vars(sys.modules[kind.__module__]), vars(typing), vars(builtins)]

    def __getitem__(self, name: str) -> Any:
        for place in self._places:
            if name in place:
                return place[name]
        # Else a class of a resource, or a module's alias of one that this fake never returns.
        return getattr(stripe, name, stripe.StripeObject)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@functools.cache
def fields(kind: type) -> Mapping[str, Any]:
    """Read the fields of a class as ``{name: annotation}``, ``NotRequired`` and all."""
    names = _Names(kind)
    read: dict[str, Any] = {}
    annotation: Any
    for name, annotation in inspect.get_annotations(kind).items():
        is_option = is_typeddict(kind) and name in stripe.RequestOptions.__annotations__
        if is_option or get_origin(annotation) is typing.ClassVar:
            continue
        read[name] = resolve(annotation, names)
    return read


def resolve(annotation: Any, names: Mapping[str, Any]) -> Any:
    """Replace the names in an annotation by what they stand for, one level deep for classes."""
    if isinstance(annotation, str | typing.ForwardRef):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        return resolve(eval(text, {}, names), names)  # the SDK's own annotations
    origin = get_origin(annotation)
    if origin is None or origin is Literal:
        return annotation
    parts = tuple(resolve(part, names) for part in get_args(annotation))
    if origin in (Union, types.UnionType):
        return Union[parts]  # noqa: UP007  # of as many as there are
    return origin[parts if len(parts) > 1 else parts[0]]


def unwrap(annotation: Any) -> tuple[Any, bool]:
    """Take ``NotRequired`` off; say whether it must be there."""
    if get_origin(annotation) is typing_extensions.NotRequired:
        return get_args(annotation)[0], False
    return annotation, True


def choices(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, a lone type as one."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def literals(annotation: Any) -> list[Any]:
    """The values that a type names; the SDK writes a closed set as ``Literal[...] | str``."""
    named = (get_args(one) for one in choices(annotation) if get_origin(one) is Literal)
    return [value for values in named for value in values]


def is_params(annotation: Any) -> bool:
    return is_typeddict(annotation)
