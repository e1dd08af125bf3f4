"""Pictures that a person gives a model: taken in from their disk, or taken out of their slot again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.actor import Actor
from apps.catalog.spec import ModelSpec, picture_fields
from apps.errors import DomainError
from apps.library import sharpness, storage, uploads
from apps.studio.fields import label_of, types_of

FILES: Final = ".files"  # the file input of a field is called like the field, with this behind
DROP: Final = "drop"  # the button that takes a picture out; its value is «field:position»

_NAME_LENGTH: Final = 120  # of an uploaded file's name; its end is kept, where the extension is


@dataclass(frozen=True, slots=True)
class Arranged:
    """The inputs after the slots were seen to."""

    inputs: dict[str, Any]  # JSON
    faults: tuple[str, ...] = ()  # for each file that was not taken, the reason
    blurred: frozenset[str] = frozenset()  # of the files that were taken, those without a sharp edge


def rearranged(
    *, request: HttpRequest, actor: Actor, spec: ModelSpec, inputs: Mapping[str, Any], now: datetime
) -> Arranged:
    """Apply what was done to the slots: files are stored and join the inputs, a dropped picture leaves them."""
    arranged, faults, blurred = dict(inputs), [], set()
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
                with storage.open(asset.thumbnail_key) as thumbnail:
                    is_blurred = sharpness.looks_blurred(thumbnail)
            except DomainError as refusal:
                faults.append(f"{file.name}: {refusal}")
            else:
                sources.append(asset.public_id)
                blurred |= {asset.public_id} if is_blurred else set()
        if sources:
            arranged[name] = sources if is_list else sources[0]
    return Arranged(arranged, tuple(faults), frozenset(blurred))


def _sources(value: Any) -> list[str]:  # JSON
    return list(value) if isinstance(value, list) else [value] if isinstance(value, str) else []


def _drop(sources: list[str], name: str, wanted: str) -> None:
    field, _, position = wanted.partition(":")
    if field == name and position.isdecimal() and int(position) < len(sources):
        del sources[int(position)]
