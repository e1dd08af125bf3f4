"""A new model from a pasted file: its row, its endpoints and its price as a draft, all of them or nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import yaml
from django.db import transaction

from apps.catalog.checks.shapes import shape_problems
from apps.catalog.editing import InvalidModel, add_model
from apps.catalog.endpoints import add_endpoint
from apps.catalog.files.prices import cost_rule, price_rule
from apps.catalog.models import AIModel
from apps.catalog.price_changes import draft_price

_OF_FILES = {"format": "format_map"}  # key of a file → column
_APART = frozenset({"price", "cost", "endpoints"})


@transaction.atomic
def add_from_file(text: str, *, editor_id: UUID, now: datetime) -> AIModel:
    """Add a model from YAML or JSON in the form of the catalogue's files. It is off, its price a draft.

    :raises InvalidModel: the text cannot be read, or what it says is wrong; nothing is saved.
    """
    data = _read(text)
    if problems := shape_problems(data):
        raise InvalidModel(problems)
    columns = {_OF_FILES.get(name, name): value for name, value in data.items() if name not in _APART}
    columns["price_status"] = data["price"]["status"]
    ai_model: AIModel = add_model(data=columns, editor_id=editor_id, now=now)
    for endpoint in data["endpoints"]:
        add_endpoint(ai_model_id=ai_model.pk, data=endpoint, editor_id=editor_id, now=now)
    draft_price(
        ai_model_id=ai_model.pk,
        sell_rule=price_rule(data["price"]).to_json(),
        cost_rule=cost_rule(data["cost"]).to_json() if data["cost"] else None,
        note="From the pasted file",
        editor_id=editor_id,
        now=now,
    )
    return ai_model


def _read(text: str) -> Mapping[str, Any]:
    try:
        data = yaml.load(text, Loader=yaml.CSafeLoader)  # a safe loader, in C
    except yaml.MarkedYAMLError as fault:
        line = f", line {fault.problem_mark.line + 1}" if fault.problem_mark else ""
        raise InvalidModel([("file", f"It cannot be read: {fault.problem}{line}.")]) from fault
    except yaml.YAMLError as fault:
        raise InvalidModel([("file", "It cannot be read: it is neither YAML nor JSON.")]) from fault
    if not isinstance(data, dict):
        raise InvalidModel([("file", "A model's file is an object: id, name, developer and the rest.")])
    return data
