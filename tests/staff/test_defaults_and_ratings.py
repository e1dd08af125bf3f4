"""Defaults, ratings and providers: changed as a whole or not at all, with the person in the log."""

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.catalog.models import AIModel, DefaultModel, Endpoint, ModelStatistics
from tests.staff.conftest import LONG_AGO

pytestmark = pytest.mark.usefixtures("catalog")


def default(surface: str, task: str, stage: str = "") -> str:
    return DefaultModel.objects.get(workspace=None, surface=surface, task=task, stage=stage).ai_model_id


def measure(model_id: str, *, days: int, runs: int, succeeded: int, outputs: int, kept: int, rerun: int) -> None:
    ModelStatistics.objects.create(
        ai_model_id=model_id,
        window_days=days,
        runs=runs,
        succeeded=succeeded,
        outputs=outputs,
        kept=kept,
        rerun=rerun,
        measured_at=LONG_AGO,
    )


def test_a_default_is_changed_and_noted(staff_client: Client, sonia: User) -> None:
    was = default("studio", "create")
    posted = {"studio.create": "flux_pro", "was-studio.create": was, "api.create": "x", "was-api.create": "x"}
    assert staff_client.post("/staff/defaults/", posted).status_code == 302
    assert default("studio", "create") == "flux_pro"
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.workspace_id) == (sonia.pk, None)
    assert was in str(entry.before)
    assert "flux_pro" in str(entry.after)


def test_one_unfit_default_saves_none(staff_client: Client) -> None:
    before = list(DefaultModel.objects.order_by("pk").values_list("ai_model_id", flat=True))
    for unfit in ("local_upscale", "nobody"):
        posted = {"studio.create": "flux_pro", "was-studio.create": "x", "api.create": unfit, "was-api.create": "x"}
        page = staff_client.post("/staff/defaults/", posted)
        assert page.status_code == 422
        text = page.content.decode()
        after = text[text.index('name="api.create"') :]
        assert 'class="err"' in after[: after.index("</td>")]
        assert list(DefaultModel.objects.order_by("pk").values_list("ai_model_id", flat=True)) == before
        assert AuditEntry.objects.count() == 0


def test_a_rating_is_changed_with_its_evidence(staff_client: Client, sonia: User) -> None:
    AIModel.objects.filter(pk="flux_pro").update(rating=3)
    measure("flux_pro", days=30, runs=40, succeeded=38, outputs=50, kept=25, rerun=4)
    measure("flux_pro", days=7, runs=19, succeeded=19, outputs=19, kept=19, rerun=0)
    page = " ".join(staff_client.get("/staff/ratings/").content.decode().split())
    assert "50%" in page  # kept
    assert "95%" in page  # success
    assert "100%" not in page  # of too few runs nothing is said
    posted = {"model": "flux_pro", "rating": "4", "reason": "half of it is kept"}
    assert staff_client.post("/staff/ratings/", posted).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("model.rate", "flux_pro", sonia.pk)
    assert (entry.before["rating"], entry.after["rating"]) == (3, 4)
    assert entry.after["reason"] == "half of it is kept"
    assert entry.after["evidence"] == {
        "30_days": {"runs": 40, "keep_percent": 50, "rerun_percent": 10, "success_percent": 95}
    }
    assert "half of it is kept" in staff_client.get("/staff/ratings/").content.decode()


@pytest.mark.parametrize(("rating", "reason"), [("6", "why"), ("0", "why"), ("x", "why"), ("4", ""), ("4", "  ")])
def test_a_wrong_rating_is_refused_and_kept_in_its_field(rating: str, reason: str, staff_client: Client) -> None:
    AIModel.objects.filter(pk="flux_pro").update(rating=3)
    page = staff_client.post("/staff/ratings/", {"model": "flux_pro", "rating": rating, "reason": reason})
    assert page.status_code == 422
    assert f'value="{rating}" aria-label="Rating of' in page.content.decode()
    assert AIModel.objects.get(pk="flux_pro").rating == 3
    assert AuditEntry.objects.count() == 0


def test_a_provider_is_paused_and_resumed(staff_client: Client, sonia: User) -> None:
    page = staff_client.get("/staff/providers/").content.decode()
    assert "FAL_KEY" in page  # what is missing is named
    assert staff_client.post("/staff/providers/", {"adapter": "local"}).status_code == 302
    assert set(Endpoint.objects.filter(adapter="local").values_list("is_enabled", flat=True)) == {False}
    assert set(Endpoint.objects.exclude(adapter="local").values_list("is_enabled", flat=True)) == {True}
    count = Endpoint.objects.filter(adapter="local").count()
    assert AuditEntry.objects.filter(action="endpoint.edit", actor_id=sonia.pk).count() == count
    assert staff_client.post("/staff/providers/", {"adapter": "local", "is_on": "on"}).status_code == 302
    assert set(Endpoint.objects.values_list("is_enabled", flat=True)) == {True}


def test_who_may_look_at_models_only_changes_none_of_these(looker_client: Client) -> None:
    posted = {"studio.create": "flux_pro", "was-studio.create": "x", "adapter": "local", "model": "flux_pro"}
    for path in ("/staff/defaults/", "/staff/providers/", "/staff/ratings/"):
        assert looker_client.post(path, posted).status_code == 403, path
    assert AuditEntry.objects.count() == 0
