"""From what a provider offers to stored pictures and clips: artifact → file → Asset → Output row, once an index."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import IO, Any

import structlog
from django.db import transaction

from apps import outbound
from apps.jobs.limits import DISCARD_AFTER, DOWNLOAD_SECONDS, Limits
from apps.jobs.models import Job, Output
from apps.jobs.states import ENDED
from apps.library import clips, media, storage, uploads
from apps.library.models import Asset, Origin
from apps.providers.contract import Artifact

log = structlog.get_logger(__name__)


class NotFetched(Exception):
    """A result could not be had just now; later it may."""


def spool(*, job: Job, artifacts: Sequence[Artifact]) -> list[dict[str, Any]]:
    """Make what a provider offers safe to keep: bytes go to storage, addresses stay addresses. Order is kept.

    Returns ``{url, content_type}`` or ``{key, content_type}`` each. Written again after a crash, the same keys hold the
    same bytes.
    """
    return [_spooled(job, index, artifact) for index, artifact in enumerate(artifacts)]


def store(*, job: Job, artifacts: Sequence[Mapping[str, Any]], limits: Limits, now: datetime) -> int:
    """Store every artifact that is what was planned and is not stored yet; return how many outputs the job has then.

    An artifact that is gone, too large or not what it claims is passed over: it was not delivered.

    :raises NotFetched: the provider's file server did not answer; ask again.
    :raises StorageUnavailable: our own storage did not take the file; ask again.
    """
    stored = set(job.outputs.values_list("index", flat=True))
    for index, artifact in enumerate(artifacts):
        if index in stored:
            continue
        with tempfile.TemporaryFile() as file:
            if _fetch(job, artifact, file, limits) and _keep(job, index, artifact, file, now):
                stored.add(index)
    return len(stored)


def discard_unkept(*, now: datetime, limit: int = 200) -> int:
    """Delete the files of ended ``sync_mode`` jobs; rows keep size and hash. Returns how many files went."""
    gone = Asset.objects.filter(
        pk__in=Output.objects.filter(
            job__is_kept=False, job__state__in=ENDED, job__ended_at__lt=now - DISCARD_AFTER
        ).values("asset")
    ).exclude(storage_key="")
    count = 0
    for asset in gone[:limit]:
        storage.delete(asset.storage_key)
        storage.delete(asset.thumbnail_key)
        Asset.objects.filter(pk=asset.pk).update(storage_key="", thumbnail_key="")
        count += 1
    return count


def _spooled(job: Job, index: int, artifact: Artifact) -> dict[str, Any]:
    if artifact.content is None:
        return {"url": artifact.url, "content_type": artifact.content_type}
    key = storage.output_key(job.workspace_id, job.pk, index, storage.extension_of(artifact.content_type or ""))
    storage.put(key, BytesIO(artifact.content), artifact.content_type or "application/octet-stream")
    return {"key": key, "content_type": artifact.content_type}


def _fetch(job: Job, artifact: Mapping[str, Any], file: IO[bytes], limits: Limits) -> bool:
    """Bring an artifact into a local file; False when it is not to be had at all."""
    if key := artifact.get("key"):
        with storage.open(key) as spooled:
            for chunk in iter(lambda: spooled.read(1 << 20), b""):
                file.write(chunk)
        return True
    try:
        outbound.fetch_public(
            artifact["url"],
            into=file,
            max_bytes=limits.max_output_bytes,
            timeout_seconds=DOWNLOAD_SECONDS,
            allow_private=limits.allow_private_urls,
        )
    except (outbound.OutboundRefused, outbound.OutboundTooLarge) as fault:
        log.warning("artifact_refused", job_id=str(job.pk), fault=str(fault))
        return False
    except outbound.OutboundFailed as fault:
        if fault.is_final:
            log.warning("artifact_gone", job_id=str(job.pk), fault=str(fault))
            return False
        raise NotFetched(str(fault)) from fault
    return True


def _keep(job: Job, index: int, artifact: Mapping[str, Any], file: IO[bytes], now: datetime) -> bool:
    """Store a file that is what the job planned, a picture or a clip, as output ``index``; False when it is not."""
    is_clip = job.planned_outputs.content_type.startswith("video/")
    try:
        inspected = clips.inspect(file) if is_clip else media.inspect(file)
    except (media.BadPicture, clips.BadClip) as fault:
        log.warning("artifact_not_a_picture", job=job.public_id, index=index, fault=str(fault))
        return False
    extension = storage.extension_of(inspected.content_type)
    key = storage.output_key(job.workspace_id, job.pk, index, extension)
    asset = uploads.store(
        workspace=job.workspace,
        file=None if artifact.get("key") == key else file,
        inspected=inspected,
        name=output_name(job=job, index=index, extension=extension),
        origin=Origin.MADE,
        created_by_id=job.user_id,
        now=now,
        project=job.project,
        key=key,
    )
    with transaction.atomic():
        asset.save(force_insert=True)
        Output.objects.create(job=job, index=index, asset=asset)
    if artifact.get("key", key) != key:
        storage.delete(artifact["key"])  # the provider had called it something else
    return True


def output_name(*, job: Job, index: int, extension: str) -> str:
    """The name a result is filed under: the caller's ``out``, numbered from the second on, or one made from the job."""
    stem, _, given = job.out.rpartition(".") if "." in job.out.rsplit("/", 1)[-1] else (job.out, "", "")
    stem = stem or f"{job.ai_model_id}/{job.public_id}"
    number = f"-{index + 1}" if index else ""
    return f"{stem}{number}.{given or extension}"[-200:]
