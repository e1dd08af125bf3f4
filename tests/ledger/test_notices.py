"""Notices wait until somebody has handled them."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.tenancy import Workspace
from apps.ledger import notices
from apps.ledger.models import Notice
from tests.builders import NOW
from tests.ledger.calls import HOUR, alert, grant, open_workspace, place, refill

EVERY = tuple(Notice.Kind)


def test_notices_come_oldest_first_and_leave_when_handled(workspace: Workspace) -> None:
    other = open_workspace("Elsewhere")
    for one in (workspace, other):
        grant(one, 100)
        alert(one, 50)
        refill(one, 10)
        place(one, 100)
    due = notices.due(kinds=EVERY, limit=10)
    assert [(one.workspace, one.kind) for one in due] == [
        (one, kind) for one in (workspace, other) for kind in ("low_balance", "refill", "empty")
    ]
    assert notices.due(kinds=[Notice.Kind.REFILL], limit=1) == [due[1]]
    assert notices.mark_handled(notice=due[1], now=NOW + HOUR)
    assert not notices.mark_handled(notice=due[1], now=NOW)
    assert notices.due(kinds=[Notice.Kind.REFILL], limit=10) == [due[4]]
    due[1].refresh_from_db()
    assert (due[1].created_at, due[1].handled_at) == (NOW, NOW + HOUR)


def test_looking_for_them_is_one_query_with_their_workspaces(workspace: Workspace) -> None:
    grant(workspace, 100)
    place(workspace, 100)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert [one.workspace.name for one in notices.due(kinds=EVERY, limit=10)] == ["Acme"]
    assert len(queries) == 1
