"""A buyer whose card is saved, with the verbs that stories about automatic top-up are told in."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.billing import cards, purchases, top_up
from apps.billing.models import Purchase, TopUpAttempt, TopUpPlan
from apps.ledger.amounts import Millicredits
from apps.mail.models import Letter
from tests.billing.stage import Stage, staged

LINE = Millicredits(300_000)


class Saver:
    """One workspace that has bought 1,000 credits with a card that is saved since."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        started = purchases.start_purchase(
            actor=stage.actor,
            pack_id="small",
            currency=None,
            attempt_key="with-card",
            card_consent=cards.CONSENT,
            now=stage.now,
        )
        self.bought = started.purchase
        stage.fake.play.pay(stage.page_of(self.bought))
        stage.deliver()

    @property
    def plan(self) -> TopUpPlan:
        return TopUpPlan.objects.for_workspace(self.stage.workspace).get()

    @property
    def attempts(self) -> list[TopUpAttempt]:
        return list(TopUpAttempt.objects.for_workspace(self.stage.workspace).order_by("pk"))

    @property
    def statuses(self) -> list[str]:
        return [one.status for one in self.attempts]

    @property
    def letters(self) -> list[str]:
        """The templates of the letters about top-up, in the order in which they were written."""
        letters = Letter.objects.filter(template__startswith="top_up").order_by("created_at", "pk")
        return list(letters.values_list("template", flat=True))

    def turn_on(self, *, pack: str = "small", line_mc: int = LINE, most_minor: int = 5000) -> TopUpPlan:
        return top_up.turn_on(
            actor=self.stage.actor,
            pack_id=pack,
            currency=None,
            line_mc=Millicredits(line_mc),
            most_minor=most_minor,
            agreed_to=top_up.CONSENT,
            now=self.stage.now,
        )

    def use_card(self, name: str) -> str:
        """Make another test card the customer's default, as the portal does, and let it be heard of; return its id."""
        v1, customer = self.stage.fake.client().v1, self.stage.made("customer")[0]
        method = v1.payment_methods.attach(f"pm_card_{name}", {"customer": customer})
        v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        self.stage.deliver()
        return method.id

    def consider(self) -> TopUpAttempt | None:
        return top_up.consider(workspace_id=self.stage.workspace.pk, now=self.stage.now)

    def spend_below(self) -> None:
        """Spend until 200 credits are left."""
        self.stage.spend(800_000)

    def charges(self) -> list[str]:
        """The payments that Stripe took for a top-up."""
        found = [self.stage.at_stripe(one) for one in self.stage.made("payment_intent")]
        return [one["id"] for one in found if "attempt" in one["metadata"] and one["status"] == "succeeded"]

    def top_ups(self) -> list[Purchase]:
        rows = Purchase.objects.for_workspace(self.stage.workspace).filter(origin=Purchase.Origin.AUTO_TOPUP)
        return list(rows.order_by("pk"))


@contextmanager
def saving() -> Iterator[Saver]:
    """Open a shop that collects no tax, to a buyer whose card is saved."""
    with staged(is_taxed=False) as stage:
        yield Saver(stage)
