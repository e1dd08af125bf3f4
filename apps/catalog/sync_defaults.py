"""Providers and defaults of the files against their rows. What no column remembers of staff, the audit log does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from apps.accounts.models import AuditEntry
from apps.catalog.checks.range import DefaultEntry
from apps.catalog.models import DefaultModel, Provider

_NEVER: Final = object()


@dataclass(slots=True)
class Told:
    """Lines for the report."""

    changes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def sync_providers(wanted: Mapping[str, str], *, overwrite: bool) -> Told:
    """Add and rename providers; a name that staff gave stays."""
    told, there = Told(), {provider.pk: provider for provider in Provider.objects.all()}
    for provider_id, name in wanted.items():
        provider = there.get(provider_id)
        if provider is None:
            Provider.objects.create(pk=provider_id, name=name)
            told.changes.append(f"{provider_id}: new provider")
        elif provider.name != name:
            line = f"{provider_id}: name: {provider.name} → {name}"
            if not overwrite and provider.name == _last_word("provider.edit", provider_id, "name"):
                told.kept.append(line)
                continue
            provider.name = name
            provider.save(update_fields=["name"])
            told.changes.append(line)
    return told


def sync_defaults(wanted: Sequence[DefaultEntry], *, overwrite: bool) -> Told:
    """Bring the installation's defaults to what the file says; one that staff set or took away stays so."""
    told = Told()
    there = {(row.surface, row.task, row.stage): row for row in DefaultModel.objects.filter(workspace=None)}
    for entry in wanted:
        place = entry.surface, entry.task, entry.stage
        _sync_default(entry, there.pop(place, None), told, overwrite=overwrite)
    for row in there.values():
        _sync_unnamed(row, told, overwrite=overwrite)
    return told


def _sync_default(entry: DefaultEntry, row: DefaultModel | None, told: Told, *, overwrite: bool) -> None:
    where = f"default of {_place(entry)}"
    if row is None:
        subject = ":".join(filter(None, (entry.surface, entry.task, entry.stage)))
        if not overwrite and _last_word("default.set", subject, "model") is None:
            told.kept.append(f"{where}: nothing → {entry.model}")
            return
        DefaultModel.objects.create(
            surface=entry.surface, task=entry.task, stage=entry.stage, ai_model_id=entry.model, synced=entry.model
        )
        told.changes.append(f"{where}: nothing → {entry.model}")
        return
    before = row.ai_model_id, row.synced
    if row.ai_model_id != entry.model:
        line = f"{where}: {row.ai_model_id} → {entry.model}"
        if overwrite or row.ai_model_id == row.synced:
            row.ai_model_id = entry.model
            told.changes.append(line)
        else:
            told.kept.append(line)
    row.synced = entry.model
    if (row.ai_model_id, row.synced) != before:
        row.save(update_fields=["ai_model", "synced"])


def _sync_unnamed(row: DefaultModel, told: Told, *, overwrite: bool) -> None:
    """A default that the file names no more goes; one that staff set instead is theirs from now on."""
    if row.synced and (overwrite or row.ai_model_id == row.synced):
        row.delete()
        told.changes.append(f"default of {_place(row)}: {row.ai_model_id} → nothing")
    elif row.synced:
        row.synced = ""
        row.save(update_fields=["synced"])


def _last_word(action: str, subject: str, name: str) -> object:
    """What staff last said of something in the installation: a value, or ``_NEVER``."""
    entries = AuditEntry.objects.filter(action=action, subject=subject, workspace_id=None)
    last = entries.order_by("-created_at", "-pk").first()
    return last.after.get(name) if last else _NEVER


def _place(row: DefaultEntry | DefaultModel) -> str:
    return " ".join(filter(None, (row.surface, row.task, row.stage)))
