"""Monthly statements: the months there are, and each of them as PDF, from the ledger's own entries."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing.models import Purchase
from apps.catalog.models import AIModel
from apps.jobs.usage import charges
from apps.ledger.amounts import format_credits
from apps.ledger.kinds import LOT_WORDS
from apps.ledger.months import Months, read_months
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.statement_pdf import Line, Statement, Table, pdf_of
from apps.studio.templatetags.money import money

_MOST: Final = 60  # months that are listed
_PAYMENTS: Final = 500  # that a statement prints


@dataclass(frozen=True, slots=True)
class MonthLink:
    """A month that has a statement."""

    label: str
    url: str
    is_over: bool


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def statement_pdf(request: SignedInRequest, actor: Actor, month: str) -> HttpResponse:
    """Send a month as PDF; the running one says how far it goes."""
    now = timezone.now()
    first = next((one for one in _months(actor.workspace, now.date()) if f"{one:%Y-%m}" == month), None)
    if first is None:
        raise Http404("There is no statement of this month.")
    answer = HttpResponse(pdf_of(_statement(actor.workspace, first, now)), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="statement-{month}.pdf"'
    return answer


def months_of(workspace: Workspace, *, now: datetime) -> list[MonthLink]:
    """List the months since the workspace was opened, the running one first."""
    running = now.date().replace(day=1)
    return [
        MonthLink(
            f"{first:%B %Y}", reverse("statement", args=[workspace.pk, f"{first:%Y-%m}"]), is_over=first != running
        )
        for first in _months(workspace, now.date())
    ]


def _months(workspace: Workspace, today: date) -> list[date]:
    found: list[date] = []
    first, oldest = today.replace(day=1), workspace.created_at.astimezone(UTC).date().replace(day=1)
    while first >= oldest and len(found) < _MOST:
        found.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return found


def _statement(workspace: Workspace, first: date, now: datetime) -> Statement:
    since = datetime.combine(first, time(), UTC)
    until = datetime.combine((first + timedelta(days=31)).replace(day=1), time(), UTC)
    figures = read_months(workspace=workspace, since=since, until=until)
    note = f"So far: up to {now:%d %B %Y, %H:%M} UTC." if until > now else "All times are UTC."
    return Statement(
        issuer=tuple(settings.EASEL_ISSUER),
        workspace=workspace.name,
        title=f"Statement of credits, {first:%B %Y}",
        note=note,
        tables=(_credits(figures), *_spent(workspace, figures, since, until), *_payments(workspace, since, until)),
    )


def _credits(figures: Months) -> Table:
    rows = [
        *((f"In: {LOT_WORDS[kind].lower()}", amount) for kind, amount in sorted(figures.came_mc.items())),
        ("Spent", -figures.spent_mc),
        ("Returned for runs that were charged", figures.returned_mc),
        ("Expired", -figures.expired_mc),
        ("Taken back with payments that were refunded", -figures.taken_back_mc),
        ("Frozen with payments that are disputed", -figures.frozen_mc),
        ("Corrected", -figures.corrected_mc),
        ("Used to pay what was owed", -figures.repaid_mc),
    ]
    assert figures.opening_mc + sum(amount for _, amount in rows) == figures.closing_mc, "the statement adds up"
    return Table(
        "Credits",
        ("", "Credits"),
        (
            Line(("Opening balance", format_credits(figures.opening_mc))),
            *(Line((words, _signed(amount))) for words, amount in rows if amount),
            Line(("Closing balance, with what running jobs hold", format_credits(figures.closing_mc)), is_sum=True),
        ),
    )


def _spent(workspace: Workspace, figures: Months, since: datetime, until: datetime) -> list[Table]:
    """What was spent, by model; what no job stands behind any more is named so, for the sum is the ledger's."""
    if not figures.spent_mc:
        return []
    sums = charges(workspace=workspace, since=since, until=until)
    names = {one.pk: one.name for one in AIModel.objects.filter(pk__in=sums)}
    rows = sorted(((names[pk], amount) for pk, amount in sums.items()), key=lambda row: (-row[1], row[0]))
    if rest := figures.spent_mc - sum(sums.values()):
        rows.append(("Other", rest))
    lines = [Line((name, format_credits(amount))) for name, amount in rows]
    return [
        Table(
            "Spent, by model",
            ("Model", "Credits"),
            (*lines, Line(("Together", format_credits(figures.spent_mc)), is_sum=True)),
        )
    ]


def _payments(workspace: Workspace, since: datetime, until: datetime) -> list[Table]:
    paid = Purchase.objects.for_workspace(workspace).filter(paid_at__gte=since, paid_at__lt=until).order_by("paid_at")
    rows = list(paid[:_PAYMENTS])
    if not rows:
        return []
    lines = [
        Line(
            (
                f"{one.paid_at:%d %b}, {one.pack_name}, {format_credits(one.credits_mc)} credits",
                one.public_id,
                money(one.amount_minor, one.currency),
            )
        )
        for one in rows
    ]
    sums: dict[str, int] = {}
    for one in rows:
        sums[one.currency] = sums.get(one.currency, 0) + one.amount_minor
    together = [
        Line(("Together", "", money(amount, currency)), is_sum=number == 0)
        for number, (currency, amount) in enumerate(sorted(sums.items()))
    ]
    return [Table("Payments", ("When and what", "Purchase", "Paid"), (*lines, *together))]


def _signed(amount_mc: int) -> str:
    return f"{'+' if amount_mc > 0 else '−'}{format_credits(abs(amount_mc))}"
