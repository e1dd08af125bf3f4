"""The log of changes: who, when, from what to what; with filters, and by subject for the pages that show a history."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.models import AuditEntry, User
from apps.accounts.tenancy import Workspace
from apps.staff.pages import StaffRequest, names_of, page, read_id, staff_page

PAGE_SIZE: Final = 50
_LONGEST: Final = 400  # characters of a value that are shown


@dataclass(frozen=True, slots=True)
class Moved:
    """A field that changed, written for people; empty where there was nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    id: UUID
    at: datetime
    who: str
    action: str
    subject: str
    workspace: str
    workspace_id: UUID | None
    moved: tuple[Moved, ...]


def entries_of(rows: Iterable[AuditEntry]) -> list[Entry]:
    """Read entries with the names of people and workspaces. Two queries beside their own."""
    found = list(rows)
    names = names_of(row.actor_id for row in found)
    ids = {row.workspace_id for row in found if row.workspace_id}
    workspaces = dict(Workspace.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return [
        Entry(
            id=row.pk,
            at=row.created_at,
            who=names.get(row.actor_id, str(row.actor_id)) if row.actor_id else "Easel",
            action=row.action,
            subject=row.subject,
            workspace=workspaces.get(row.workspace_id, "") if row.workspace_id else "",
            workspace_id=row.workspace_id,
            moved=tuple(
                Moved(name, _written(row.before.get(name)), _written(row.after.get(name)))
                for name in dict.fromkeys((*row.before, *row.after))
            ),
        )
        for row in found
    ]


@require_GET
@staff_page("accounts.view_auditentry")
def audit_log(request: StaffRequest) -> HttpResponse:
    """Show the log, newest first, by keyset; by action, person and subject."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("action", "person", "subject", "before")}
    rows = AuditEntry.objects.order_by("-pk")
    if wanted["action"]:
        rows = rows.filter(action=wanted["action"])
    if wanted["person"]:
        rows = rows.filter(actor_id__in=User.objects.filter(email__icontains=wanted["person"]).values("pk"))
    if wanted["subject"]:
        rows = rows.filter(Q(subject=wanted["subject"]) | Q(subject__startswith=wanted["subject"]))
    if key := read_id(wanted["before"]):
        rows = rows.filter(pk__lt=key)
    shown = list(rows[: PAGE_SIZE + 1])
    query = request.GET.copy()
    if len(shown) > PAGE_SIZE:
        query["before"] = str(shown[PAGE_SIZE - 1].pk)
    actions = AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct()
    return page(
        request,
        "audit.html",
        title="Audit log",
        current="audit",
        entries=entries_of(shown[:PAGE_SIZE]),
        actions=list(actions),
        wanted=wanted,
        next_url=f"?{query.urlencode()}" if len(shown) > PAGE_SIZE else "",
    )


def _written(value: Any) -> str:  # JSON
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
