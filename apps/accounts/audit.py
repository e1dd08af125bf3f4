"""The log of changes that people make."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.accounts.models import AuditEntry


def record(
    *,
    action: str,
    subject: str,
    now: datetime,
    actor_id: UUID | None = None,
    workspace_id: UUID | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Note a change, in the transaction of the change itself.

    ``action`` is a dotted verb (``api_key.revoke``), ``subject`` a public id; ``before`` and ``after`` hold JSON values
    of the fields that moved, never a secret.
    """
    return AuditEntry.objects.create(
        action=action,
        subject=subject,
        actor_id=actor_id,
        workspace_id=workspace_id,
        before=dict(before or {}),
        after=dict(after or {}),
        created_at=now,
    )
