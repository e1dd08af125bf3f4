"""Programs that race each other at the API, each in a process of its own; see tests/ledger/racers.py."""

from django.test import Client
from django.urls import resolve

from apps.providers import registry
from apps.providers.mock import MockAdapter
from tests.jobs.scripted import ScriptedAdapter
from tests.ledger import racers


def post(*, path: str, key: str, body: str, headers: dict[str, str]) -> object:
    """Return the status, and the type of a refusal."""
    answer = Client(raise_request_exception=False).generic(
        "POST",
        path,
        body,
        content_type="application/json",
        headers={"Host": "127.0.0.1", "Authorization": f"Bearer {key}", "Prefer": "respond-async"} | headers,
    )
    return [answer.status_code, answer.json().get("error_type")]


def serve() -> None:
    """Race with a provider in fal's place that is never asked: no worker runs."""
    registry.configure({"mock": MockAdapter, "fal": lambda: ScriptedAdapter(submits=[])})
    racers.CALLS["post"] = post
    resolve("/v1/jobs/flux_pro")  # what every racer needs is imported once, before they fork
    racers.serve()
