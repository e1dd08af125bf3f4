"""A wallet in plain Python: what the ledger should come to, said a second time and in other words.

It keeps, of each lot, what is free, used and held, and works out from that what is available, frozen or owed. It knows
no entries, no rows and no keys, and shares no code with the ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

NEVER = datetime.max.replace(tzinfo=UTC)

PRIORITY = {"promo": 10, "signup": 20, "compensation": 30, "adjustment": 40, "purchase": 50, "reinstated": 50}

# What two moments of one period have in common.
PERIODS: dict[str, Callable[[datetime], object]] = {
    "day": lambda at: at.date(),
    "week": lambda at: at.isocalendar()[:2],
    "month": lambda at: (at.year, at.month),
    "lifetime": lambda at: None,
}


class Refused(Exception):
    """The ledger should refuse this."""


@dataclass
class ModelLot:
    number: int
    kind: str
    granted: int
    expires_at: datetime | None
    free: int = 0
    used: int = 0
    held: int = 0
    revoke: int = 0
    freeze: int = 0
    admin: int = 0
    repaid: int = 0  # of its debt, by other lots

    @property
    def claimed(self) -> int:
        return min(self.granted, self.revoke + self.admin)

    @property
    def frozen(self) -> int:
        return max(0, min(self.freeze, self.free - self.claimed))

    @property
    def rest(self) -> int:
        """Free, and neither claimed nor frozen."""
        return max(0, self.free - self.claimed) - self.frozen

    @property
    def taken_back(self) -> int:
        """Used, and its payment was taken back."""
        return min(self.used, max(0, self.claimed - min(self.free, self.claimed) - self.held))

    @property
    def owed(self) -> int:
        return self.taken_back - self.repaid

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def spendable(self, now: datetime) -> int:
        return 0 if self.is_expired(now) else self.rest


@dataclass
class ModelHold:
    amount: int
    parts: list[tuple[ModelLot, int]]
    captured: dict[int, int] = field(default_factory=dict)  # lot number → still charged
    is_open: bool = True
    member: int = 0
    placed_at: datetime = NEVER


@dataclass
class ModelBudget:
    limit: int
    period: str


@dataclass
class ModelLine:
    """A line, and whether people know that the balance is below it."""

    at: int | None = None
    is_told: bool = False


@dataclass
class ModelWallet:
    now: datetime
    seen: int = 0  # what was available when something was done last
    owed: int = 0  # what was owed then
    lines: dict[str, ModelLine] = field(default_factory=lambda: {"low_balance": ModelLine(), "refill": ModelLine()})
    notices: list[tuple[str, int, int]] = field(default_factory=list)  # kind, balance, line
    occasions: set[object] = field(default_factory=set)  # on which a limit was told to be near, or reached
    lots: list[ModelLot] = field(default_factory=list)
    holds: list[ModelHold] = field(default_factory=list)
    budgets: dict[int, ModelBudget] = field(default_factory=dict)

    def attempt(self, what: Callable[[], T]) -> T | Refused:
        """Do something, or return why not."""
        try:
            return what()
        except Refused as refusal:
            return refusal

    def totals(self) -> tuple[int, int, int, int]:
        """Available, held, frozen, debt."""
        return (
            sum(lot.spendable(self.now) for lot in self.lots),
            sum(lot.held for lot in self.lots),
            sum(lot.frozen for lot in self.lots),
            sum(lot.owed for lot in self.lots),
        )

    def grant(self, kind: str, amount: int, expires_at: datetime | None) -> ModelLot:
        lot = self._add(kind, amount, expires_at)
        self._settle_debts()
        return lot

    def hold(self, amount: int, member: int) -> ModelHold:
        if any(lot.owed for lot in self.lots):
            raise Refused("wallet_restricted")
        if member in self.budgets and self.usage(member) + amount > self.budgets[member].limit:
            raise Refused("spend_limit_reached")
        hold = ModelHold(amount, self._take(amount), member=member, placed_at=self.now)
        for lot, part in hold.parts:
            lot.free -= part
            lot.held += part
        if member in self.budgets:
            self._tell_limit(member, self.usage(member), amount)
        self.holds.append(hold)
        return hold

    def settle(self, hold: ModelHold, actual: int, is_our_fault: bool) -> int:
        hold.is_open = False
        left = charged = min(actual, hold.amount)
        back = []
        for lot, part in hold.parts:
            capture = min(left, part)
            left -= capture
            hold.captured[lot.number] = capture
            lot.held -= part
            lot.used += capture
            back.append((lot, part - capture))
        self._give_back(back, is_our_fault)
        return charged

    def uncapture(self, hold: ModelHold, amount: int) -> None:
        if amount > sum(hold.captured.values()):
            raise Refused("uncapture_too_large")
        back = []
        for lot, _ in reversed(hold.parts):
            part = min(amount, hold.captured[lot.number])
            amount -= part
            hold.captured[lot.number] -= part
            lot.used -= part
            back.append((lot, part))
        self._give_back(back, is_our_fault=True)

    def adjust(self, amount: int) -> None:
        if amount > 0:
            self._add("adjustment", amount, None)
        else:
            for lot, part in self._take(-amount):
                lot.admin += part
        self._settle_debts()

    def claim(self, lot: ModelLot, revoke: int, freeze: int) -> None:
        lot.revoke, lot.freeze = revoke, freeze
        self._settle_debts()

    def limit(self, member: int, amount: int, period: str) -> None:
        self.budgets[member] = ModelBudget(amount, period)

    def move(self, giving: int, taking: int, amount: int) -> None:
        if not {giving, taking} <= set(self.budgets):
            raise Refused("not_found")
        source, target = self.budgets[giving], self.budgets[taking]
        if source.period != target.period:
            raise Refused("periods_differ")
        if source.limit - amount < self.usage(giving):
            raise Refused("allowance_in_use")
        source.limit -= amount
        target.limit += amount

    def usage(self, member: int) -> int:
        """What counts against a member's budget now."""
        period = PERIODS[self.budgets[member].period]
        mine = [hold for hold in self.holds if hold.member == member and period(hold.placed_at) == period(self.now)]
        return sum(hold.amount if hold.is_open else sum(hold.captured.values()) for hold in mine)

    def _tell_limit(self, member: int, before: int, amount: int) -> None:
        budget = self.budgets[member]
        for kind, line in (("budget_near", 0.8 * budget.limit), ("budget_reached", budget.limit)):
            occasion = (kind, member, budget.period, PERIODS[budget.period](self.now), budget.limit)
            if before < line <= before + amount and occasion not in self.occasions:
                self.occasions.add(occasion)
                self.notices.append((kind, budget.limit - before - amount, budget.limit))

    def draw(self, kind: str, at: int | None) -> None:
        line, available = self.lines[kind], self.totals()[0]
        line.is_told = line.is_told and at is not None and available < at
        line.at = at

    def look(self) -> None:
        """Tell what has come about since the last time."""
        available = self.totals()[0]
        for kind, line in self.lines.items():
            if line.at is not None and line.is_told:
                line.is_told = available <= 1.2 * line.at
            elif line.at is not None and available < line.at:
                line.is_told = True
                self.notices.append((kind, available, line.at))
        if self.seen > 0 == available:
            self.notices.append(("empty", 0, 0))
        owed = sum(lot.owed for lot in self.lots)
        if owed > 0 == self.owed:
            self.notices.append(("debt", available, 0))
        self.seen, self.owed = available, owed

    def _add(self, kind: str, amount: int, expires_at: datetime | None) -> ModelLot:
        lot = ModelLot(len(self.lots), kind, amount, expires_at, free=amount)
        self.lots.append(lot)
        return lot

    def _take(self, amount: int) -> list[tuple[ModelLot, int]]:
        parts = []
        for lot in self._burning():
            part = min(amount, lot.spendable(self.now))
            if part:
                parts.append((lot, part))
                amount -= part
        if amount:
            raise Refused("insufficient_credits")
        return parts

    def _burning(self) -> list[ModelLot]:
        def order(lot: ModelLot) -> tuple[int, datetime, int]:
            return PRIORITY[lot.kind], lot.expires_at or NEVER, lot.number

        return sorted(self.lots, key=order)

    def _give_back(self, back: list[tuple[ModelLot, int]], is_our_fault: bool) -> None:
        lost = 0
        for lot, part in back:
            before = lot.rest
            lot.free += part
            if lot.is_expired(self.now):
                lost += lot.rest - before
        if is_our_fault and lost:
            self._add("compensation", lost, self.now + timedelta(hours=24))
        self._settle_debts()

    def _settle_debts(self) -> None:
        """Give back what was repaid of debts that are none any more, then pay what is owed."""
        reinstated = 0
        for lot in self.lots:
            reinstated += max(0, lot.repaid - lot.taken_back)
            lot.repaid = min(lot.repaid, lot.taken_back)
        if reinstated:
            self._add("reinstated", reinstated, None)
        for debtor in self.lots:
            for payer in self._burning():
                amount = min(debtor.owed, payer.spendable(self.now))
                debtor.repaid += amount
                payer.free -= amount
                payer.used += amount
