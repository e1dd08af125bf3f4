"""/v1/usage: what was spent, by whatever it is asked by."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey
from apps.catalog.models import Stage
from apps.ids import to_public
from apps.jobs.models import Job
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from tests.api.conftest import Caller, run
from tests.api.test_ledger import rows_of


def spend(program: Caller, **fields: str) -> Job:
    made = program.submit("flux_pro", headers=None, **fields)
    run(made["id"])
    return Job.objects.latest("id")


def test_it_is_told_by_each_group(program: Caller) -> None:
    job = spend(program, project="Launch")
    spend(program)
    assert job.project is not None
    key, person = ApiKey.objects.get(lookup=program.key[11:19]), to_public("member", job.user_id) if job.user_id else ""
    today = timezone.now().date().isoformat()
    for by, groups in {
        "model": [("flux_pro", job.ai_model.name, 24, 2)],
        "stage": [(job.ai_model.stage, Stage(job.ai_model.stage).label, 24, 2)],
        "member": [(person, "Alice Archer", 24, 2)],
        "key": [(key.public_id, key.name, 24, 2)],
        "project": [(None, None, 12, 1), (to_public("project", job.project.pk), "Launch", 12, 1)],
        "day": [(today, None, 24, 2)],
    }.items():
        body = program.get(f"/v1/usage?group_by={by}").json()
        assert (body["object"], body["group_by"], body["credits"], body["jobs"]) == ("usage", by, 24, 2)
        assert [(one["id"], one["name"], one["credits"], one["jobs"]) for one in body["data"]] == groups


def test_what_was_given_back_is_taken_off(program: Caller) -> None:
    job = spend(program)
    assert job.hold is not None
    posting.uncapture(hold=job.hold, amount_mc=Millicredits(2_500), reason="late", actor_id=None, now=timezone.now())
    assert program.get("/v1/usage").json()["credits"] == 9.5


def test_it_is_a_file_for_whoever_asks_for_one(program: Caller, stranger: Caller) -> None:
    spend(program)
    rows = rows_of(program.get("/v1/usage?group_by=model", Accept="text/csv"))
    assert [(row["id"], row["credits"], row["jobs"]) for row in rows] == [("flux_pro", "12", "1")]
    assert rows_of(stranger.get("/v1/usage", Accept="text/csv")) == []


def test_every_fault_is_named_at_once(program: Caller) -> None:
    answer = program.get("/v1/usage?group_by=moon&from=x&to=y&z=1")
    assert answer.status_code == 422
    paths = [fault["path"] for fault in answer.json()["error"]["details"]["fields"]]
    assert sorted(paths) == ["from", "group_by", "to", "z"]


@pytest.mark.parametrize("days", [-1, 401])
def test_a_period_is_bounded(program: Caller, days: int) -> None:
    now = timezone.now()
    since = (now - timedelta(days=days)).isoformat().replace("+", "%2B")
    answer = program.get(f"/v1/usage?from={since}&to={now.isoformat().replace('+', '%2B')}")
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["error"]["details"]["fields"]] == ["from"]
