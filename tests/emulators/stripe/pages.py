"""The pages that a person sees: checkout, 3D Secure, receipt, invoice, portal. Each says that it is a test."""

from html import escape
from typing import Final

from tests.emulators.stripe.refusals import Json
from tests.emulators.stripe.store import Store

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1f36}"
    "button{font:inherit;padding:.35rem .8rem;margin:.15rem;border:1px solid #a3acb9;border-radius:6px;cursor:pointer}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e3e8ee}"
    ".test{background:#ffde92;color:#5b3e00;padding:.4rem .8rem;border-radius:6px;font-weight:600}"
    "[role=alert]{color:#a41c4e}form{display:inline}"
)


def page(title: str, body: str, *, width: str = "44rem") -> str:
    """Write a page around a body that is HTML already."""
    icon = '<link rel="icon" href="data:,">'  # else browsers ask for one
    head = f"<title>{escape(title)} · TEST</title>{icon}<style>{_STYLE}body{{max-width:{width}}}</style>"
    note = '<p class="test">TEST: a fake Stripe on this machine. No money moves.</p>'
    meta = '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    return f"{meta}{head}</head><body>{note}<h1>{escape(title)}</h1>{body}</body></html>"


def money(amount: int, currency: str) -> str:
    return f"{amount / 100:,.2f} {currency.upper()}"


def button(action: str, label: str, address: str = "", **hidden: str) -> str:
    """Write a form of one button."""
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    press = f'<button name="action" value="{escape(action)}">{escape(label)}</button>'
    return f'<form method="post" action="{escape(address)}">{fields}{press}</form> '


def checkout_page(store: Store, session: Json, error: str | None = None) -> str:
    """Show what is sold and the ways it may go on; a session that is over says so."""
    if session["status"] != "open":
        words = {"complete": "You’re all done here.", "expired": "This page has expired. You have not been charged."}
        return page("Checkout", f"<p>{words[session['status']]}</p>")
    intent = store.objects.get(session["payment_intent"] or session["setup_intent"] or "", {})
    if intent.get("status") == "requires_action":
        buttons = button("authenticate", "Complete authentication") + button("fail", "Fail authentication")
        return page("3D Secure", f"<p>Your bank asks whether it is you.</p>{buttons}")
    rows = "".join(
        f"<tr><td>{escape(line['description'])} × {line['quantity']}<td>{money(line['amount_total'], line['currency'])}"
        for line in store.line_items[session["id"]]
    )
    total = "" if session["amount_total"] is None else money(session["amount_total"], session["currency"])
    label = f"Pay {total}" if total else "Save card"
    ways = {"pay": label, "later": "Pay later (async)", "decline": "Decline", "secure": "3D Secure", "cancel": "Cancel"}
    shown = f'<p role="alert">{escape(error)}</p>' if error else ""
    return page("Checkout", f"<table>{rows}</table>{shown}<p>{''.join(button(*way) for way in ways.items())}</p>")


def challenge_page(intent: Json) -> str:
    buttons = button("authenticate", "Complete authentication") + button("fail", "Fail authentication")
    return page("3D Secure", f"<p>{money(intent['amount'], intent['currency'])}</p>{buttons}")


def receipt_page(charge: Json) -> str:
    sums = f"Paid {money(charge['amount'], charge['currency'])}"
    given_back = (
        f", refunded {money(charge['amount_refunded'], charge['currency'])}" if charge["amount_refunded"] else ""
    )
    return page("Receipt", f"<p>{sums}{given_back}</p><p>{charge['id']}</p>")


def invoice_page(invoice: Json) -> str:
    rows = "".join(
        f"<tr><td>{escape(line['description'])} × {line['quantity']}<td>{money(line['amount'], line['currency'])}"
        for line in invoice["lines"]["data"]
    )
    link = f'<a href="{escape(invoice["invoice_pdf"])}">Download</a>'
    total = money(invoice["total"], invoice["currency"])
    return page(f"Invoice {invoice['number']}", f"<table>{rows}<tr><th>Total<th>{total}</table><p>{link}</p>")


