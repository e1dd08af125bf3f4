"""The real catalogue as rows, without reading its files for every test."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from apps.catalog.models import AIModel, DefaultModel, Endpoint, PriceVersion, Provider
from apps.catalog.sync import sync_catalog

_TABLES: Final = (Provider, AIModel, PriceVersion, Endpoint, DefaultModel)
_NUMBERED: Final = (Endpoint, DefaultModel)  # their keys come from the database, which has to give them anew

_rows: dict[datetime, list[tuple[type[Model], list[dict[str, Any]]]]] = {}  # column → value


def stock_catalog(*, now: datetime) -> None:
    """Put in what ``sync_catalog`` makes of the files at this moment.

    The files are read once a process, in a transaction that is rolled back: each test gets the same rows, the first as
    the last.
    """
    if now not in _rows:
        with transaction.atomic():
            sync_catalog(folder=Path(settings.EASEL_CATALOG_FOLDER), now=now)
            _rows[now] = [(table, [_values(row) for row in table._default_manager.order_by("pk")]) for table in _TABLES]
            transaction.set_rollback(True)
    for table, rows in _rows[now]:
        table._default_manager.bulk_create([table(**values) for values in rows])


def _values(row: Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not (field.primary_key and isinstance(row, _NUMBERED))
    }
