"""What the product asks for, whole: the parameters of a sale and of a charge behind the customer's back."""

import time
from typing import Any

from stripe._v1_services import V1Services

from tests.emulators.stripe import FakeStripe


def checkout_params(customer_id: str, **more: Any) -> Any:  # Any: the SDK's types have no name for parts of them
    """The parameters of a session that sells one pack."""
    metadata = {"purchase": "pur_1", "workspace": "w1", "env": "test"}
    product = {"name": "2,000 credits", "tax_code": "txcd_10000000"}
    return {
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": "pur_1",
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "setup_future_usage": "off_session", "description": "Credits"},
        "line_items": [
            {"price_data": {"currency": "usd", "unit_amount": 1000, "product_data": product}, "quantity": 1},
        ],
        "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/canceled",
        "expires_at": int(time.time()) + 31 * 60,
        "invoice_creation": {"enabled": True},
        "automatic_tax": {"enabled": True},
        "tax_id_collection": {"enabled": True},
        "customer_update": {"address": "auto", "name": "auto"},
        "billing_address_collection": "auto",
        **more,
    }


def top_up_params(customer_id: str, method_id: str, **more: Any) -> Any:  # as above
    """The parameters of a charge of a saved card while nobody is there."""
    return {
        "amount": 1000,
        "currency": "usd",
        "customer": customer_id,
        "payment_method": method_id,
        "off_session": True,
        "confirm": True,
        "error_on_requires_action": True,
        "metadata": {"purchase": "pur_2", "attempt": "1"},
        **more,
    }


def sell(fake: FakeStripe, v1: V1Services, customer_id: str) -> str:
    """Sell a pack; return the payment intent's id."""
    session = v1.checkout.sessions.create(checkout_params(customer_id))
    paid: str = fake.play.pay(session.id)["payment_intent"]
    return paid
