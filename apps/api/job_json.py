"""Jobs as JSON: plain functions over rows that are fetched in three queries, whatever their number."""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import F, OuterRef, QuerySet, Subquery

from apps.accounts.tenancy import Workspace
from apps.api.answers import Json, absolute, timestamp
from apps.ids import to_public
from apps.jobs.models import Attempt, Job, Output, Parent
from apps.jobs.states import ENDED, State, public_status
from apps.ledger.amounts import to_credits
from apps.library import storage

Values = Mapping[str, Any]  # one row as .values() gives it

_ATTEMPTS: Final = Attempt.objects.filter(job=OuterRef("pk")).order_by("-submitted_at", "-pk")
_COLUMNS: Final = (
    "id", "ai_model_id", "state", "inputs", "effective_inputs", "warnings", "is_mock", "is_kept", "retry_of_id",
    "batch_id", "metadata", "error", "quoted_mc", "charged_mc", "created_at", "started_at", "delivered_at", "ended_at",
    "cancel_requested_at",
)  # fmt: skip
_JOINED: Final = {
    "provider_name": F("ai_model__provider__name"),
    "project_name": F("project__name"),
    "price_number": F("price_version__number"),
    "hold_mc": F("hold__amount_mc"),
    "captured_mc": F("hold__captured_mc"),
    "released_mc": F("hold__released_mc"),
    "provider_model": Subquery(_ATTEMPTS.values("provider_model")[:1]),
    "reference": Subquery(_ATTEMPTS.values("reference")[:1]),
}
_ASSET_COLUMNS: Final = (
    "storage_key", "thumbnail_key", "content_type", "width", "height", "size_bytes", "blurhash", "sha256",
    "duration_ms", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with everything that its JSON tells."""

    values: Values
    outputs: Sequence[Values]
    parents: Sequence[tuple[str, UUID]]  # (role, asset)

    @property
    def has_ended(self) -> bool:
        return State(self.values["state"]) in ENDED

    @property
    def held_mc(self) -> int:
        """What is still set aside."""
        held: int = (
            (self.values["hold_mc"] or 0) - (self.values["captured_mc"] or 0) - (self.values["released_mc"] or 0)
        )
        return held


def jobs_of(workspace: Workspace) -> QuerySet[Job]:
    """Start from a workspace's jobs; filter further, then ``fetch``."""
    return Job.objects.for_workspace(workspace)


def fetch(jobs: QuerySet[Job]) -> list[JobRow]:
    """Read these jobs, their outputs and their parents."""
    rows = list(jobs.values(*_COLUMNS, **_JOINED))
    ids = [row["id"] for row in rows]
    outputs: defaultdict[UUID, list[Values]] = defaultdict(list)
    parents: defaultdict[UUID, list[tuple[str, UUID]]] = defaultdict(list)
    if ids:
        of_assets = {name: F(f"asset__{name}") for name in _ASSET_COLUMNS}
        for output in (
            Output.objects.filter(job__in=ids).order_by("job", "index").values("job_id", "asset_id", **of_assets)
        ):
            outputs[output["job_id"]].append(output)
        given = Parent.objects.filter(job__in=ids).order_by("job", "position")
        for job_id, role, asset_id in given.values_list("job_id", "role", "asset_id"):
            parents[job_id].append((role, asset_id))
    return [JobRow(row, outputs[row["id"]], parents[row["id"]]) for row in rows]


def job_json(job: JobRow, *, now: datetime, is_whole: bool = True) -> Json:
    """Write a job as the contract has it; links to files are signed afresh each time.

    Pictures of ``sync_mode`` jobs stand in the answer itself, as data URIs; in a list, where ``is_whole`` is False,
    they are left out.
    """
    row, public_id = job.values, to_public("job", job.values["id"])
    outputs = [_output_json(output, is_kept=row["is_kept"], is_whole=is_whole) for output in job.outputs]
    links_end = now + timedelta(seconds=settings.EASEL_SIGNED_URL_SECONDS)
    return {
        "id": public_id,
        "object": "job",
        "model": row["ai_model_id"],
        "status": public_status(State(row["state"])),
        "input": row["inputs"],
        "effective_input": row["effective_inputs"],
        "warnings": row["warnings"],
        "outputs": outputs,
        "credits": {
            "quoted": to_credits(row["quoted_mc"]),
            "held": to_credits(job.held_mc),
            "charged": to_credits(row["charged_mc"]),
            "released": to_credits(row["released_mc"] or 0),
        },
        "price_version": row["price_number"],
        "provider": {
            "name": row["provider_name"],
            "model": row["provider_model"] or None,
            "request_id": row["reference"] or None,
        },
        "mock": row["is_mock"],
        "retry_of": to_public("job", row["retry_of_id"]) if row["retry_of_id"] else None,
        "parents": [{"asset": to_public("asset", asset_id), "role": role} for role, asset_id in job.parents],
        "batch": to_public("batch", row["batch_id"]) if row["batch_id"] else None,
        "project": row["project_name"],
        "metadata": row["metadata"],
        "error": row["error"],
        "timings": _timings(row),
        "created_at": timestamp(row["created_at"]),
        "started_at": timestamp(row["started_at"]),
        "ended_at": timestamp(row["ended_at"]),
        "cancel_requested_at": timestamp(row["cancel_requested_at"]),
        "expires_at": timestamp(links_end) if any(output["url"] for output in outputs) and row["is_kept"] else None,
        "urls": {
            "self": absolute(f"/v1/jobs/{public_id}"),
            "cancel": absolute(f"/v1/jobs/{public_id}/cancel"),
            "events": None,  # until there is a stream of them
        },
    }


def _output_json(output: Values, *, is_kept: bool, is_whole: bool) -> Json:
    inline = _data_uri(output) if is_whole and not is_kept else None
    return {
        "id": to_public("out", output["asset_id"]),
        "asset": to_public("asset", output["asset_id"]),
        "url": file_url(output["storage_key"], output["name"]) if is_kept else inline,
        "thumbnail_url": file_url(output["thumbnail_key"]) if is_kept else None,
        "content_type": output["content_type"],
        "width": output["width"],
        "height": output["height"],
        "bytes": output["size_bytes"],
        "duration_s": seconds(output["duration_ms"]),
        "blurhash": output["blurhash"] or None,
        "sha256": output["sha256"],
    }


def file_url(key: str, name: str | None = None) -> str | None:
    """A link that answers without an API key until it expires, under ``name`` if saved; None when the file is gone."""
    if not key:
        return None
    return absolute(storage.signed_url(key, expires_in=settings.EASEL_SIGNED_URL_SECONDS, filename=name))


def seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _data_uri(output: Values) -> str | None:
    """The picture itself, for ``sync_mode``; None once its file is gone."""
    if not output["storage_key"]:
        return None
    with storage.open(output["storage_key"]) as file:
        return f"data:{output['content_type']};base64,{base64.b64encode(file.read()).decode()}"


def _timings(row: Values) -> Json:
    """How long each part took; None where it has not ended. A job that failed has no time of storing."""
    delivered_at = row["delivered_at"] or (row["ended_at"] if row["started_at"] else None)
    return {
        "queued_ms": _milliseconds(row["created_at"], row["started_at"]),
        "provider_ms": _milliseconds(row["started_at"], delivered_at),
        "ingest_ms": _milliseconds(row["delivered_at"], row["ended_at"]),
        "total_ms": _milliseconds(row["created_at"], row["ended_at"]),
    }


def _milliseconds(begin: datetime | None, end: datetime | None) -> int | None:
    return round((end - begin).total_seconds() * 1000) if begin and end else None
