"""The list of models: bounded queries, filters and sorts, several rows saved at once or none."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import AuditEntry, User
from apps.catalog.models import AIModel, ModelStatistics, PriceVersion
from apps.staff.model_rows import filtered, ordered, read_rows
from tests.staff.conftest import LONG_AGO

pytestmark = pytest.mark.usefixtures("catalog")
QUERIES = 12


def save(client: Client, **fields: str) -> int:
    """Save rows: ``nano_banana="5"`` changes a rating; returns the status."""
    posted: dict[str, object] = {"reason": fields.pop("reason", "real jobs say so"), "row": list(fields)}
    for model_id, rating in fields.items():
        row = AIModel.objects.get(pk=model_id)
        posted |= {f"rating-{model_id}": rating, f"was_rating-{model_id}": str(row.rating or "")}
        posted |= {f"on-{model_id}": "on", f"was_on-{model_id}": "on"} if row.is_enabled else {}
    return client.post("/staff/models/", posted).status_code


def measure(model_id: str, *, runs: int, succeeded: int) -> None:
    ModelStatistics.objects.create(
        ai_model_id=model_id, window_days=30, runs=runs, succeeded=succeeded, p95_ms=12_340, measured_at=LONG_AGO
    )


def test_the_list_takes_as_many_queries_for_many_models_as_for_few(staff_client: Client) -> None:
    with CaptureQueriesContext(connection) as few:
        assert staff_client.get("/staff/models/").status_code == 200
    template = AIModel.objects.select_related("provider").get(pk="flux_pro")
    price = PriceVersion.objects.get(ai_model="flux_pro")
    for number in range(40):
        AIModel.objects.bulk_create([_copy(template, f"copy_{number}")])
        PriceVersion.objects.create(
            ai_model_id=f"copy_{number}", number=1, sell_rule=price.sell_rule, effective_at=LONG_AGO
        )
    with CaptureQueriesContext(connection) as many:
        assert b"copy_39" in staff_client.get("/staff/models/").content
    assert len(many) == len(few) <= QUERIES


def _copy(template: AIModel, model_id: str) -> AIModel:
    values = {field.attname: getattr(template, field.attname) for field in AIModel._meta.concrete_fields}
    return AIModel(**{**values, "id": model_id})


def test_figures_of_too_few_runs_are_not_shown() -> None:
    measure("nano_banana", runs=19, succeeded=19)
    measure("flux_pro", runs=40, succeeded=38)
    rows = {row.id: row for row in read_rows(now=timezone.now())}
    assert (rows["nano_banana"].runs, rows["nano_banana"].success, rows["nano_banana"].p95_seconds) == (19, None, None)
    assert (rows["flux_pro"].runs, rows["flux_pro"].success, rows["flux_pro"].p95_seconds) == (40, 95, 12.3)


def test_rows_are_filtered_and_sorted() -> None:
    AIModel.objects.filter(pk="flux_pro").update(is_enabled=False)
    PriceVersion.objects.filter(ai_model="nano_banana").update(effective_at=timezone.now() + timedelta(days=1))
    rows = read_rows(now=timezone.now())
    assert [row.id for row in filtered(rows, {"state": "off"})] == ["flux_pro"]
    assert [row.id for row in filtered(rows, {"state": "unpriced"})] == ["nano_banana"]
    assert {row.stage for row in filtered(rows, {"stage": "explore"})} == {"explore"}
    assert "flux_pro" in [row.id for row in filtered(rows, {"q": "FLUX"})]
    assert filtered(rows, {"q": "nobody"}) == []
    prices = [row.usual_mc or 0 for row in ordered(rows, "-price")]
    assert prices == sorted(prices, reverse=True)
    assert [row.id for row in ordered(rows, "nonsense")] == [row.id for row in rows]


def test_several_rows_are_saved_at_once_and_noted(staff_client: Client, sonia: User) -> None:
    AIModel.objects.filter(pk__in=["flux_pro", "nano_banana"]).update(rating=3)
    assert save(staff_client, flux_pro="4", nano_banana="5") == 302
    assert dict(AIModel.objects.filter(pk__in=["flux_pro", "nano_banana"]).values_list("pk", "rating")) == {
        "flux_pro": 4,
        "nano_banana": 5,
    }
    entries = AuditEntry.objects.filter(action="model.rate").order_by("subject")
    assert [(one.subject, one.actor_id, one.before["rating"], one.after["rating"]) for one in entries] == [
        ("flux_pro", sonia.pk, 3, 4),
        ("nano_banana", sonia.pk, 3, 5),
    ]
    assert entries[0].after["reason"] == "real jobs say so"


@pytest.mark.parametrize("wrong", ["6", "0", "x", "4.5", "-1"])
def test_one_wrong_rating_saves_none(wrong: str, staff_client: Client) -> None:
    AIModel.objects.filter(pk__in=["flux_pro", "nano_banana"]).update(rating=3)
    posted = {"reason": "why", "row": ["flux_pro", "nano_banana"], "rating-flux_pro": "4", "was_rating-flux_pro": "3"}
    posted |= {"rating-nano_banana": wrong, "was_rating-nano_banana": "3"}
    posted |= {f"{word}on-{one}": "on" for one in ("flux_pro", "nano_banana") for word in ("", "was_")}
    page = staff_client.post("/staff/models/", posted)
    assert page.status_code == 422
    text = page.content.decode()
    assert 'id="fault-nano_banana"' in text
    assert 'id="fault-flux_pro"' not in text
    assert f'name="rating-nano_banana" value="{wrong}"' in text  # what was typed is kept
    assert 'name="rating-flux_pro" value="4"' in text
    assert set(AIModel.objects.filter(pk__in=["flux_pro", "nano_banana"]).values_list("rating", flat=True)) == {3}
    assert AuditEntry.objects.count() == 0


def test_a_rating_needs_a_reason(staff_client: Client) -> None:
    AIModel.objects.filter(pk="flux_pro").update(rating=3)
    assert save(staff_client, flux_pro="4", reason=" ") == 422
    assert AIModel.objects.get(pk="flux_pro").rating == 3


def test_a_row_that_was_not_touched_stays_as_someone_else_made_it(staff_client: Client) -> None:
    AIModel.objects.filter(pk="flux_pro").update(rating=5)
    posted = {"row": ["flux_pro"], "rating-flux_pro": "3", "was_rating-flux_pro": "3", "on-flux_pro": "on"}
    posted |= {"was_on-flux_pro": "on"}
    assert staff_client.post("/staff/models/", posted).status_code == 302
    assert AIModel.objects.get(pk="flux_pro").rating == 5


def test_a_model_is_taken_off_and_cannot_go_live_without_a_price(staff_client: Client, sonia: User) -> None:
    off = {"row": ["flux_pro"], "was_on-flux_pro": "on", "rating-flux_pro": "", "was_rating-flux_pro": ""}
    assert staff_client.post("/staff/models/", off).status_code == 302
    assert not AIModel.objects.get(pk="flux_pro").is_enabled
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("model.disable", "flux_pro", sonia.pk)
    PriceVersion.objects.filter(ai_model="flux_pro").delete()
    on = {"row": ["flux_pro"], "on-flux_pro": "on", "rating-flux_pro": "", "was_rating-flux_pro": ""}
    page = staff_client.post("/staff/models/", on)
    assert page.status_code == 422
    assert b"no price in force" in page.content
    assert not AIModel.objects.get(pk="flux_pro").is_enabled


def test_who_may_look_only_changes_nothing(looker_client: Client) -> None:
    page = looker_client.get("/staff/models/")
    assert page.status_code == 200
    assert b"Save changes" not in page.content
    before = AIModel.objects.get(pk="flux_pro").rating
    assert looker_client.post("/staff/models/", {"row": ["flux_pro"], "rating-flux_pro": "1"}).status_code == 403
    assert AIModel.objects.get(pk="flux_pro").rating == before
    for path in ("/staff/workspaces/", "/staff/prices/", "/staff/audit/", "/staff/all-jobs/", "/staff/defaults/"):
        assert looker_client.get(path).status_code == 403
