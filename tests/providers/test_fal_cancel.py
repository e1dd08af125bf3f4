"""Asking fal to stop a run: only the polls tell what came of it."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.providers.contract import (
    Accepted,
    Cancellation,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
)
from apps.providers.fal import FalAdapter
from tests.emulators.fal import FalEmulator, Fault, Route
from tests.emulators.fal_runs import Behavior
from tests.providers.handover import accept, build_request, wait

pytestmark = pytest.mark.once

REQUEST = build_request()


def test_a_run_is_canceled_in_the_queue(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = accept(adapter)
    assert adapter.cancel(accepted) is Cancellation.ASKED
    with pytest.raises(ProviderRejected) as rejected:
        adapter.poll(REQUEST, accepted)
    assert rejected.value.refusal is Refusal.CANCELED


def running(fal: FalEmulator, adapter: FalAdapter, **behavior: Any) -> Accepted:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=2, **behavior)
    accepted = accept(adapter)
    assert isinstance(adapter.poll(REQUEST, accepted), Pending)
    return accepted


def test_a_running_one_may_stop(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = running(fal, adapter)
    assert adapter.cancel(accepted) is Cancellation.ASKED
    with pytest.raises(ProviderRejected) as rejected:
        adapter.poll(REQUEST, accepted)
    assert rejected.value.refusal is Refusal.CANCELED


def test_or_finish_all_the_same(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = running(fal, adapter, finishes_although_canceled=True)
    assert adapter.cancel(accepted) is Cancellation.ASKED
    assert len(wait(adapter, REQUEST, accepted).artifacts) == 1
    assert adapter.cancel(accepted) is Cancellation.ASKED  # 400, too late


def test_canceling_what_fal_does_not_know_is_harmless(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = accept(adapter)
    fal.runs.clear()
    assert adapter.cancel(accepted) is Cancellation.ASKED


@pytest.mark.parametrize("fault", [Fault.gateway(502), Fault.dropped(), Fault.of(429, {"detail": "busy"})])
def test_a_cancel_that_was_not_heard_is_asked_again(fal: FalEmulator, adapter: FalAdapter, fault: Fault) -> None:
    accepted = accept(adapter)
    fal.fail_next(Route.CANCEL, fault)
    with pytest.raises(ProviderUnavailable):
        adapter.cancel(accepted)
    assert adapter.cancel(accepted) is Cancellation.ASKED


def test_an_old_form_of_the_answer_to_cancel(fal: FalEmulator, adapter: FalAdapter) -> None:
    accepted = accept(adapter)
    fal.fail_next(Route.CANCEL, Fault.of(200, {"success": True}))
    assert adapter.cancel(accepted) is Cancellation.ASKED


@pytest.mark.parametrize(
    "call",
    [
        lambda adapter, accepted: adapter.poll(REQUEST, accepted),
        lambda adapter, accepted: adapter.cancel(accepted),
    ],
    ids=["poll", "cancel"],
)
def test_the_addresses_of_the_answer_are_used_as_they_are(
    fal: FalEmulator, adapter: FalAdapter, call: Callable[[FalAdapter, Accepted], object]
) -> None:
    fal.behavior = Behavior(polls_in_queue=0, polls_in_progress=0)
    accepted = accept(adapter)
    call(adapter, accepted)
    paths = {f"{fal.url}{incoming.path}" for route, incoming in fal.requests if route is not Route.SUBMIT}
    assert paths <= set(accepted.urls.values())
