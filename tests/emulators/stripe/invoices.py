"""The invoice that a paid checkout leaves behind, if it was asked for."""

from tests.emulators.stripe.refusals import Json
from tests.emulators.stripe.store import Store, listed, merge


def make_paid(store: Store, session: Json, intent: Json) -> Json:
    """Make the invoice of a paid session, with the payment that links it to its intent."""
    now, total = store.now(), session["amount_total"]
    customer = store.objects.get(session["customer"] or "", {})
    details = session["customer_details"] or {}
    off = {"disabled_reason": None, "liability": None, "provider": None, "status": None}
    tax = session["automatic_tax"]
    invoice = store.add(
        "invoice",
        "in",
        **dict.fromkeys(("amount_due", "amount_overpaid", "amount_remaining", "amount_shipping"), 0),
        **dict.fromkeys(("post_payment_credit_notes_amount", "pre_payment_credit_notes_amount"), 0),
        account_country="US",
        account_name="Fake Stripe",
        amount_paid=total,
        attempt_count=0,
        attempted=True,
        auto_advance=False,
        automatic_tax={**off, "enabled": tax["enabled"], "status": tax["status"]},
        billing_reason="manual",
        collection_method="charge_automatically",
        currency=session["currency"],
        customer=session["customer"],
        customer_email=details.get("email"),
        customer_name=details.get("name"),
        customer_tax_exempt=customer.get("tax_exempt", "none"),
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        effective_at=now,
        ending_balance=0,
        issuer={"type": "self"},
        number=f"FAKE-{len(store.all_of('invoice')) + 1:04d}",
        payment_settings={"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        period_end=now,
        period_start=now,
        starting_balance=0,
        status="paid",
        status_transitions={"finalized_at": now, "marked_uncollectible_at": None, "paid_at": now, "voided_at": None},
        subtotal=session["amount_subtotal"],
        subtotal_excluding_tax=session["amount_subtotal"],
        total=total,
        total_discount_amounts=[],
        total_excluding_tax=session["amount_subtotal"],
        total_pretax_credit_amounts=[],
        total_taxes=[],
        metadata=merge({}, (session["invoice_creation"]["invoice_data"]["metadata"])),
    )
    invoice["amount_due"] = total
    rows = [_line(store, invoice, item) for item in store.line_items[session["id"]]]
    invoice["lines"] = listed(rows, f"/v1/invoices/{invoice['id']}/lines")
    page = f"{store.base_url}/i/{invoice['id']}"
    invoice.update(hosted_invoice_url=page, invoice_pdf=f"{page}/pdf")
    store.add(
        "invoice_payment",
        "inpay",
        amount_paid=total,
        amount_requested=total,
        currency=session["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="paid",
        status_transitions={"canceled_at": None, "paid_at": now},
    )
    for event in ("invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded"):
        store.emit(event, invoice)
    return invoice


def _line(store: Store, invoice: Json, item: Json) -> Json:
    now, price = store.now(), item["price"]
    details = {"price": price["id"], "product": price["product"]}
    made = store.add(
        "line_item",
        "il",
        amount=item["amount_subtotal"],
        currency=invoice["currency"],
        description=item["description"],
        discount_amounts=[],
        discountable=True,
        discounts=[],
        invoice=invoice["id"],
        period={"end": now, "start": now},
        pricing={
            "price_details": details,
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        subtotal=item["amount_subtotal"],
        taxes=[],
    )
    del made["created"]
    return made
