"""Processes that race each other at payments: buyers, messages, sweeps and staff, beside those who spend.

Each is a whole installation of its own as far as it can tell: its own connections to the database and to Stripe.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.test import Client
from django.utils import timezone

from apps.accounts.members import find_actor
from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import inbox, notices, purchases, top_up
from apps.billing.models import Purchase, StripeEvent
from apps.jobs.preparation import JobRequest
from apps.jobs.submission import submit as submit_job
from apps.providers import registry
from apps.providers.mock import MockAdapter
from apps.staff.checking import find_faults
from tests.billing import gift_racers
from tests.billing.shops import selling, signed
from tests.jobs.scripted import ScriptedAdapter
from tests.ledger import racers
from tests.ledger.calls import place, settle, totals

_TRIES: Final = 5  # of one message


def submit(*, workspace: str, user: str, at: str) -> object:
    """Run a model, as the API does."""
    job = submit_job(
        actor=find_actor(user=User.objects.get(pk=user), workspace_id=UUID(workspace)),
        ai_model_id="flux_schnell",
        request=JobRequest(inputs={"prompt": "a red kite"}),
        key=None,
        now=datetime.fromisoformat(at),
    ).job
    return job.quoted_mc


def start(*, shop: str, workspace: str, user: str, attempt: str) -> object:
    with selling(api_base=shop):
        started = purchases.start_purchase(
            actor=find_actor(user=User.objects.get(pk=user), workspace_id=UUID(workspace)),
            pack_id="small",
            currency=None,
            attempt_key=attempt,
            now=timezone.now(),
        )
    return started.url


def handle_notices(*, at: str) -> object:
    return notices.handle_due(now=datetime.fromisoformat(at))


def deliver(*, shop: str, bodies: list[str], seed: int) -> object:
    """Bring messages to the webhook in some order, each until it is taken; return the worst status of all."""
    random.Random(seed).shuffle(bodies)
    with selling(api_base=shop):
        return max((_bring(body) for body in bodies), default=200)


def receive(*, shop: str, body: str) -> object:
    """Take one message in."""
    now = timezone.now()
    with selling(api_base=shop):
        inbox.receive(body=body.encode(), header=signed(body.encode(), at=now), now=now)
    return 200


def refresh(*, shop: str, purchase: str) -> object:
    """Ask Stripe unbidden, as the page that a buyer comes back to and the sweep do."""
    with selling(api_base=shop):
        return purchases.refresh(purchase=Purchase.objects.get(pk=purchase), now=timezone.now()).status


def give_back(*, shop: str, purchase: str, amount: int, attempt: str) -> object:
    with selling(api_base=shop):
        refund = purchases.refund_purchase(
            purchase=Purchase.objects.get(pk=purchase),
            amount_minor=amount,
            reason="asked for",
            actor_id=UUID(int=9),
            attempt_key=attempt,
            now=timezone.now(),
        )
    return refund.reference


def cross(*, shop: str, workspace: str, amount: int, at: str) -> object:
    """Spend, and look whether credits have to be bought; answer how what came of that stands, if anything did."""
    now = datetime.fromisoformat(at)
    with selling(api_base=shop, is_taxed=False):
        if amount:
            settle(place(Workspace.objects.get(pk=workspace), amount, now=now), amount, now=now)
        attempt = top_up.consider(workspace_id=UUID(workspace), now=now)
    return attempt.status if attempt else None


def sweep_events(*, shop: str) -> object:
    """Handle whatever messages were left, as the clock has it done."""
    with selling(api_base=shop):
        StripeEvent.objects.filter(processed_at=None).update(due_at=timezone.now())
        return inbox.handle_due(now=timezone.now())


def watch(*, workspace: str, seconds: float) -> object:
    """Look at the books again and again; return how often, the least there ever was, and what ever was wrong."""
    looks, least, faults = 0, 0, set()
    ends_at = time.monotonic() + seconds
    while looks < 2 or time.monotonic() < ends_at:
        least = min(least, *totals(Workspace.objects.get(pk=workspace)))
        faults |= {f"{one.invariant} {one.detail}" for one in find_faults(now=timezone.now())}
        looks += 1
    return {"looks": looks, "least": least, "faults": sorted(faults)}


CALLS: Final[dict[str, Callable[..., object]]] = {
    function.__name__: function
    for function in (submit, handle_notices, start, deliver, receive, refresh, give_back, cross, sweep_events, watch)
}


def serve() -> None:
    registry.configure({"mock": MockAdapter, "fal": ScriptedAdapter})
    racers.CALLS.update(CALLS | gift_racers.CALLS)
    racers.serve()


def _bring(body: str) -> int:
    for _ in range(_TRIES):
        header = signed(body.encode(), at=timezone.now())
        headers = {"Host": "127.0.0.1", "Stripe-Signature": header}
        answer = Client(raise_request_exception=False).generic(
            "POST", "/stripe/webhook", body, content_type="application/json", headers=headers
        )
        if answer.status_code == 200:
            break
    return answer.status_code
