"""Refunds: made by a call or in the Dashboard, and those that fail days later."""

from tests.emulators.stripe.payments import move
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.store import Store, merge


def create(store: Store, params: Json, _: str) -> Json:
    charge = find_charge(store, params)
    return make(store, charge, params.get("amount"), reason=params.get("reason"), metadata=params.get("metadata"))


def find_charge(store: Store, params: Json) -> Json:
    """Find the charge that a payment intent or the charge itself names."""
    if params.get("charge"):
        return store.get("charge", params["charge"], "charge")
    if not params.get("payment_intent"):
        raise Refusal.of_param("One of the following params should be provided: payment_intent or charge.", "charge")
    intent = store.get("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        text = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise Refusal.of_state(text, param="payment_intent")
    return store.get("charge", intent["latest_charge"])


def make(
    store: Store,
    charge: Json,
    amount: int | None,
    *,
    reason: str | None = None,
    status: str = "succeeded",
    metadata: dict[str, str] | None = None,
) -> Json:
    """Give back a part, or all that is left.

    :raises Refusal: more than is left, or a charge that its holder has taken back.
    """
    left = charge["amount"] - charge["amount_refunded"]
    if any(not one["is_charge_refundable"] for one in store.all_of("dispute", charge=charge["id"])):
        text = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise Refusal.of_state(text, code="charge_disputed")
    if left == 0:
        text = f"Charge {charge['id']} has already been refunded."
        raise Refusal.of_state(text, code="charge_already_refunded")
    amount = left if amount is None else amount
    if amount <= 0:
        raise Refusal.of_param("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > left:
        which = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        text = f"Refund amount ({_shown(amount)}) is greater than {which} ({_shown(left)})"
        raise Refusal.of_state(text, param="amount")
    refund = store.add(
        "refund",
        "re",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        reason=reason,
        status=status,
        destination_details={"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        metadata=merge({}, metadata),
    )
    refund["balance_transaction"] = move(store, refund, "refund", -amount)["id"]
    _count(charge, amount)
    store.emit("refund.created", refund)
    store.emit("charge.refunded", charge, amount_refunded=charge["amount_refunded"] - amount)
    return refund


def update(store: Store, params: Json, refund_id: str) -> Json:
    refund = store.get("refund", refund_id)
    refund["metadata"] = merge(refund["metadata"], params.get("metadata"))
    store.emit("refund.updated", refund)
    return refund


def succeed(store: Store, refund: Json) -> Json:
    """Let a pending refund arrive."""
    _refuse_unless(refund, "pending", "requires_action")
    before, refund["status"] = refund["status"], "succeeded"
    store.emit("refund.updated", refund, status=before)
    return refund


def fail(store: Store, refund: Json) -> Json:
    """Let the customer's bank send a refund back, which Stripe may say days after it succeeded."""
    _refuse_unless(refund, "pending", "requires_action", "succeeded")
    before = refund["status"]
    refund.update(status="failed", failure_reason="lost_or_stolen_card")
    refund["failure_balance_transaction"] = move(store, refund, "refund_failure", refund["amount"])["id"]
    _count(store.objects[refund["charge"]], -refund["amount"])
    store.emit("refund.updated", refund, status=before)
    store.emit("refund.failed", refund)
    return refund


def _count(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def _refuse_unless(refund: Json, *statuses: str) -> None:
    if refund["status"] not in statuses:
        raise Refusal.of_state(f"The refund {refund['id']} is {refund['status']}.")


def _shown(amount: int) -> str:
    return f"${amount // 100:,}.{amount % 100:02d}"
