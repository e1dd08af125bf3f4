"""From the catalogue's data files to rows, as often as you like; what staff changed stays as staff want it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts import audit
from apps.catalog.checks.range import range_problems
from apps.catalog.differences import differences
from apps.catalog.file_rows import SPEC_COLUMNS, as_file, row_values, spec_of_values, values_of, write
from apps.catalog.files.reading import DATA, Catalog, ModelFile, read_catalog
from apps.catalog.going_live import live_problems
from apps.catalog.merging import Merge, merge
from apps.catalog.models import AIModel, Endpoint, PriceState, PriceVersion
from apps.catalog.prices import prices_in_force
from apps.catalog.sync_defaults import sync_defaults, sync_providers
from apps.catalog.sync_prices import PricePlan, plan_price
from apps.errors import NotFound

_PRICE = "price"  # beside the columns, in what a model's file said last
_ENDPOINT = ("parameter_map", "timeout_seconds", "priority", "condition", "is_enabled")


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run changed, one line each: ``flux_pro: rating: 4 → 5``. Empty when nothing was written."""

    changes: tuple[str, ...]
    kept: tuple[str, ...] = ()  # what staff changed and the files say otherwise: from staff's value to the file's


def sync_catalog(
    *, folder: Path = DATA, now: datetime, overwrite: bool | Collection[str] = False, dry_run: bool = False
) -> SyncReport:
    """Bring providers, models, endpoints, prices and defaults to what the files of a folder say, in one transaction.

    Every file is checked before the first write. A second run writes nothing. What staff changed since a file said it
    stays, column by column, and is reported; what a file changes and staff did not is written. A changed price becomes
    a new version in force from ``now``; older versions, drafts and versions to come stay as they are. Whether a model
    is switched on is left alone, and so is a model that has no file. An endpoint that is no longer named is switched
    off. Where what staff keep and what the file brings do not fit together, the model stays as it is.

    :param overwrite: True: the files' word counts everywhere; ids of models: for these. :param dry_run: write nothing.
    :raises InvalidCatalog: with every fault of every file; nothing was written. :raises NotFound: a model to overwrite
        has no file.
    """
    catalog = read_catalog(folder)
    if isinstance(overwrite, Collection):
        known = {model.data["id"] for model in catalog.models}
        if unknown := sorted(set(overwrite) - known):
            raise NotFound(f"There is no file of {', '.join(unknown)}.")
    with transaction.atomic():
        report = _Sync(catalog, now, overwrite).run()
        if dry_run:
            transaction.set_rollback(True)
    return report


@dataclass(frozen=True, slots=True)
class _Way:
    """How one model is dealt with."""

    is_new: bool
    is_untouched: bool  # nobody noted yet what its file says, and staff have not changed it
    overwrite: bool


