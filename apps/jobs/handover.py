"""From a job's row to what an adapter is handed."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final
from uuid import UUID

from apps.catalog.inputs import picture_fields
from apps.catalog.models import Endpoint
from apps.ids import from_public
from apps.jobs import dispatch
from apps.jobs.models import Job
from apps.library import storage
from apps.library.models import Asset
from apps.providers import registry
from apps.providers.contract import Picture, Planned, Request

MOCK: Final = "mock"
_PUBLIC_URL_SECONDS: Final = 3600


def find_endpoint(job: Job) -> Endpoint | None:
    """Who serves a job: the first enabled endpoint of its model; None for a mock."""
    return None if job.is_mock else endpoint_of(job.ai_model_id)


def endpoint_of(ai_model_id: str) -> Endpoint | None:
    return Endpoint.objects.filter(ai_model=ai_model_id, is_enabled=True).order_by("priority", "pk").first()


def queue_of(endpoint: Endpoint | None) -> str:
    """The kind of worker that hands a job to this endpoint; without one, to the mock."""
    slug = endpoint.adapter if endpoint else MOCK
    return registry.get(slug).queue if registry.is_configured(slug) else dispatch.PROVIDERS


def request_of(job: Job, endpoint: Endpoint | None, *, reference: str) -> Request:
    """Write a job as its provider wants it: fields renamed, assets as readable pictures, nothing that says nothing.

    ``sync_mode`` never reaches a provider: such a job runs as any other, and its answer carries the pictures.
    """
    renamed = endpoint.parameter_map if endpoint else {}
    pictures = _pictures_of(job)
    fields = picture_fields(job.ai_model.schema)
    inputs = {
        renamed.get(name, name): _with_pictures(value, pictures) if name in fields else value
        for name, value in job.effective_inputs.items()
        if name != "sync_mode" and value is not None
    }
    return Request(
        attempt_id=reference,
        provider_model=endpoint.provider_model if endpoint else job.ai_model_id,
        inputs=inputs,
        planned=Planned(**job.planned),
        timeout_seconds=(endpoint.timeout_seconds if endpoint else None) or job.ai_model.timeout_seconds,
    )


def _pictures_of(job: Job) -> Mapping[UUID, Picture]:
    assets = Asset.objects.for_workspace(job.workspace).filter(pk__in=job.parents.values("asset"), storage_key__gt="")
    return {asset.pk: _picture(asset) for asset in assets}


def _picture(asset: Asset) -> Picture:
    key = asset.storage_key
    return Picture(
        open=lambda: _opened(key),
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        width=asset.width,
        height=asset.height,
        public_url=storage.public_url(key, expires_in=_PUBLIC_URL_SECONDS),
    )


def _opened(key: str) -> BinaryIO:
    """Open a stored file as adapters know files: what is wrong with it is an OSError."""
    try:
        return storage.open(key)
    except storage.StorageUnavailable as fault:
        raise OSError(str(fault)) from fault


def _with_pictures(value: Any, pictures: Mapping[UUID, Picture]) -> Any:  # JSON in, JSON with pictures out
    """Put the picture where an asset id stands; what is not stored (a mock's URL) stays as it is."""
    if isinstance(value, list):
        return [_with_pictures(item, pictures) for item in value]
    asset_id = from_public("asset", value) if isinstance(value, str) else None
    return pictures.get(asset_id, value) if asset_id else value
