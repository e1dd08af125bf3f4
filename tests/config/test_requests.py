"""What every answer has: an id, the right form of refusal, and static files in one piece."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import call_command
from django.test import AsyncClient, Client

from apps.billing import dispatch as billing_dispatch
from apps.jobs import dispatch
from apps.mail import dispatch as mail_dispatch
from config import heartbeat

ID = re.compile(r"req_[0-9a-z]{26}")


@pytest.mark.django_db
def test_every_answer_has_an_id_of_its_own() -> None:
    client = Client(headers={"X-Request-Id": "mine"})
    ids = [
        client.get(path)["X-Request-Id"]
        for path in ("/healthz", "/nowhere", "/v1/nowhere", "/static/admin/css/base.css")
    ]

    assert all(ID.fullmatch(one) for one in ids)
    assert len(set(ids)) == 4


@pytest.mark.django_db
def test_asynchronous_answers_have_one_too() -> None:
    answer = async_to_sync(AsyncClient().get)("/static/admin/css/base.css")
    assert answer.status_code == 200
    assert ID.fullmatch(answer["X-Request-Id"])


@pytest.mark.django_db
def test_refusals_are_json_under_v1_and_pages_elsewhere() -> None:
    api, page = Client().get("/v1/nowhere"), Client().get("/nowhere")

    assert (api.status_code, api["Content-Type"]) == (401, "application/problem+json")
    assert api.json()["request_id"] == api["X-Request-Id"]
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.django_db
def test_static_files_answer_whole_in_part_and_not_at_all() -> None:
    path = "/static/admin/css/base.css"
    whole = Client().get(path)
    assert whole["Content-Type"] == 'text/css; charset="utf-8"'
    assert int(whole["Content-Length"]) == len(whole.content)

    part = Client().get(path, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, whole.content[:10])

    unchanged = Client().get(path, headers={"If-Modified-Since": whole["Last-Modified"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert Client().head(path).content == b""


@pytest.mark.django_db
def test_health_says_which_part_is_missing() -> None:
    heartbeat.forget()
    missing = Client().get("/healthz")
    assert missing.status_code == 503
    assert missing.json() == {
        "status": "not ready",
        "parts": {
            "web": "ready",
            "database": "ready",
            "broker": "ready",
            "worker": "nobody works on providers and pictures",
        },
    }

    heartbeat.renew()  # by this process, which consumes the default queue alone
    assert Client().get("/healthz").json()["parts"]["worker"] == "nobody works on pictures"
    heartbeat.forget()


@pytest.mark.django_db
def test_health_is_not_cached_and_only_read() -> None:
    assert "no-store" in Client().get("/healthz")["Cache-Control"]
    assert Client().post("/healthz").status_code in {403, 405}


def test_the_queues_are_those_that_jobs_know() -> None:
    assert settings.EASEL_QUEUES == (dispatch.PROVIDERS, dispatch.PICTURES)
    assert settings.CELERY_TASK_DEFAULT_QUEUE == dispatch.PROVIDERS
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} == {
        dispatch.SWEEP,
        dispatch.EXPIRE_CREDITS,
        dispatch.MEASURE,
        billing_dispatch.HANDLE_EVENTS,
        billing_dispatch.SWEEP_PURCHASES,
        billing_dispatch.HANDLE_NOTICES,
        billing_dispatch.LAPSE_REQUESTS,
        billing_dispatch.SWEEP_TOP_UPS,
        billing_dispatch.CHECK_BOOKS,
        billing_dispatch.PRUNE,
        billing_dispatch.REPORT_DEAD,
        mail_dispatch.SEND,
        mail_dispatch.PRUNE,
    }


@pytest.mark.django_db
def test_there_is_a_migration_for_every_change() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
