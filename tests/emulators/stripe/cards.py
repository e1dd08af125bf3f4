"""Stripe's test cards, by number and by the ids that stand for them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Card:
    """How a card behaves when it is attached and when it is charged."""

    number: str
    brand: str = "visa"
    decline_code: str | None = None  # when it is charged
    is_declined_at_once: bool = False  # also when it is attached
    needs_authentication: bool = False
    is_disputed: bool = False  # as soon as it is charged

    @property
    def code(self) -> str:
        return "expired_card" if self.decline_code == "expired_card" else "card_declined"


OK: Final = Card("4242424242424242")
DECLINED: Final = Card("4000000000000002", decline_code="generic_decline", is_declined_at_once=True)
DECLINED_LATER: Final = Card("4000000000000341", decline_code="generic_decline")
NO_FUNDS: Final = Card("4000000000009995", decline_code="insufficient_funds", is_declined_at_once=True)
AUTHENTICATION: Final = Card("4000002760003184", needs_authentication=True)
AUTHENTICATION_AT_SETUP: Final = Card("4000002500003155", needs_authentication=True)
DISPUTED: Final = Card("4000000000000259", is_disputed=True)

BY_NUMBER: Final = {
    card.number: card
    for card in (OK, DECLINED, DECLINED_LATER, NO_FUNDS, AUTHENTICATION, AUTHENTICATION_AT_SETUP, DISPUTED)
}
BY_NAME: Final = {
    "visa": OK,
    "visa_chargeDeclined": DECLINED,
    "chargeCustomerFail": DECLINED_LATER,
    "chargeDeclinedInsufficientFunds": NO_FUNDS,
    "visa_chargeDeclinedInsufficientFunds": NO_FUNDS,
    "authenticationRequired": AUTHENTICATION,
    "authenticationRequiredOnSetup": AUTHENTICATION_AT_SETUP,
    "threeDSecure2Required": AUTHENTICATION,
    "createDispute": DISPUTED,
}
"""What follows ``pm_card_`` or ``tok_`` in the ids that Stripe keeps for tests."""
