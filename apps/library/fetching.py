"""The pictures that a request names, brought here and measured. The only code that follows a customer's URL."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final
from urllib.parse import unquote
from uuid import UUID

from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.ids import from_public
from apps.library import media, uploads
from apps.library.models import Asset, Origin
from apps.library.names import name_for
from apps.library.spooling import Fault, Spooler, is_data_uri, is_url, temporary_file
from apps.library.storage import StorageUnavailable

__all__ = ["Fault", "Fetched", "InvalidReferences", "Measured", "fetch", "measure", "without_urls"]

MAX_SOURCES: Final = 32  # different pictures in one request; no model takes half as many
MAX_TOTAL_PIXELS: Final = 4 * media.MAX_PIXELS
MAX_DATA_URI_BYTES: Final = 20_000_000  # where nothing is fetched: more does not fit into a request


@dataclass(frozen=True, slots=True)
class Measured:
    """A picture's facts; width and height in pixels, as shown."""

    width: int
    height: int
    content_type: str
    size_bytes: int


class InvalidReferences(DomainError):
    """Some sources cannot be used; ``faults`` holds all of them, by source as it was given, in the order given."""

    code = "invalid_input"

    def __init__(self, faults: Mapping[str, Fault]) -> None:
        fields = [
            {"path": None, "code": fault.code, "message": f"{_brief(source)}: {fault.message}", "allowed": None}
            for source, fault in faults.items()
        ]
        super().__init__(" ".join(str(field["message"]) for field in fields), fields=fields)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Spooled:
    file: IO[bytes]
    inspected: media.Inspected


class Fetched:
    """Measured pictures, by source; ``keep`` makes Assets of those that are none yet."""

    measured: Mapping[str, Measured]

    def __init__(self, workspace: Workspace, assets: Mapping[str, Asset], spooled: Mapping[str, _Spooled]) -> None:
        self._workspace = workspace
        self._assets = assets
        self._spooled = spooled
        self._kept: dict[str, Asset] | None = None
        self.measured = {
            **{source: _measured(asset) for source, asset in assets.items()},
            **{source: _measured(spool.inspected) for source, spool in spooled.items()},
        }

    def keep(self, *, created_by_id: UUID | None, now: datetime) -> dict[str, Asset]:
        """Store what was brought here, and return an Asset for every source; a second call returns the same ones.

        Not to be called inside a transaction. Whoever refuses the request after this calls ``discard``.

        :raises StorageUnavailable: nothing of it was kept.
        """
        if self._kept is None:
            self._kept = self._store(created_by_id=created_by_id, now=now)
        return {**self._assets, **self._kept}

    def discard(self) -> None:
        """Take back what ``keep`` has stored, rows and files; assets that the sources named stay."""
        kept, self._kept = self._kept, None
        if kept:
            rows = [asset.pk for asset in kept.values()]
            Asset.objects.for_workspace(self._workspace).filter(pk__in=rows).delete()
            for asset in kept.values():
                uploads.remove_files(asset)

    def _store(self, *, created_by_id: UUID | None, now: datetime) -> dict[str, Asset]:
        stored: dict[str, Asset] = {}
        is_saved = False
        try:
            for source, spool in self._spooled.items():
                stored[source] = uploads.store(
                    workspace=self._workspace,
                    file=spool.file,
                    inspected=spool.inspected,
                    name=_name(source, media.EXTENSIONS[spool.inspected.content_type]),
                    origin=Origin.FETCHED,
                    created_by_id=created_by_id,
                    now=now,
                )
            Asset.objects.bulk_create(stored.values())
            is_saved = True
        finally:
            if not is_saved:
                for asset in stored.values():
                    uploads.remove_files(asset)
        return stored


