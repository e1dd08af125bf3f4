"""The fake alone, as a process beside the application."""

import json
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests
import stripe

from config.env import ROOT
from tests.emulators.http import Answer, EmulatorServer, Incoming

pytestmark = pytest.mark.once


def test_it_runs_alone_and_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    got: list[Any] = []  # events
    came = threading.Event()

    def receive(incoming: Incoming) -> Answer:
        got.append(stripe.Webhook.construct_event(incoming.body, incoming.headers["stripe-signature"], "whsec_mine"))
        came.set()
        return Answer(200, {})

    inbox = EmulatorServer(receive)
    inbox.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--webhook-url", f"{inbox.url}/stripe/webhook", "--webhook-secret", "whsec_mine"]
    command = [sys.executable, "-m", "tests.emulators.stripe", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        base: Any = {"api": f"http://127.0.0.1:{port}"}
        with requests.Session() as session:
            http = stripe.RequestsClient(timeout=5, session=session)
            client = stripe.StripeClient("sk_test_any", base_addresses=base, http_client=http)
            made = client.raw_request("post", "/v1/customers", name="A")
        assert came.wait(10)
        assert [event.type for event in got] == ["customer.created"]
        assert json.loads(made.body)["id"] == got[0].data.object["id"]
        process.terminate()
        assert process.wait(10) == 0
    inbox.stop()
