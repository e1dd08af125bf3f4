"""The fake's memory: objects by id, lists of them, what may be expanded, and the events that tell of changes."""

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import stripe

from tests.emulators.stripe.annotations import OBJECTS, choices, fields
from tests.emulators.stripe.cards import Card
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.validation import blank, find_faults

DAY: Final = 86_400
_LENGTH: Final = {"cs_test": 58}
_NO_LIVEMODE: Final = frozenset({"balance_transaction", "refund", "item"})
_PAGING: Final = frozenset({"limit", "starting_after", "ending_before", "expand", "created", "types"})


class Store:
    """All objects of one account. Whoever reads or writes holds ``lock``.

    ``problems`` are faults of the fake itself: objects that the SDK's annotations do not know like that.
    """

    def __init__(self, *, clock: Callable[[], float], announce: Callable[[Json], None]) -> None:
        self.lock = threading.RLock()
        self.objects: dict[str, Json] = {}
        self.cards: dict[str, Card] = {}  # by payment method
        self.detached: set[str] = set()  # payment methods that nobody can charge any more
        self.line_items: dict[str, list[Json]] = {}  # by checkout session
        self.intent_data: dict[str, Json] = {}  # by checkout session: what its payment will have
        self.problems: list[str] = []
        self.base_url = ""
        self.tax_percent = 0  # added to the price where automatic tax is on
        self.search_lag_seconds = 0  # search finds nothing younger, as Stripe's is behind by up to a minute
        self.request: Json = {"id": None, "idempotency_key": None}
        self._clock = clock
        self._announce = announce

    def now(self) -> int:
        return int(self._clock())

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{(uuid4().hex + uuid4().hex)[: _LENGTH.get(prefix, 24)]}"

    def add(self, name: str, prefix: str, /, **values: object) -> Json:
        """Make an object; what is not given is null."""
        made = {"id": self.new_id(prefix), "object": name, "created": self.now(), **blank(name)}
        if name not in _NO_LIVEMODE:
            made["livemode"] = False
        if "metadata" in fields(OBJECTS[name]):
            made["metadata"] = {}
        made.update(values)
        self.objects[made["id"]] = made
        return made

    def get(self, name: str, object_id: str, param: str = "id") -> Json:
        """Find an object.

        :raises Refusal: there is none of this kind.
        """
        found = self.objects.get(object_id)
        if found is None or found["object"] != name or (name == "event" and self.now() - found["created"] > 30 * DAY):
            raise Refusal.missing(name.replace(".", " "), object_id, param)
        return found

    def all_of(self, name: str, /, **values: object) -> list[Json]:
        """List the objects of a kind that have these values, newest first."""
        found = (one for one in reversed(self.objects.values()) if one["object"] == name)
        return [one for one in found if all(one.get(field) == value for field, value in values.items())]

    def page(self, name: str, params: Mapping[str, Any], url: str) -> Json:
        """Answer a list call: filters by equal fields, by time, and its part of the rows."""
        rows = [one for one in self.all_of(name) if not one.get("deleted") and _is_asked(one, params)]
        if name == "event":
            rows = [one for one in rows if self.now() - one["created"] <= 30 * DAY]
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refusal.of_param("This value must be between 1 and 100 (inclusive).", "limit")
        ids = [one["id"] for one in rows]
        if after := params.get("starting_after"):
            self.get(name, after, "starting_after")
            rows = rows[ids.index(after) + 1 :] if after in ids else []
        elif before := params.get("ending_before"):
            self.get(name, before, "ending_before")
            rows = rows[max(0, ids.index(before) - limit) : ids.index(before)] if before in ids else []
        return listed(rows[:limit], url, has_more=len(rows) > limit)

    def expand(self, found: Json, paths: Sequence[str]) -> Json:
        """Copy an object with the objects behind these fields in place of their ids."""
        copied = copy.deepcopy(found)
        for path in paths:
            self._expand(copied, path.split("."), path)
        return copied

    def emit(self, kind: str, about: Json, /, **previous: object) -> Json:
        """Record an event with a snapshot of the object as it is now, and announce it."""
        faults = list(find_faults(about, OBJECTS[about["object"]], about["object"]))
        self.problems += faults
        data: Json = {"object": copy.deepcopy(about)}
        if previous:
            data["previous_attributes"] = copy.deepcopy(previous)
        event = self.add("event", "evt", type=kind, data=data, api_version=stripe.api_version)
        event.update(request=dict(self.request), pending_webhooks=1)
        self._announce(event)
        return event

    def _expand(self, place: Json, path: Sequence[str], full: str) -> None:
        field, rest = path[0], path[1:]
        if place.get("object") in {"list", "search_result"} and field == "data":
            for one in place["data"]:
                self._expand(one, rest, full)
            return
        if (place.get("object"), field) in _INCLUDED:
            place.setdefault(field, self._include(place, field))
        known = fields(OBJECTS[place["object"]]) if place.get("object") in OBJECTS else place
        is_object = field in known and (place is known or any(isinstance(one, type) for one in choices(known[field])))
        if not is_object or len(path) > 4:
            raise Refusal.of_param(f"This property cannot be expanded ({full}).", "expand")
        inner = place.get(field)
        if isinstance(inner, str) and inner in self.objects:
            inner = place[field] = copy.deepcopy(shown(self.objects[inner]))
        if rest and isinstance(inner, dict):
            self._expand(inner, rest, full)

    def _include(self, place: Json, field: str) -> Json:
        rows = {
            "line_items": lambda: self.line_items[place["id"]],
            "refunds": lambda: self.all_of("refund", charge=place["id"]),
            "payments": lambda: self.all_of("invoice_payment", invoice=place["id"]),
        }[field]()
        return listed(copy.deepcopy(rows), f"{_INCLUDED[place['object'], field]}/{place['id']}/{field}")


_INCLUDED: Final[Mapping[tuple[object, str], str]] = {
    ("checkout.session", "line_items"): "/v1/checkout/sessions",
    ("charge", "refunds"): "/v1/charges",
    ("invoice", "payments"): "/v1/invoices",
}


def shown(found: Json) -> Json:
    """An object as it is answered: of a deleted one only that it was."""
    return {"id": found["id"], "object": found["object"], "deleted": True} if found.get("deleted") else found


def listed(rows: Sequence[Json], url: str, *, has_more: bool = False) -> Json:
    return {"object": "list", "data": list(rows), "has_more": has_more, "url": url}


def merge(old: Mapping[str, str] | None, new: Mapping[str, str] | str | None) -> dict[str, str]:
    """Change metadata as Stripe does: by key, an empty value takes it out, an empty string takes all out."""
    merged = {} if new == "" else {**(old or {}), **(new if isinstance(new, Mapping) else {})}
    return {name: value for name, value in merged.items() if value != ""}


def _is_asked(one: Json, params: Mapping[str, Any]) -> bool:
    created = params.get("created", {})
    bounds = {"gte": created, "lte": created} if isinstance(created, int) else created
    compare = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    if not all(compare[bound](one["created"], value) for bound, value in bounds.items()):
        return False
    if "types" in params and one["type"] not in params["types"]:
        return False
    if "delivery_success" in params and params["delivery_success"] is bool(one["pending_webhooks"]):
        return False
    asked = {name: value for name, value in params.items() if name not in {*_PAGING, "delivery_success"}}
    return all(_matches(one.get(name), value) for name, value in asked.items())


def _matches(found: object, asked: object) -> bool:
    if isinstance(asked, dict):
        return isinstance(found, dict) and all(_matches(found.get(name), value) for name, value in asked.items())
    return found == asked
