"""The tests would notice: each safeguard of payments that is taken out of a copy turns at least one of them red."""

from pathlib import Path

import pytest

from tests.mutations import Kernel, Mutation

pytestmark = pytest.mark.once

KERNEL = Kernel(
    (
        *("apps/__init__.py", "apps/errors.py", "apps/ids.py", "apps/metering.py", "apps/outbound", "apps/mail"),
        *("apps/accounts", "apps/ledger", "apps/library", "apps/billing"),
        *("apps/studio/templatetags", "templates/email"),  # letters write amounts as pages do
        *("tests/__init__.py", "tests/builders.py", "tests/mutations.py"),
        *("tests/billing", "tests/ledger", "tests/emulators"),
    ),
    ("apps.mail", "apps.accounts", "apps.ledger", "apps.library", "apps.billing"),
)

STALE = "test_syncing.py::test_an_old_answer_never_overwrites_a_fresh_one"
REMEMBERED = "test_syncing.py::test_the_ledger_remembers_what_the_purchase_forgot"
DIFFERENT = "test_syncing.py::test_what_differs_from_the_purchase_earns_nothing"
UNPAID = "test_syncing.py::test_money_that_takes_days_is_not_there_before_it_is"
REFUNDED = "test_refunds.py::test_a_third_three_times_and_then_the_rest[unused]"
STRAY = "test_strangers.py::test_a_payment_that_only_says_that_it_is_for_a_purchase_earns_nothing"
FUTURE = "test_gateway.py::test_a_time_in_the_future_is_refused_as_one_in_the_past_is"
LATER = "test_trouble.py::test_a_message_that_cannot_be_looked_into_now_is_looked_into_later[/v1/refunds]"

FORGED = "test_gateway.py::test_a_signature_of_another_secret_is_refused"
BONUS = "test_checkout.py::test_a_bonus_is_part_of_what_is_bought"
MODE = "test_strangers.py::test_a_message_of_the_other_mode_is_ignored"
PAGE = "test_strangers.py::test_what_was_paid_on_another_purchases_page_earns_nothing"
NAMED = "test_strangers.py::test_a_purchase_named_with_another_workspace_is_nobodys"
ELSEWHERE = "test_reconciling.py::test_what_another_installation_sold_is_none_of_ours"
GIVEN = "test_refunds.py::test_staff_give_back_what_is_unused"
BEGUN = "test_refunds.py::test_a_refund_that_is_answered_by_a_fault_is_made_once"
ROLE = "test_checkout.py::test_only_owners_buy"
CEILING = "test_top_up.py::test_no_more_than_agreed_in_a_month"
OFTEN = "test_top_up.py::test_ten_minutes_lie_between_two_charges"
CLAIMED = "test_top_up_trouble.py::test_a_payment_that_only_says_that_it_is_the_charge_earns_nothing[customer]"
TWICE = "test_top_up_trouble.py::test_after_a_day_it_is_looked_for_and_no_key_is_used_again"

MUTATIONS = {
    "the look for an earlier operation": Mutation(
        "ledger/operations.py", "if done is not None:", "if False:", [REMEMBERED]
    ),
    "normalising": Mutation(
        "ledger/journal.py",
        "        after = buckets.normalise(",
        "        return\n        after = buckets.normalise(",
        [REFUNDED],
    ),
    "the number of a sync": Mutation(
        "billing/syncing.py", "if number <= purchase.sync_no_applied:", "if False:", [STALE]
    ),
    "the amount": Mutation(
        "billing/payment_state.py", "if payment.received_minor != sale.amount_minor:", "if False:", [DIFFERENT]
    ),
    "the currency": Mutation(
        "billing/payment_state.py", "if payment.currency != sale.currency:", "if False:", [DIFFERENT]
    ),
    "live or test": Mutation(
        "billing/payment_state.py", "if payment.is_livemode != sale.is_livemode:", "if False:", [DIFFERENT]
    ),
    "whether it was paid": Mutation(
        "billing/payment_state.py",
        'if payment is not None and payment.status == "succeeded" and (',
        "if payment is not None and (True or ",
        [UNPAID],
    ),
    "our own number of credits": Mutation(
        "billing/syncing.py", "Millicredits(purchase.credits_mc)", "Millicredits(purchase.amount_minor * 1000)", [BONUS]
    ),
    "the page a payment was made on": Mutation(
        "billing/syncing.py", "if session.payment_intent != payment.id:", "if False:", [STRAY]
    ),
    "whose page it is": Mutation(
        "billing/syncing.py",
        "if session is not None and session.client_reference != purchase.public_id:",
        "if False:",
        [PAGE],
    ),
    "whose purchase it is": Mutation(
        "billing/syncing.py", "filter(pk=pk, workspace_id=workspace)", "filter(pk=pk)", [NAMED]
    ),
    "which installation": Mutation(
        "billing/syncing.py",
        'isinstance(metadata, dict) and metadata.get("env") == payments.terms().environment',
        "isinstance(metadata, dict)",
        [ELSEWHERE],
    ),
    "the mode of a message": Mutation(
        "billing/inbox.py", "event.is_livemode != payments.gateway().is_livemode or ", "", [MODE]
    ),
    "the signature": Mutation(
        "billing/gateway.py",
        "            stripe.WebhookSignature.verify_header(",
        "            (lambda *_: None)(",
        [FORGED],
    ),
    "the age of a signature": Mutation(
        "billing/gateway.py", "if abs(now.timestamp() - signed_at) >", "if 0 >", [FUTURE]
    ),
    "done only after the effect": Mutation(
        "billing/inbox.py",
        "    is_done = False\n    try:",
        "    is_done = False\n    rows.update(processed_at=now)\n    try:",
        [LATER],
    ),
    "the most that goes back": Mutation("billing/refunds.py", "if not 0 < amount_minor <= most:", "if False:", [GIVEN]),
    "what is going back already": Mutation(
        "billing/refunds.py", "min(left, unused) - under_way", "min(left, unused)", [BEGUN]
    ),
    "who may buy": Mutation("billing/checkout.py", "if not actor.can(Capability.BUY_CREDITS):", "if False:", [ROLE]),
    "the most in a month": Mutation(
        "billing/top_up.py", "if charged_minor(plan=plan, now=now) + ", "if 0 * ", [CEILING]
    ),
    "the pause between charges": Mutation(
        "billing/top_up.py", "INTERVAL: Final = timedelta(minutes=10)", "INTERVAL: Final = timedelta()", [OFTEN]
    ),
    "whose card was charged": Mutation(
        "billing/syncing.py", "if payment.customer != attempt.customer_id:", "if False:", [CLAIMED]
    ),
    "the look for a charge of yesterday": Mutation(
        "billing/top_up_charges.py",
        "    found = _find(attempt)\n    if found",
        "    found = None\n    if found",
        [TWICE],
    ),
}


TESTS = sorted({test for mutation in MUTATIONS.values() for test in mutation.tests})


def test_with_every_safeguard_in_place_all_is_well(tmp_path: Path) -> None:
    KERNEL.passes(TESTS, folder=tmp_path)


@pytest.mark.parametrize("safeguard", MUTATIONS)
def test_a_safeguard_is_missed(tmp_path: Path, safeguard: str) -> None:
    KERNEL.notices(MUTATIONS[safeguard], folder=tmp_path)
