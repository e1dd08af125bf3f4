"""From a job's row to what an adapter is handed."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, BinaryIO, Final
from uuid import UUID

from apps.catalog.models import AIModel, Endpoint
from apps.catalog.parameter_maps import takes, write_inputs
from apps.catalog.sizes import Size
from apps.catalog.spec import picture_fields
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
    """Who serves a job, decided when it is handed over; None for a mock, and where nobody does any more."""
    return None if job.is_mock else endpoint_for(ai_model=job.ai_model, inputs=job.effective_inputs)


def endpoint_for(*, ai_model: AIModel, inputs: Mapping[str, Any]) -> Endpoint | None:
    """Who serves a run of a model: of the enabled endpoints that take it, the first this installation can reach.

    Where it can reach none of them the first is returned, so that its adapter can say what is missing. One query.

    :param inputs: JSON, checked or not: only whether there are pictures counts.
    """
    enabled = Endpoint.objects.filter(ai_model=ai_model, is_enabled=True).order_by("priority", "pk")
    taking = [one for one in enabled if takes(one.condition, schema=ai_model.schema, inputs=inputs)]
    within_reach = (one for one in taking if registry.is_configured(one.adapter))
    return next(within_reach, taking[0] if taking else None)


def served() -> dict[str, tuple[str, ...]]:
    """Who can run each model: the adapters of its endpoints within reach, the first choice first. One query."""
    serving: dict[str, list[str]] = defaultdict(list)
    endpoints = Endpoint.objects.filter(is_enabled=True).order_by("priority", "pk")
    for ai_model_id, adapter in endpoints.values_list("ai_model_id", "adapter"):
        if registry.is_configured(adapter) and adapter not in serving[ai_model_id]:
            serving[ai_model_id].append(adapter)
    return {ai_model_id: tuple(adapters) for ai_model_id, adapters in serving.items() if adapters}


def queue_of(endpoint: Endpoint | None) -> str:
    """The kind of worker that hands a job to this endpoint; without one, to the mock."""
    slug = endpoint.adapter if endpoint else MOCK
    return registry.get(slug).queue if registry.is_configured(slug) else dispatch.PROVIDERS


def request_of(job: Job, endpoint: Endpoint | None, *, reference: str) -> Request:
    """Write a job as its provider wants it: by the endpoint's map, assets as readable pictures, empty fields left out.

    ``sync_mode`` never reaches a provider: such a job runs as any other, and its answer carries the pictures.
    """
    pictures = _pictures_of(job)
    fields = picture_fields(job.ai_model.schema)
    planned = Planned(**job.planned)
    given = {
        name: _with_pictures(value, pictures) if name in fields else value
        for name, value in job.effective_inputs.items()
        if name != "sync_mode"
    }
    return Request(
        attempt_id=reference,
        provider_model=endpoint.provider_model if endpoint else job.ai_model_id,
        inputs=write_inputs(
            endpoint.parameter_map if endpoint else {},
            inputs=given,
            planned=Size(planned.width, planned.height) if planned.width and planned.height else None,
        ),
        planned=planned,
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
