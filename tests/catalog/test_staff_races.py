"""Two people at the same price or model at the same moment: one wins, the other is told, nothing is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from apps.accounts.models import AuditEntry
from apps.catalog.editing import add_model, edit_model, stamp
from apps.catalog.file_rows import row_values
from apps.catalog.models import AIModel, PriceState, PriceVersion
from apps.catalog.price_changes import draft_price, publish_price
from apps.catalog.sync import sync_catalog
from apps.errors import DomainError
from apps.ids import uuid7
from tests.builders import NOW

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(hours=1)
ALICE, BOB = uuid7(), uuid7()


def race(call: Callable[[UUID], object]) -> list[str]:
    """Let both do it at once; the codes of the refusals, empty for who got through, sorted."""
    start = Barrier(2)

    def run(editor_id: UUID) -> str:
        start.wait(timeout=10)
        try:
            call(editor_id)
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(run, (ALICE, BOB)))


def test_a_draft_is_published_once() -> None:
    sync_catalog(now=NOW)
    old = PriceVersion.objects.get(ai_model="flux_pro")
    draft = draft_price(
        ai_model_id="flux_pro", sell_rule=old.sell_rule, cost_rule=None, note="", editor_id=ALICE, now=NOW
    )
    refusals = race(lambda editor: publish_price(version_id=draft.pk, effective_at=None, editor_id=editor, now=LATER))
    assert refusals == ["", "price_not_draft"]
    draft.refresh_from_db()
    entry = AuditEntry.objects.get(action="price.publish")
    assert (draft.state, draft.published_by_id) == (PriceState.PUBLISHED, entry.actor_id)


def test_two_drafts_get_two_numbers() -> None:
    sync_catalog(now=NOW)
    rule = PriceVersion.objects.get(ai_model="flux_pro").sell_rule
    refusals = race(
        lambda editor: draft_price(
            ai_model_id="flux_pro", sell_rule=rule, cost_rule=None, note="", editor_id=editor, now=LATER
        )
    )
    assert refusals == ["", ""]
    numbers = PriceVersion.objects.filter(ai_model="flux_pro").order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3]


def test_a_model_is_changed_by_the_first_of_two_who_saw_the_same() -> None:
    sync_catalog(now=NOW)
    seen = stamp(AIModel.objects.get(pk="flux_pro"))
    refusals = race(
        lambda editor: edit_model(
            ai_model_id="flux_pro", changes={"name": str(editor)}, editor_id=editor, now=LATER, seen=seen
        )
    )
    assert refusals == ["", "edit_conflict"]
    assert AIModel.objects.get(pk="flux_pro").name == str(AuditEntry.objects.get().actor_id)


def test_an_id_is_given_once() -> None:
    sync_catalog(now=NOW)
    data = row_values(AIModel.objects.get(pk="flux_pro")) | {"id": "flux_next", "use_cases": {}, "tier_preset": ""}
    assert race(lambda editor: add_model(data=data, editor_id=editor, now=LATER)) == ["", "invalid_model"]
    assert AIModel.objects.filter(pk="flux_next").count() == 1


def test_a_price_and_the_input_it_goes_by_do_not_pass_each_other() -> None:
    sync_catalog(now=NOW)
    old, schema = PriceVersion.objects.get(ai_model="flux_pro"), AIModel.objects.get(pk="flux_pro").schema
    dearer = old.sell_rule | {"multipliers": [{"when": {"raw": True}, "thousandths": 2000}]}
    draft = draft_price(ai_model_id="flux_pro", sell_rule=dearer, cost_rule=None, note="", editor_id=ALICE, now=NOW)
    without = schema | {"properties": {name: one for name, one in schema["properties"].items() if name != "raw"}}

    def change(editor_id: UUID) -> object:
        if editor_id == ALICE:
            return publish_price(version_id=draft.pk, effective_at=None, editor_id=ALICE, now=LATER, accept_cases=True)
        return edit_model(ai_model_id="flux_pro", changes={"schema": without}, editor_id=BOB, now=LATER)

    assert race(change) == ["", "invalid_model"]
    draft.refresh_from_db()
    has_raw = "raw" in AIModel.objects.get(pk="flux_pro").schema["properties"]
    assert (draft.state == PriceState.PUBLISHED) == has_raw
