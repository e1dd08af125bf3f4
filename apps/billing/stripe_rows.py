"""From Stripe's JSON to plain values: pure, and strict about what is signed."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from apps.billing.stripe_objects import Card, CheckoutSession, Event, Mention, Payment, StripeDispute, StripeRefund

_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


def read_event(message: Any) -> Event:  # whatever was signed
    """Take an event apart. :raises ValueError: it is none of the kind that holds its object."""
    if not isinstance(message, dict) or message.get("object") != "event":
        raise ValueError("not a snapshot event")
    name, kind, created, is_livemode = (message.get(field) for field in ("id", "type", "created", "livemode"))
    data = message.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    object_id = about.get("id", "") if isinstance(about, dict) else None
    if not (_is_name(name) and _is_name(kind) and _is_name(object_id) and isinstance(is_livemode, bool)):
        raise ValueError("an event without what every event has")
    if not isinstance(created, int) or not 0 <= created < 2**33 or not _is_storable(message):
        raise ValueError("an event that cannot be stored")
    return Event(str(name), str(kind), datetime.fromtimestamp(created, UTC), is_livemode, str(object_id), message)


def _is_storable(message: object) -> bool:
    """Whether PostgreSQL can keep it as JSON: no NaN, no NUL, no half of a surrogate pair. :raises ValueError: NaN."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False)
    return "\\u0000" not in text and not _HALF_PAIR.search(text)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 255


def read_session(row: Mapping[str, Any]) -> CheckoutSession:  # JSON values
    invoice = row.get("invoice")
    return CheckoutSession(
        id=row["id"],
        url=row.get("url") or "",
        status=row.get("status") or "",
        payment_status=row["payment_status"],
        amount_minor=row.get("amount_total") or 0,
        currency=row.get("currency") or "",
        is_livemode=row["livemode"],
        payment_intent=_id_of(row.get("payment_intent")),
        client_reference=row.get("client_reference_id") or "",
        invoice_url=(invoice.get("hosted_invoice_url") or "") if isinstance(invoice, dict) else "",
    )


def read_payment(
    row: Mapping[str, Any], refunds: list[dict[str, Any]], disputes: list[dict[str, Any]]
) -> Payment:  # JSON values
    charge = row.get("latest_charge")
    charge = charge if isinstance(charge, dict) and charge.get("paid") else {}
    return Payment(
        id=row["id"],
        status=row["status"],
        amount_minor=row["amount"],
        currency=row["currency"],
        is_livemode=row["livemode"],
        received_minor=row.get("amount_received") or 0,
        charge_minor=charge.get("amount", 0),
        refunds=tuple(map(read_refund, refunds)),
        disputes=tuple(map(read_dispute, disputes)),
        metadata=dict(row.get("metadata") or {}),
        receipt_url=charge.get("receipt_url") or "",
        customer=_id_of(row.get("customer")) or "",
        decline=(row.get("last_payment_error") or {}).get("code") or "",
    )


def read_card(customer: Mapping[str, Any], rows: list[dict[str, Any]]) -> Card | None:  # JSON values
    """The card to charge, among those of a customer as Stripe lists them: the newest first."""
    default = _id_of((customer.get("invoice_settings") or {}).get("default_payment_method"))
    row = next((one for one in rows if one["id"] == default), rows[0] if rows else None)
    if row is None:
        return None
    card = row["card"]
    return Card(
        id=row["id"],
        brand=card["brand"],
        last4=card["last4"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
        is_default=row["id"] == default,
    )


def read_refund(row: Mapping[str, Any]) -> StripeRefund:  # JSON values
    metadata = row.get("metadata") or {}
    return StripeRefund(row["id"], row.get("status") or "succeeded", row["amount"], metadata.get("refund", ""))


def read_dispute(row: Mapping[str, Any]) -> StripeDispute:  # JSON values
    moved = sum(transaction["amount"] for transaction in row.get("balance_transactions") or [])
    return StripeDispute(row["id"], row["status"], row["amount"], row["currency"], moved)


def read_mention(row: Mapping[str, Any]) -> Mention:  # JSON values
    about = row["data"]["object"] if row["object"] == "event" else row
    is_payment = about["object"] == "payment_intent"
    return Mention(
        payment_intent=about["id"] if is_payment else _id_of(about.get("payment_intent")),
        metadata=dict(about.get("metadata") or {}),
        created_at=datetime.fromtimestamp(row["created"], UTC),
        is_warning=about["object"] == "radar.early_fraud_warning",
    )


def _id_of(value: Any) -> str | None:  # an id, or what it was expanded to
    if isinstance(value, dict):
        value = value["id"]
    return str(value) if value else None
