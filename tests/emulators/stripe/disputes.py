"""Disputes and the warnings before them; the money leaves when one opens."""

from typing import Final

import stripe

from tests.emulators.stripe.annotations import fields
from tests.emulators.stripe.payments import move
from tests.emulators.stripe.refusals import Json, Refusal
from tests.emulators.stripe.store import DAY, Store

FEE: Final = 1500
_INQUIRY: Final = "warning_needs_response"


def open_one(store: Store, charge: Json, *, amount: int | None = None, is_inquiry: bool = False) -> Json:
    """Let the card's holder dispute a charge, or only ask about it, which moves no money."""
    if charge["disputed"]:
        raise Refusal.of_state(f"The charge {charge['id']} is disputed already.")
    due = store.now() + 7 * DAY
    times = {
        "due_by": due,
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
        "submission_method": "not_submitted",
    }
    brand = charge["payment_method_details"]["card"]["brand"]
    card = {
        "brand": brand,
        "case_type": "inquiry" if is_inquiry else "chargeback",
        "network": brand,
        "network_reason_code": "10.4",
    }
    dispute = store.add(
        "dispute",
        "dp",
        amount=amount or charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(fields(stripe.Dispute.Evidence)), "enhanced_evidence": {}},
        evidence_details={**times, "enhanced_eligibility": {}},
        is_charge_refundable=is_inquiry,
        network_reason_code="10.4",
        payment_intent=charge["payment_intent"],
        payment_method_details={"card": card, "type": "card"},
        reason="fraudulent",
        status=_INQUIRY if is_inquiry else "needs_response",
    )
    charge["disputed"] = True
    if is_inquiry:
        store.emit("charge.dispute.created", dispute)
        return dispute
    dispute["balance_transactions"].append(move(store, dispute, "adjustment", -dispute["amount"], FEE))
    store.emit("charge.dispute.created", dispute)
    store.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def review(store: Store, dispute: Json) -> Json:
    """Send the evidence in."""
    statuses = {_INQUIRY: "warning_under_review", "appeal_needs_response": "appeal_under_review"}
    return _become(store, dispute, statuses.get(dispute["status"], "under_review"), "charge.dispute.updated")


def win(store: Store, dispute: Json) -> Json:
    """Decide for us: the money comes back if it is out. An inquiry is closed instead."""
    if dispute["status"].startswith("warning_"):
        return _become(store, dispute, "warning_closed", "charge.dispute.closed")
    if sum(one["amount"] for one in dispute["balance_transactions"]) < 0:
        dispute["balance_transactions"].append(move(store, dispute, "adjustment", dispute["amount"]))
        _become(store, dispute, "won", "charge.dispute.closed")
        store.emit("charge.dispute.funds_reinstated", dispute)
        return dispute
    return _become(store, dispute, "won", "charge.dispute.closed")


def lose(store: Store, dispute: Json) -> Json:
    """Decide for the holder of the card, also after it was won before: the money is out."""
    if sum(one["amount"] for one in dispute["balance_transactions"]) >= 0:
        dispute["balance_transactions"].append(move(store, dispute, "adjustment", -dispute["amount"]))
        store.emit("charge.dispute.funds_withdrawn", dispute)
    return _become(store, dispute, "lost", "charge.dispute.closed")


def appeal(store: Store, dispute: Json) -> Json:
    """Take a decided dispute up again; the money stays where it is."""
    if dispute["status"] not in {"won", "lost"}:
        raise Refusal.of_state(f"The dispute {dispute['id']} is {dispute['status']}, not decided.")
    status = "appeal_under_review" if dispute["status"] == "lost" else "appeal_needs_response"
    return _become(store, dispute, status, "charge.dispute.updated")


def warn(store: Store, charge: Json) -> Json:
    """Let the card's network call a charge fraud, early."""
    warning = store.add(
        "radar.early_fraud_warning",
        "issfr",
        actionable=not charge["refunded"],
        charge=charge["id"],
        fraud_type="made_with_stolen_card",
        payment_intent=charge["payment_intent"],
    )
    store.emit("radar.early_fraud_warning.created", warning)
    return warning


def _become(store: Store, dispute: Json, status: str, event: str) -> Json:
    before, dispute["status"] = dispute["status"], status
    store.emit(event, dispute, status=before)
    return dispute
