"""A payment in plain Python: what is worth what, said a second time and in other words.

It knows what people and banks did, in order, and shares no code with billing. Amounts are in cents; a pack of it has
one thousand cents and one million millicredits, so that a cent is one thousand of them.
"""

from dataclasses import dataclass, field

PRICE = 1000
PER_CENT = 1000


@dataclass
class ModelRefund:
    name: str  # at Stripe
    cents: int
    is_real: bool = True


@dataclass
class ModelDispute:
    state: str = "open"  # open, won, lost, appealed
    is_money_out: bool = True


@dataclass
class ModelPurchase:
    state: str = "open"  # open, late, paid, failed, expired
    refunds: list[ModelRefund] = field(default_factory=list)
    dispute: ModelDispute | None = None

    @property
    def refunded(self) -> int:
        return sum(refund.cents for refund in self.refunds if refund.is_real)

    @property
    def left(self) -> int:
        return PRICE - self.refunded

    @property
    def is_paid(self) -> bool:
        return self.state == "paid"

    def revoke(self) -> int:
        """Millicredits that are taken back."""
        lost = self.dispute is not None and self.dispute.state in {"lost", "appealed"} and self.dispute.is_money_out
        return PRICE * PER_CENT if lost else min(self.refunded, PRICE) * PER_CENT

    def freeze(self) -> int:
        """Millicredits that wait for a bank."""
        is_open = self.dispute is not None and self.dispute.state == "open"
        return (PRICE - self.refunded) * PER_CENT if is_open else 0