def invoice_pdf(invoice: Json) -> bytes:
    """Write a PDF of one line."""
    text = f"TEST invoice {invoice['number']}: {money(invoice['total'], invoice['currency'])}"
    drawn = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode("latin-1", "replace")
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + table + end


def portal_page(store: Store, session: Json, error: str | None = None) -> str:
    """Show a customer's cards, each with a button that removes it, and a form for another: a test card, by number."""
    cards = store.all_of("payment_method", customer=session["customer"])
    rows = "".join(
        f"<tr><td>{card['card']['brand']} •••• {card['card']['last4']}<td>"
        + button("remove", "Remove", payment_method=card["id"])
        for card in cards
    )
    back = f'<p><a href="{escape(session["return_url"])}">Return</a></p>' if session["return_url"] else ""
    shown = f'<p role="alert">{escape(error)}</p>' if error else ""
    field = '<label>Test card <input name="number" inputmode="numeric" placeholder="4242424242424242"></label>'
    form = f'<form method="post">{field}<button name="action" value="add">Add a card</button></form>'
    return page("Your cards", f"<table>{rows}</table>{shown}{back}{form}")


def dashboard_page(store: Store) -> str:
    """Show every session and payment with what can happen to it next."""
    sessions = "".join(_session_row(session) for session in store.all_of("checkout.session"))
    payments = "".join(_payment_rows(store, intent) for intent in store.all_of("payment_intent"))
    head = "<tr><th>Object<th>Amount<th>Status<th>What happens next"
    body = f"<h2>Checkout</h2><table>{head}{sessions}</table><h2>Payments</h2><table>{head}{payments}</table>"
    return page("Dashboard", body, width="76rem")


def _row(found: Json, amount: int | None, *verbs: tuple[str, str]) -> str:
    buttons = "".join(button(verb, label, f"/_fake/{verb}", id=found["id"], back="1") for verb, label in verbs)
    shown = "" if amount is None else money(amount, found["currency"])
    state = found["status"] + (f" / {found['payment_status']}" if "payment_status" in found else "")
    return f'<tr id="{found["id"]}"><td>{found["id"][:24]}<td>{shown}<td>{state}<td>{buttons}'


def _session_row(session: Json) -> str:
    verbs = []
    if session["status"] == "open":
        verbs = [("pay", "Pay"), ("pay_later", "Pay later"), ("decline", "Decline"), ("expire", "Expire")]
    elif session["status"] == "complete" and session["payment_status"] == "unpaid":
        verbs = [("async_succeed", "Async: succeed"), ("async_fail", "Async: fail")]
    return _row(session, session["amount_total"], *verbs)


def _payment_rows(store: Store, intent: Json) -> str:
    verbs = [("refund", "Refund the rest"), ("refund_half", "Refund half"), ("dispute_open", "Dispute")]
    verbs.append(("fraud_warning", "Early fraud warning"))
    rows = _row(intent, intent["amount"], *(verbs if intent["status"] == "succeeded" else []))
    for refund in store.all_of("refund", payment_intent=intent["id"]):
        next_ones = [("refund_fails", "Fails later")] if refund["status"] in {"succeeded", "pending"} else []
        if refund["status"] == "pending":
            next_ones.append(("refund_succeeds", "Arrives"))
        rows += _row(refund, refund["amount"], *next_ones)
    decisions = [("dispute_review", "Send evidence"), ("dispute_won", "Won"), ("dispute_lost", "Lost")]
    for dispute in store.all_of("dispute", payment_intent=intent["id"]):
        is_decided = dispute["status"] in {"won", "lost"}
        rows += _row(dispute, dispute["amount"], *([("dispute_appeal", "Appeal")] if is_decided else decisions))
    return rows
