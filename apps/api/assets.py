"""/v1/uploads and /v1/assets: the pictures of a workspace."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db.models import F, QuerySet
from django.http import HttpResponseBase
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import operations
from apps.api.answers import Json, json_answer, list_body, timestamp
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.job_json import file_url, seconds
from apps.api.upload_bodies import read_file
from apps.errors import NotFound
from apps.ids import from_public, to_public
from apps.library import keeping, uploads
from apps.library.models import Asset

_COLUMNS: Final = (
    "id", "name", "origin", "storage_key", "thumbnail_key", "content_type", "width", "height", "size_bytes",
    "duration_ms", "blurhash", "sha256", "created_at", "kept_at",
)  # fmt: skip
_EXPIRES_IN: Final = timedelta(seconds=settings.EASEL_SIGNED_URL_SECONDS)


class AssetEndpoint(Endpoint):
    """An address that answers with pictures."""

    def rows(self) -> QuerySet[Asset, dict[str, Any]]:  # rows as .values() gives them
        rows: QuerySet[Asset, dict[str, Any]] = Asset.objects.for_workspace(self.actor.workspace).values(
            *_COLUMNS, project_name=F("project__name")
        )
        return rows

    def json(self, row: Mapping[str, Any]) -> Json:
        return asset_json(row, now=self.now)


class Upload(AssetEndpoint):
    """/v1/uploads"""

    parser_classes = (MultiPartParser,)
    capabilities: ClassVar[dict[str, Capability]] = {"POST": Capability.MAKE}

    @operations.create_upload
    def post(self, request: Request) -> HttpResponseBase:
        file = read_file(request._request)
        asset = uploads.receive(
            workspace=self.actor.workspace,
            file=file,
            name=file.name or "",
            created_by_id=self.actor.user_id,
            now=self.now,
            max_bytes=settings.EASEL_MAX_UPLOAD_BYTES,
        )
        return json_answer(self.json(self.rows().get(pk=asset.pk)), status=201)


class AssetList(AssetEndpoint):
    """/v1/assets"""

    @operations.list_assets
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters("limit", "after", faults=faults)
        limit, after = given.limit(), given.public_id("after", "asset")
        faults.refuse()
        pictures = self.rows().order_by("-pk")
        pictures = pictures.filter(pk__lt=after) if after else pictures
        return json_answer(list_body(list(pictures[: limit + 1]), limit=limit, render=self.json))


class OneAsset(AssetEndpoint):
    """/v1/assets/{id}"""

    capabilities: ClassVar[dict[str, Capability]] = {"PATCH": Capability.MAKE}

    @operations.get_asset
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        return json_answer(self.json(self.rows().get(pk=self.find(ref).pk)))

    @operations.update_asset
    def patch(self, request: Request, ref: str) -> HttpResponseBase:
        asset = self.find(ref)
        is_kept = _read_kept(read_object(request._request))
        keeping.keep(asset=asset, is_kept=is_kept, now=self.now)
        return json_answer(self.json(self.rows().get(pk=asset.pk)))

    def find(self, ref: str) -> Asset:
        """:raises NotFound: none in this workspace."""
        asset_id = from_public("asset", ref)
        asset = Asset.objects.for_workspace(self.actor.workspace).filter(pk=asset_id).first() if asset_id else None
        if asset is None:
            raise NotFound("There is no such asset.")
        return asset


def _read_kept(body: Json) -> bool:
    faults, is_kept = Faults(), body.get("kept")
    for name in sorted(set(body) - {"kept"}):
        faults.add(name[:64], "unknown_parameter", "There is no such field.", ["kept"])
    if not isinstance(is_kept, bool):
        faults.add("kept", "required" if is_kept is None else "type", "This must be true or false.")
    faults.refuse()
    return is_kept is True


def asset_json(row: Mapping[str, Any], *, now: datetime) -> Json:  # one row as .values() gives it
    """Write a picture; links are signed afresh, and null once the file is gone."""
    return {
        "id": to_public("asset", row["id"]),
        "object": "asset",
        "name": row["name"],
        "origin": row["origin"],
        "url": file_url(row["storage_key"], row["name"]),
        "thumbnail_url": file_url(row["thumbnail_key"]),
        "content_type": row["content_type"],
        "width": row["width"],
        "height": row["height"],
        "bytes": row["size_bytes"],
        "duration_s": seconds(row["duration_ms"]),
        "blurhash": row["blurhash"] or None,
        "sha256": row["sha256"],
        "project": row["project_name"],
        "created_at": timestamp(row["created_at"]),
        "kept_at": timestamp(row["kept_at"]),
        "expires_at": timestamp(now + _EXPIRES_IN) if row["storage_key"] else None,
    }