@contextmanager
def fetch(
    *,
    workspace: Workspace,
    sources: Iterable[str],
    max_bytes: int,
    timeout_seconds: float,
    allow_private: bool,
) -> Generator[Fetched]:
    """Bring every source here and look into it: URLs are fetched, data URIs decoded, ``asset_…`` looked up.

    A source given twice is fetched once. ``max_bytes`` is for one picture (four times as much for all together),
    ``timeout_seconds`` for all downloads. What was brought lies in nameless files that are gone after the block.

    :raises InvalidReferences: with the fault of every source that cannot be used.
    :raises StorageUnavailable: there is no room for temporary files.
    """
    asked = list(dict.fromkeys(sources))
    if len(asked) > MAX_SOURCES:
        fault = Fault("too_many_images", f"At most {MAX_SOURCES} pictures are read for one request.")
        raise InvalidReferences(dict.fromkeys(asked[MAX_SOURCES:], fault))
    spooler = Spooler(max_bytes=max_bytes, timeout_seconds=timeout_seconds, allow_private=allow_private)
    with ExitStack() as open_files:
        try:
            brought: dict[str, IO[bytes]] = {
                source: open_files.enter_context(temporary_file())
                for source in asked
                if is_url(source) or is_data_uri(source)
            }
            faults = spooler.fill(brought)
        except OSError as error:
            raise StorageUnavailable("There is no room for the pictures of this request.") from error
        assets = _find_assets(workspace, [source for source in asked if source not in brought], faults)
        spooled = _inspect(brought, faults)
        if faults:
            raise InvalidReferences({source: faults[source] for source in asked if source in faults})
        yield Fetched(workspace, assets, spooled)


def measure(
    *, workspace: Workspace, sources: Iterable[str], max_bytes: int = MAX_DATA_URI_BYTES
) -> Mapping[str, Measured]:
    """Measure assets and data URIs; URLs are not followed and are missing from what is returned.

    :raises InvalidReferences, StorageUnavailable: as ``fetch``.
    """
    here = without_urls(sources)
    with fetch(
        workspace=workspace, sources=here, max_bytes=max_bytes, timeout_seconds=0, allow_private=False
    ) as fetched:
        return fetched.measured


def without_urls(sources: Iterable[str]) -> list[str]:
    """Leave out the sources that would have to be fetched."""
    return [source for source in sources if not is_url(source)]


def _find_assets(workspace: Workspace, sources: Sequence[str], faults: dict[str, Fault]) -> dict[str, Asset]:
    """Look up assets of this workspace in one query; someone else's is as unknown as none."""
    wanted = {source: from_public("asset", source) for source in sources}
    rows = Asset.objects.for_workspace(workspace).exclude(storage_key="").in_bulk([pk for pk in wanted.values() if pk])
    found: dict[str, Asset] = {}
    for source, pk in wanted.items():
        asset = rows.get(pk) if pk else None
        if asset is not None and asset.content_type in media.EXTENSIONS:
            found[source] = asset
        elif asset is not None:
            faults[source] = Fault("not_a_picture", "This asset is not a picture.")
        elif source.startswith("asset_"):
            faults[source] = Fault("asset_not_found", "There is no such picture in this workspace.")
        else:
            faults[source] = Fault(
                "unsupported_reference", "A picture is named by an https URL, a data URI or asset_…."
            )
    return found


def _inspect(files: Mapping[str, IO[bytes]], faults: dict[str, Fault]) -> dict[str, _Spooled]:
    """Look into every file that was filled, one after the other; into none when they are too many pixels together."""
    left = MAX_TOTAL_PIXELS
    for source, file in files.items():
        if source not in faults:
            try:
                probed = media.probe(file)
            except media.BadPicture as error:
                faults[source] = Fault(error.code, str(error))
                continue
            left -= probed.width * probed.height
            if left < 0:
                message = f"All pictures of a request together may have {MAX_TOTAL_PIXELS:,} pixels."
                faults[source] = Fault(media.ImageTooLarge.code, message)
    spooled: dict[str, _Spooled] = {}
    for source, file in files.items():
        if source not in faults and left >= 0:
            try:
                spooled[source] = _Spooled(file, media.inspect(file))
            except media.BadPicture as error:
                faults[source] = Fault(error.code, str(error))
    return spooled


def _measured(facts: Asset | media.Inspected) -> Measured:
    return Measured(facts.width, facts.height, facts.content_type, facts.size_bytes)


def _name(source: str, extension: str) -> str:
    path = source.partition("?")[0].partition("#")[0] if is_url(source) else ""
    return name_for(unquote(path.rpartition("/")[2]), extension=extension)


def _brief(source: str) -> str:
    return source if len(source) <= 80 else f"{source[:60]}…"