@dataclass(slots=True)
class _Sync:
    """One run: everything there is, read at once; then what is written, line by line."""

    catalog: Catalog
    now: datetime
    overwrite: bool | Collection[str]
    changes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    rows: dict[str, AIModel] = field(default_factory=dict)
    endpoints: defaultdict[str, list[Endpoint]] = field(default_factory=lambda: defaultdict(list))
    prices: dict[str, PriceVersion] = field(default_factory=dict)
    coming: defaultdict[str, list[PriceVersion]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, int] = field(default_factory=dict)

    def run(self) -> SyncReport:
        self._read()
        everywhere = self.overwrite is True
        self._note("", sync_providers(self.catalog.providers, overwrite=everywhere))
        for model in self.catalog.models:
            self._sync_model(model)
        self._note("", sync_defaults(self.catalog.defaults, overwrite=everywhere))
        self._report_misfits()
        return SyncReport(tuple(self.changes), tuple(self.kept))

    def _read(self) -> None:
        self.rows = {row.pk: row for row in AIModel.objects.select_for_update()}
        for endpoint in Endpoint.objects.order_by("pk"):
            self.endpoints[endpoint.ai_model_id].append(endpoint)
        self.prices = {version.ai_model_id: version for version in prices_in_force(now=self.now)}
        for version in PriceVersion.objects.filter(state=PriceState.PUBLISHED, effective_at__gt=self.now):
            self.coming[version.ai_model_id].append(version)
        numbers = PriceVersion.objects.order_by().values_list("ai_model").annotate(last=Max("number"))
        self.numbers = dict(numbers)

    def _sync_model(self, model: ModelFile) -> None:
        model_id, values = model.data["id"], values_of(model.data)
        row = self.rows.get(model_id)
        way = _Way(
            is_new=row is None,
            is_untouched=row is None or not (row.synced or row.updated_at),
            overwrite=model_id in self.overwrite if isinstance(self.overwrite, Collection) else self.overwrite,
        )
        before = values if row is None else row_values(row)
        row = row or AIModel(pk=model_id)
        columns = merge(
            row=before,
            file=values,
            base={name: value for name, value in row.synced.items() if name != _PRICE},
            is_untouched=way.is_untouched,
            overwrite=way.overwrite,
        )
        price = plan_price(
            model=model,
            current=self.prices.get(model_id),
            base=row.synced.get(_PRICE),
            is_untouched=way.is_untouched,
            overwrite=way.overwrite,
            now=self.now,
        )
        if misfit := self._misfit(row, before, columns, price):
            self.kept.append(f"{model_id}: nothing was changed, for this would not fit what staff changed: {misfit}")
            return
        self._save(row, before, columns, price, way)
        self._sync_endpoints(row, model.data["endpoints"], way)

    def _misfit(self, row: AIModel, before: Mapping[str, Any], columns: Merge, price: PricePlan) -> str:
        """Say what part of a merge would not go with the rest; a file by itself was checked already."""
        is_mixed = bool(price.kept or columns.kept.keys() & SPEC_COLUMNS)
        versions = [price.checked] if is_mixed else []
        versions += self.coming[row.pk] if columns.written.keys() & SPEC_COLUMNS else []
        if not row.is_enabled or not (columns.written or price.changes):
            return ""
        spec = spec_of_values(row.pk, {**before, **columns.written})
        problems = [problem for version in versions for problem in live_problems(spec=spec, version=version)]
        return "; ".join(f"{where}: {message}" for where, message in problems)

    def _save(self, row: AIModel, before: Mapping[str, Any], columns: Merge, price: PricePlan, way: _Way) -> None:
        base = {**columns.base, _PRICE: price.base}
        is_same = row.synced == base
        row.synced = base
        if way.is_new:
            row.updated_at = self.now
            write(row, before)
            row.save(force_insert=True)
            self.rows[row.pk] = row
            self.changes.append(f"{row.pk}: new model")
        elif columns.written or price.is_new:
            row.updated_at = self.now
            written = write(row, columns.written)
            row.save(update_fields=["synced", "updated_at", *written])
            self._record(row, before, columns)
        elif not is_same:
            row.save(update_fields=["synced"])
        price.save(last_number=self.numbers.get(row.pk, 0))
        if not way.is_new:
            self._note(f"{row.pk}: ", _told(before, columns), price)

    def _record(self, row: AIModel, before: Mapping[str, Any], columns: Merge) -> None:
        """Note what the file changed, by nobody's hand: a model's history tells this, too."""
        if columns.written:
            audit.record(
                action="model.sync",
                subject=row.pk,
                before={name: before[name] for name in columns.written},
                after=columns.written,
                now=self.now,
            )

    def _sync_endpoints(self, row: AIModel, wanted: Iterable[Mapping[str, Any]], way: _Way) -> None:
        there = {(endpoint.adapter, endpoint.provider_model): endpoint for endpoint in self.endpoints[row.pk]}
        for data in wanted:
            values = {
                "parameter_map": data.get("parameter_map", {}),
                "timeout_seconds": data.get("timeout_seconds"),
                "priority": data.get("priority", 0),
                "condition": data.get("condition", {}),
                "is_enabled": True,
            }
            place = data["adapter"], data["provider_model"]
            endpoint = there.pop(place, None)
            if endpoint is None:
                Endpoint.objects.create(
                    ai_model=row, adapter=place[0], provider_model=place[1], synced=values, **values
                )
                if not way.is_new:
                    self.changes.append(f"{row.pk}: endpoint {place[1]} at {place[0]}: new")
            else:
                self._sync_endpoint(endpoint, values, way)
        for endpoint in there.values():
            if endpoint.synced or way.is_untouched:  # one that staff added is theirs
                self._sync_endpoint(endpoint, {"is_enabled": False}, way)

    def _sync_endpoint(self, endpoint: Endpoint, values: Mapping[str, Any], way: _Way) -> None:
        before = {name: getattr(endpoint, name) for name in _ENDPOINT}
        merged = merge(
            row=before,
            file=values,
            base=endpoint.synced,
            is_untouched=way.is_untouched,
            overwrite=way.overwrite,
        )
        if merged.written or endpoint.synced != merged.base:
            endpoint.synced = merged.base
            for name, value in merged.written.items():
                setattr(endpoint, name, value)
            endpoint.save(update_fields=["synced", *merged.written])
        what = f"{endpoint.ai_model_id}: endpoint {endpoint.provider_model} at {endpoint.adapter}: "
        self._note(what, _told(before, merged))

    def _note(self, what: str, *told: Any) -> None:  # whatever has changes and kept
        for one in told:
            self.changes += [f"{what}{line}" for line in one.changes]
            self.kept += [f"{what}{line}" for line in one.kept]

    def _report_misfits(self) -> None:
        """Where staff's word stands beside the files', two models may claim what only one can have: staff decide."""
        if self.kept:
            contents = {row.pk: as_file(row.pk, row_values(row)) for row in self.rows.values()}
            self.kept += [
                f"{name}: {where}: {message}" for name, (where, message) in range_problems(contents, ids=contents)
            ]


def _told(before: Mapping[str, Any], merged: Merge) -> SyncReport:
    return SyncReport(
        tuple(line for name, value in merged.written.items() for line in differences(name, before[name], value)),
        tuple(line for name, value in merged.kept.items() for line in differences(name, before[name], value)),
    )
