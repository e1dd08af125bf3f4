"""A buyer, a shop and a Stripe of our own, with the verbs that stories about payments are told in."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.accounts.actor import Actor
from apps.accounts.tenancy import Workspace
from apps.billing import inbox, purchases
from apps.billing.checks import check_purchases
from apps.billing.gateway import Gateway
from apps.billing.models import Purchase
from apps.errors import DomainError
from apps.ledger.check import Fault, check_books
from apps.ledger.models import Lot
from tests import builders
from tests.billing.shops import SECRET, selling
from tests.emulators.stripe import FakeStripe
from tests.emulators.stripe.faults import Kind
from tests.ledger.calls import place, settle


class Stage:
    """One workspace that buys, and Stripe. Until ``deliver`` lets messages arrive nobody has heard of anything."""

    def __init__(self, fake: FakeStripe, gateway: Gateway, actor: Actor) -> None:
        self.fake, self.gateway, self.actor = fake, gateway, actor
        self.ahead = timedelta()  # of the real clock

    @property
    def workspace(self) -> Workspace:
        return self.actor.workspace

    @property
    def now(self) -> datetime:
        return timezone.now() + self.ahead

    def start(self, *, attempt: str = "first", pack: str = "small", currency: str | None = None) -> purchases.Started:
        return purchases.start_purchase(
            actor=self.actor, pack_id=pack, currency=currency, attempt_key=attempt, now=self.now
        )

    def buy(self, *, attempt: str = "first", pack: str = "small") -> Purchase:
        """Buy a pack and pay for it, and let it be heard of."""
        purchase = self.start(attempt=attempt, pack=pack).purchase
        self.fake.play.pay(self.page_of(purchase))
        self.deliver()
        return self.fresh(purchase)

    def page_of(self, purchase: Purchase) -> str:
        session_id = self.fresh(purchase).session_id
        assert session_id is not None
        return session_id

    def payment_of(self, purchase: Purchase) -> str:
        payment_intent = self.fresh(purchase).payment_intent
        assert payment_intent is not None
        return payment_intent

    def fresh(self, purchase: Purchase) -> Purchase:
        return Purchase.objects.get(pk=purchase.pk)

    def sync(self, purchase: Purchase) -> Purchase:
        """Bring a purchase up to date without any message."""
        return purchases.refresh(purchase=self.fresh(purchase), now=self.now)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Take a message in, as the webhook does; return the status."""
        try:
            inbox.receive(body=body, header=headers["Stripe-Signature"], now=timezone.now())
        except DomainError as refusal:
            return 400 if refusal.code == "bad_signature" else 500
        finally:
            if threading.current_thread() is not threading.main_thread():
                connection.close()
                self.gateway.close()
        return 200

    def deliver(self) -> list[int]:
        """Let every message that waits arrive; return the statuses."""
        return [one.statuses[-1] for one in self.fake.webhooks.deliver_all()]

    def at_stripe(self, object_id: str) -> dict[str, Any]:
        """An object of the fake's. Any: JSON values."""
        found: dict[str, Any] = self.fake.store.objects[object_id]
        return found

    def made(self, kind: str) -> list[str]:
        """The ids of all objects of a kind."""
        return [one["id"] for one in self.fake.store.all_of(kind)]

    def fail(self, kind: str, **about: Any) -> None:
        """Let something go wrong with the next calls of Stripe: which, how often, for how long."""
        self.fake.faults.add(Kind(kind), **about)

    def advance(self, **time: float) -> None:
        """Let time pass, for us and for Stripe."""
        self.ahead += timedelta(**time)
        self.fake.advance(timedelta(**time).total_seconds())

    def spend(self, amount_mc: int) -> None:
        settle(place(self.workspace, amount_mc, now=self.now), amount_mc, now=self.now)

    def lot_of(self, purchase: Purchase) -> Lot:
        return Lot.objects.get(purchase_id=purchase.pk)

    def faults(self) -> list[Fault]:
        """What is wrong with the books, and with the fake itself."""
        assert self.fake.store.problems == []
        return [*check_books(now=self.now), *check_purchases(now=self.now)]


@contextmanager
def staged(*, is_taxed: bool = True) -> Iterator[Stage]:
    """Open a shop at a fresh Stripe, with an owner who has no credits yet."""
    owner = builders.build_user("olga@buyers.example")
    workspace = builders.build_workspace(owner, "Buyers")
    with FakeStripe(webhook_secret=SECRET) as fake, selling(api_base=fake.url, is_taxed=is_taxed) as gateway:
        stage = Stage(fake, gateway, builders.build_actor(workspace, owner))
        fake.webhooks.receiver = stage.receive
        yield stage
