"""What people, banks and networks do, as verbs: for tests, for ``POST /_fake/<verb>``, for the dashboard's buttons."""

from collections.abc import Callable
from typing import Final

from tests.emulators.stripe import checkout, customers, disputes, payments, refunds
from tests.emulators.stripe.cards import AUTHENTICATION, BY_NAME, DECLINED, OK
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.store import Store


class Scenarios:
    """Each verb names an object by id: a session, a payment intent, a refund, a dispute or a card."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pay(self, session_id: str, card: str = "visa") -> Json:
        """Pay on the hosted page; the card is what follows ``pm_card_`` in Stripe's test ids."""
        with self._store.lock:
            session = self._session(session_id)
            return checkout.pay(self._store, session, card=BY_NAME[card])

    def pay_later(self, session_id: str) -> Json:
        """Complete with a method whose money takes days."""
        with self._store.lock:
            return checkout.pay(self._store, self._session(session_id), card=OK, is_late=True)

    def decline(self, session_id: str) -> Json:
        """Try a card that says no; the session stays open."""
        with self._store.lock:
            session = self._session(session_id)
            try:
                checkout.pay(self._store, session, card=DECLINED)
            except Refusal as refusal:
                if refusal.status != 402:
                    raise
            return session

    def challenge(self, session_id: str) -> Json:
        """Try a card that asks for 3D Secure; the payment then requires action."""
        with self._store.lock:
            return checkout.pay(self._store, self._session(session_id), card=AUTHENTICATION)

    def authenticate(self, object_id: str) -> Json:
        """Pass 3D Secure, for a session or for a payment intent of its own."""
        with self._store.lock:
            if object_id.startswith("cs_"):
                session = self._session(object_id)
                return checkout.pay(self._store, session, card=AUTHENTICATION, is_authenticated=True)
            intent = self._challenged(object_id)
            method = self._store.get("payment_method", intent["payment_method"])
            return payments.attempt(self._store, intent, method, is_authenticated=True)

    def fail_authentication(self, object_id: str) -> Json:
        """Fail 3D Secure; the session stays open."""
        with self._store.lock:
            found = self._store.objects.get(object_id, {})
            intent = self._challenged(found["payment_intent"] if object_id.startswith("cs_") else object_id)
            card = self._store.cards[intent["payment_method"]]
            code = "payment_intent_authentication_failure"
            payments.fail(self._store, intent, card, code, "generic_decline")
            return found

    def async_succeed(self, session_id: str) -> Json:
        with self._store.lock:
            return checkout.finish_late(self._store, self._session(session_id), is_paid=True)

    def async_fail(self, session_id: str) -> Json:
        with self._store.lock:
            return checkout.finish_late(self._store, self._session(session_id), is_paid=False)

    def expire(self, session_id: str) -> Json:
        with self._store.lock:
            return checkout.expire(self._store, {}, session_id)

    def refund(self, payment_intent: str, amount: int | None = None, status: str = "succeeded") -> Json:
        """Refund from Stripe's dashboard: all that is left, or an amount; it may stay pending."""
        with self._store.lock:
            return refunds.make(self._store, self._charge(payment_intent), amount, status=status)

    def refund_half(self, payment_intent: str) -> Json:
        with self._store.lock:
            return self.refund(payment_intent, self._charge(payment_intent)["amount"] // 2)

    def refund_succeeds(self, refund_id: str) -> Json:
        with self._store.lock:
            return refunds.succeed(self._store, self._store.get("refund", refund_id))

    def refund_fails(self, refund_id: str) -> Json:
        with self._store.lock:
            return refunds.fail(self._store, self._store.get("refund", refund_id))

    def dispute_open(self, payment_intent: str, amount: int | None = None, is_inquiry: bool = False) -> Json:
        with self._store.lock:
            charge = self._charge(payment_intent)
            return disputes.open_one(self._store, charge, amount=amount, is_inquiry=is_inquiry)

    def dispute_review(self, dispute_id: str) -> Json:
        return self._dispute(dispute_id, disputes.review)

    def dispute_won(self, dispute_id: str) -> Json:
        return self._dispute(dispute_id, disputes.win)

    def dispute_lost(self, dispute_id: str) -> Json:
        return self._dispute(dispute_id, disputes.lose)

    def dispute_appeal(self, dispute_id: str) -> Json:
        return self._dispute(dispute_id, disputes.appeal)

    def fraud_warning(self, payment_intent: str) -> Json:
        with self._store.lock:
            return disputes.warn(self._store, self._charge(payment_intent))

    def detach(self, payment_method: str) -> Json:
        with self._store.lock:
            return customers.detach(self._store, {}, payment_method)

    def card_renewed(self, payment_method: str) -> Json:
        """Let the card's network send a new date of expiry."""
        with self._store.lock:
            method = self._store.get("payment_method", payment_method)
            before = dict(method["card"])
            method["card"]["exp_year"] += 4
            self._store.emit("payment_method.automatically_updated", method, card=before)
            return method

    def _challenged(self, intent_id: str) -> Json:
        intent = self._store.get("payment_intent", intent_id or "", "payment_intent")
        if intent["status"] != "requires_action":
            raise Refusal.of_state(f"The payment {intent_id} waits for no authentication.")
        return intent

    def _session(self, session_id: str) -> Json:
        return self._store.get("checkout.session", session_id)

    def _charge(self, payment_intent: str) -> Json:
        return refunds.find_charge(self._store, {"payment_intent": payment_intent})

    def _dispute(self, dispute_id: str, verb: Callable[[Store, Json], Json]) -> Json:
        with self._store.lock:
            return verb(self._store, self._store.get("dispute", dispute_id))


VERBS: Final = frozenset(name for name in vars(Scenarios) if not name.startswith("_"))
