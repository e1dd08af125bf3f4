"""Pictures that a person gives a model: taken in from their disk, or taken out of their slot again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.actor import Actor
from apps.catalog.spec import ModelSpec, picture_fields
from apps.errors import DomainError
from apps.library import uploads
from apps.studio.fields import label_of, types_of

FILES: Final = ".files"  # the file input of a field is called like the field, with this behind
DROP: Final = "drop"  # the button that takes a picture out; its value is «field:position»

_NAME_LENGTH: Final = 120  # of an uploaded file's name; its end is kept, where the extension is


def rearranged(
    *, request: HttpRequest, actor: Actor, spec: ModelSpec, inputs: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:  # JSON
    """Apply what was done to the slots: files are stored and join the inputs, a dropped picture leaves them.

    Returns the inputs, and for each file that was not taken the reason.
    """
    arranged, faults = dict(inputs), []
    for name in picture_fields(spec.schema):
        is_list = "array" in types_of(spec.properties[name])
        sources = _sources(arranged.pop(name, None))
        _drop(sources, name, request.POST.get(DROP, ""))
        for file in request.FILES.getlist(name + FILES):
            limit = spec.properties[name].get("maxItems") if is_list else 1
            if limit is not None and len(sources) >= limit:
                faults.append(f"{file.name}: {label_of(name)} holds {limit} at most.")
                continue
            try:
                asset = uploads.receive(
                    workspace=actor.workspace,
                    file=file,
                    name=(file.name or "picture")[-_NAME_LENGTH:],
                    created_by_id=actor.user_id,
                    max_bytes=settings.EASEL_MAX_UPLOAD_BYTES,
                    now=now,
                )
            except DomainError as refusal:
                faults.append(f"{file.name}: {refusal}")
            else:
                sources.append(asset.public_id)
        if sources:
            arranged[name] = sources if is_list else sources[0]
    return arranged, tuple(faults)


def _sources(value: Any) -> list[str]:  # JSON
    return list(value) if isinstance(value, list) else [value] if isinstance(value, str) else []


def _drop(sources: list[str], name: str, wanted: str) -> None:
    field, _, position = wanted.partition(":")
    if field == name and position.isdecimal() and int(position) < len(sources):
        del sources[int(position)]
