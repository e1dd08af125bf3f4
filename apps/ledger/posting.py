"""Everything that moves a credit. A call is one operation: once a key, all or nothing, in the caller's transaction."""

from apps.ledger.budgets import SpendLimitReached, Subject
from apps.ledger.holds import (
    HoldNotFound,
    Settlement,
    Spender,
    Uncapture,
    UncaptureTooLarge,
    WalletRestricted,
    place_hold,
    settle,
    uncapture,
)
from apps.ledger.limits import (
    AllowanceInUse,
    BudgetNotFound,
    BudgetSet,
    PeriodsDiffer,
    move_budget,
    set_budget,
)
from apps.ledger.lines import set_low_balance, set_refill_line
from apps.ledger.lots import (
    AmountOutOfRange,
    InsufficientCredits,
    LotNotFound,
    adjust,
    apply_claims,
    expire_due,
    grant,
    open_wallet,
)
from apps.ledger.operations import IdempotencyMismatch, WalletNotFound

__all__ = [
    "AllowanceInUse",
    "AmountOutOfRange",
    "BudgetNotFound",
    "BudgetSet",
    "HoldNotFound",
    "IdempotencyMismatch",
    "InsufficientCredits",
    "LotNotFound",
    "PeriodsDiffer",
    "Settlement",
    "SpendLimitReached",
    "Spender",
    "Subject",
    "Uncapture",
    "UncaptureTooLarge",
    "WalletNotFound",
    "WalletRestricted",
    "adjust",
    "apply_claims",
    "expire_due",
    "grant",
    "move_budget",
    "open_wallet",
    "place_hold",
    "set_budget",
    "set_low_balance",
    "set_refill_line",
    "settle",
    "uncapture",
]
