"""What payments are worth, by every way they can stand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import payment_state
from apps.billing.payment_state import PaymentClaims, Sale, Standing, Totals, claims_on, differences, stand, total_up
from apps.billing.stripe_objects import CheckoutSession, Payment, StripeDispute, StripeRefund

pytestmark = pytest.mark.once

PAID = Payment(
    id="pi_1",
    status="succeeded",
    amount_minor=1000,
    currency="usd",
    is_livemode=False,
    received_minor=1000,
    charge_minor=1000,
)
OPEN = replace(PAID, status="requires_payment_method", received_minor=0, charge_minor=0)
PAGE = CheckoutSession(
    id="cs_1",
    url="",
    status="complete",
    payment_status="paid",
    amount_minor=1000,
    currency="usd",
    is_livemode=False,
    payment_intent="pi_1",
    client_reference="purchase_1",
)
SALE = Sale(1000, "usd", is_livemode=False)


def refund(status: str, amount: int = 300) -> StripeRefund:
    return StripeRefund("re_1", status, amount)


def dispute(status: str, amount: int = 1000, currency: str = "usd", net: int = -1000) -> StripeDispute:
    return StripeDispute("dp_1", status, amount, currency, net)


@pytest.mark.parametrize(
    ("session", "payment", "standing"),
    [
        (PAGE, PAID, Standing.PAID),
        (None, PAID, Standing.PAID),
        (replace(PAGE, payment_status="unpaid"), PAID, Standing.PENDING),
        (PAGE, None, Standing.PENDING),
        (replace(PAGE, payment_status="unpaid"), replace(OPEN, status="processing"), Standing.PENDING),
        (replace(PAGE, payment_status="unpaid"), OPEN, Standing.FAILED),
        (replace(PAGE, payment_status="unpaid"), replace(OPEN, status="canceled"), Standing.FAILED),
        (replace(PAGE, status="open", payment_status="unpaid"), OPEN, Standing.PENDING),
        (replace(PAGE, status="open", payment_status="unpaid"), None, Standing.PENDING),
        (replace(PAGE, status="expired", payment_status="unpaid"), None, Standing.EXPIRED),
        (replace(PAGE, status="expired", payment_status="paid"), PAID, Standing.PAID),
        (None, OPEN, Standing.FAILED),
        (None, None, Standing.PENDING),
    ],
)
def test_where_a_sale_stands(session: CheckoutSession | None, payment: Payment | None, standing: Standing) -> None:
    assert stand(session, payment) is standing


def test_what_differs_is_told() -> None:
    assert differences(SALE, PAGE, PAID) == ()
    assert differences(SALE, None, PAID) == ()
    assert differences(SALE, None, replace(PAID, received_minor=999)) == ("received 999, asked for 1000",)
    assert differences(SALE, None, replace(PAID, currency="eur")) == ("paid in eur, asked for usd",)
    assert differences(SALE, None, replace(PAID, is_livemode=True)) == ("paid in the other mode, live or test",)
    assert differences(SALE, replace(PAGE, amount_minor=1), PAID) == ("the Checkout page asked for 1 usd",)


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        (PAID, Totals(1000, 0, 0, 0, 1000)),
        (OPEN, Totals(0, 0, 0, 0, 0)),
        (replace(PAID, charge_minor=0), Totals(1000, 0, 0, 0, 1000)),
        *(
            (replace(PAID, refunds=(refund(status),)), Totals(1000, counted, 0, 0, 1000))
            for status, counted in [
                ("pending", 300),
                ("requires_action", 300),
                ("succeeded", 300),
                ("failed", 0),
                ("canceled", 0),
            ]
        ),
        *(
            (replace(PAID, disputes=(dispute(status),)), Totals(1000, 0, lost, opened, 1000))
            for status, lost, opened in [
                ("needs_response", 0, 1000),
                ("under_review", 0, 1000),
                ("lost", 1000, 0),
                ("won", 0, 0),
                ("prevented", 0, 0),
                ("warning_needs_response", 0, 0),
                ("warning_under_review", 0, 0),
                ("warning_closed", 0, 0),
                ("appeal_needs_response", 1000, 0),
                ("appeal_under_review", 1000, 0),
            ]
        ),
        (replace(PAID, disputes=(dispute("appeal_under_review", net=0),)), Totals(1000, 0, 0, 0, 1000)),
        (replace(PAID, disputes=(dispute("lost", amount=400),)), Totals(1000, 0, 400, 0, 1000)),
        (replace(PAID, disputes=(dispute("lost", amount=1200),)), Totals(1000, 0, 1000, 0, 1000)),
        (replace(PAID, disputes=(dispute("lost", amount=7, currency="eur"),)), Totals(1000, 0, 1000, 0, 1000)),
        (
            replace(PAID, disputes=(dispute("excommunicated", amount=400),)),
            Totals(1000, 0, 0, 400, 1000, ("the dispute dp_1 is excommunicated, which we do not know",)),
        ),
    ],
)
def test_the_money_is_added_up(payment: Payment, expected: Totals) -> None:
    assert total_up(payment) == expected


def test_under_review_all_that_is_left_is_frozen() -> None:
    totals = total_up(replace(PAID, refunds=(refund("succeeded"),)), is_in_review=True)
    assert (totals.refunded_minor, totals.open_minor) == (300, 700)
    assert totals.notes == ("a warning of fraud: under review",)
    assert claims_on(100, totals) == PaymentClaims(30, 70)


def test_a_third_three_times_and_the_rest_takes_exactly_everything() -> None:
    """Rounded down in total, not part by part."""
    gone = [claims_on(1_000_000, Totals(1000, refunded, 0, 0, 1000)) for refunded in (333, 666, 999, 1000)]
    assert gone == [PaymentClaims(amount, 0) for amount in (333_000, 666_000, 999_000, 1_000_000)]
    assert [claims_on(7, Totals(3, part, 0, 0, 3)).revoke_mc for part in (1, 2, 3)] == [2, 4, 7]


def test_nothing_charged_claims_nothing() -> None:
    assert claims_on(1000, Totals(0, 0, 0, 0, 0)) == PaymentClaims(0, 0)


money = st.integers(0, 5000)


@given(credits=st.integers(1, 10**12), total=st.integers(1, 5000), refunded=money, lost=money, opened=money)
def test_claims_stay_within_what_was_bought(credits: int, total: int, refunded: int, lost: int, opened: int) -> None:
    claims = claims_on(credits, Totals(total, refunded, lost, opened, total))
    assert claims.revoke_mc >= 0
    assert claims.freeze_mc >= 0
    assert claims.revoke_mc + claims.freeze_mc <= credits
    assert (claims.revoke_mc == credits) == (refunded + lost >= total)
    more = payment_state.claims_on(credits, Totals(total, refunded + 1, lost, opened, total))
    assert more.revoke_mc >= claims.revoke_mc
