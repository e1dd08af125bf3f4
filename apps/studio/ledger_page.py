"""The ledger on the credits page: its filters, its lines, and both as a file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from apps.accounts.actor import Actor
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.roles import Capability
from apps.accounts.tenancy import Workspace
from apps.billing.models import Purchase
from apps.ids import from_public, to_public
from apps.jobs.models import Job, Parent
from apps.ledger.amounts import format_credits, to_decimal
from apps.ledger.models import Operation
from apps.ledger.statement import StatementLine, Wanted, statement, whole_statement
from apps.library.models import Project
from apps.sheets import Cell, as_csv
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.buying import row_of
from apps.studio.catalog import Assortment
from apps.studio.runs import page_url, title_of, words_of

PAGE_SIZE: Final = 50
_AT_ONCE: Final = 500
_CHOICES: Final = 200  # of people, keys or projects that a filter offers
_LONGEST: Final = 120  # characters that are looked for
KINDS: Final = {
    Operation.Kind.GRANT: "Given",
    Operation.Kind.HOLD: "Held for a run",
    Operation.Kind.SETTLE: "Settled",
    Operation.Kind.UNCAPTURE: "Refunded",
    Operation.Kind.EXPIRE: "Expired",
    Operation.Kind.PAYMENT: "Payment changed",
    Operation.Kind.ADJUST: "Corrected",
}
_FIELDS: Final = ("kind", "model", "person", "key", "project", "since", "until", "q")
_HEADER: Final = (
    *("time", "kind", "credits", "held", "amount", "balance", "what", "model", "person", "api_key", "project"),
    *("reason", "job", "purchase", "line"),
)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One movement. ``delta_mc`` is what it did to the credits that can be spent, ``balance_mc`` what it left."""

    at: datetime
    kind: str
    what: str
    is_words: bool  # ``what`` is the beginning of a prompt
    url: str
    ai_model: str
    who: str
    note: str
    delta_mc: int
    balance_mc: int
    is_news: bool  # what the buyer came back for


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of the filter that is chosen from a list."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]  # value, label, whether it is chosen


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What of the ledger is shown; ``asked`` is as the address has it, without what nobody understands."""

    wanted: Wanted
    asked: Mapping[str, str]

    @property
    def query(self) -> str:
        return urlencode(self.asked)


@dataclass(frozen=True, slots=True)
class LedgerPanel:
    """A page of the ledger, with the form that narrows it."""

    rows: tuple[LedgerRow, ...]
    choices: tuple[Choice, ...]
    asked: Mapping[str, str]
    query: str
    next_query: str


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def ledger_csv(request: SignedInRequest, actor: Actor) -> StreamingHttpResponse:
    """Send what the filter shows as a file, line by line."""
    workspace = actor.workspace
    lines = whole_statement(workspace=workspace, wanted=read_filter(workspace, request.GET).wanted)
    return file_answer("ledger", as_csv(_HEADER, _cells(workspace, lines)))


def file_answer(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """Answer with a CSV file that is sent while it is made."""
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def read_filter(workspace: Workspace, asked: Mapping[str, str]) -> LedgerFilter:
    """Read a filter from an address. What is not understood is left out, and then not shown as chosen either."""
    given = {name: asked.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    jobs, words = Job.objects.for_workspace(workspace), given["q"]
    job_id, purchase_id = from_public("job", words), from_public("purchase", words)
    is_text = bool(words) and job_id is None and purchase_id is None
    kind = next((kind for kind in KINDS if kind == given["kind"]), None)
    ids = {name: _uuid(given[name]) for name in ("person", "key", "project")}
    since, until = _day(given["since"]), _day(given["until"])
    read = {"kind": kind, "model": given["model"], "since": since, "until": until, "q": words, **ids}
    return LedgerFilter(
        Wanted(
            kinds=frozenset({kind} if kind else ()),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
            job_id=job_id,
            purchase_id=purchase_id,
            member_id=ids["person"],
            api_key_id=ids["key"],
            project_id=ids["project"],
            jobs=jobs.filter(ai_model=given["model"]).values_list("pk", flat=True) if given["model"] else None,
            words=words if is_text else "",
            worded_jobs=jobs.filter(inputs__prompt__icontains=words).values_list("pk", flat=True) if is_text else None,
        ),
        {name: str(given[name]) for name, value in read.items() if value},
    )


def ledger_of(
    workspace: Workspace, everything: Assortment, asked: Mapping[str, str], *, news: UUID | None
) -> LedgerPanel:
    """Read a page of the ledger, ``before`` an operation that was asked for, and what its filter offers."""
    chosen = read_filter(workspace, asked)
    before = _uuid(asked.get("before", ""))
    lines = statement(workspace=workspace, limit=PAGE_SIZE + 1, after=before, wanted=chosen.wanted)
    more = urlencode({**chosen.asked, "before": str(lines[PAGE_SIZE - 1].id)}) if len(lines) > PAGE_SIZE else ""
    shown = _Shown(workspace, lines[:PAGE_SIZE])
    return LedgerPanel(
        rows=tuple(_row(line, shown, news) for line in lines[:PAGE_SIZE]),
        choices=_choices(workspace, everything, chosen.asked),
        asked=chosen.asked,
        query=chosen.query,
        next_query=more,
    )


class _Shown:
    """What lines are about, each kind of it in one query."""

    def __init__(self, workspace: Workspace, lines: list[StatementLine]) -> None:
        job_ids = {line.job_id for line in lines if line.job_id}
        purchase_ids = {line.purchase_id for line in lines if line.purchase_id}
        jobs = Job.objects.for_workspace(workspace).filter(pk__in=job_ids).select_related("ai_model", "project")
        self.job_of = {job.pk: job for job in jobs}
        purchases = Purchase.objects.for_workspace(workspace)
        self.purchase_of = {one.pk: one for one in purchases.filter(pk__in=purchase_ids)} if purchase_ids else {}
        wordless = [job for job in self.job_of.values() if not words_of(job)]
        self.given = self._given(wordless) if wordless else {}
        involved = (*(line.actor_id for line in lines), *(job.user_id for job in self.job_of.values()))
        people = {one for one in involved if one}
        users = User.objects.filter(pk__in=people) if people else ()
        self.name_of = {user.pk: user.name or user.email for user in users}

    def title(self, job: Job) -> str:
        if words_of(job):
            return title_of(job)
        given = self.given.get(job.pk)
        return f"{job.ai_model.name}, {given}" if given else job.ai_model.name

    def _given(self, jobs: list[Job]) -> dict[UUID, str]:
        rows = Parent.objects.filter(job__in=jobs, position=0)
        return dict(rows.values_list("job_id", "asset__name"))


def _row(line: StatementLine, shown: _Shown, news: UUID | None) -> LedgerRow:
    job = shown.job_of.get(line.job_id) if line.job_id else None
    purchase = shown.purchase_of.get(line.purchase_id) if line.purchase_id else None
    is_sale = purchase is not None and line.kind == Operation.Kind.GRANT
    return LedgerRow(
        at=line.created_at,
        kind=_kind(line, purchase),
        what=shown.title(job) if job else purchase.pack_name if purchase else line.reason,
        is_words=bool(job and words_of(job)),
        url=page_url(job) if job else row_of(purchase).url if purchase else "",
        ai_model=job.ai_model.name if job else "",
        who=_who(line, job, shown) or "Easel",
        note=_note(line),
        delta_mc=line.available_delta_mc,
        balance_mc=line.balance_mc,
        is_news=is_sale and purchase is not None and purchase.pk == news,
    )


def _cells(workspace: Workspace, lines: Iterator[StatementLine]) -> Iterator[list[Cell]]:
    keys = dict(ApiKey.objects.for_workspace(workspace).values_list("pk", "name"))
    while page := list(islice(lines, _AT_ONCE)):
        shown = _Shown(workspace, page)
        for line in page:
            job = shown.job_of.get(line.job_id) if line.job_id else None
            purchase = shown.purchase_of.get(line.purchase_id) if line.purchase_id else None
            yield [
                line.created_at,
                _kind(line, purchase),
                to_decimal(line.available_delta_mc),
                to_decimal(line.held_delta_mc),
                to_decimal(line.amount_mc),
                to_decimal(line.balance_mc),
                shown.title(job) if job else purchase.pack_name if purchase else "",
                job.ai_model.name if job else "",
                _who(line, job, shown),
                keys.get(job.api_key_id, "") if job and job.api_key_id else "",
                job.project.name if job and job.project else "",
                line.reason,
                job.public_id if job else "",
                purchase.public_id if purchase else "",
                to_public("line", line.id),
            ]


def _kind(line: StatementLine, purchase: Purchase | None) -> str:
    is_sale = purchase is not None and line.kind == Operation.Kind.GRANT
    return "Bought" if is_sale else KINDS[Operation.Kind(line.kind)]


def _who(line: StatementLine, job: Job | None, shown: _Shown) -> str:
    person = job.user_id if job else line.actor_id
    return shown.name_of.get(person, "") if person else ""


def _note(line: StatementLine) -> str:
    """What the change of the balance does not say by itself."""
    match line.kind:
        case Operation.Kind.HOLD:
            return "held"
        case Operation.Kind.SETTLE if line.available_delta_mc:
            return f"returned, {format_credits(line.amount_mc)} paid" if line.amount_mc else "returned"
        case Operation.Kind.SETTLE:
            return f"{format_credits(line.amount_mc)} paid from what was held"
        case _:
            return ""


def _choices(workspace: Workspace, everything: Assortment, asked: Mapping[str, str]) -> tuple[Choice, ...]:
    members = Membership.objects.for_workspace(workspace).select_related("user").order_by("user__name")[:_CHOICES]
    keys = ApiKey.objects.for_workspace(workspace).order_by("name")[:_CHOICES]
    projects = Project.objects.for_workspace(workspace).order_by("name")[:_CHOICES]
    models = sorted((one.ai_model.name, one.ai_model.pk) for one in (*everything.models, *everything.switched_off))
    lists = (
        ("kind", "Kind", [(kind.value, label) for kind, label in KINDS.items()]),
        ("model", "Model", [(pk, name) for name, pk in models]),
        ("person", "Person", [(str(one.user.pk), one.user.name or one.user.email) for one in members]),
        ("key", "API key", [(str(key.pk), key.name) for key in keys]),
        ("project", "Project", [(str(project.pk), project.name) for project in projects]),
    )
    return tuple(
        Choice(name, label, tuple((value, text, asked.get(name) == value) for value, text in options))
        for name, label, options in lists
        if options
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 3000 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
