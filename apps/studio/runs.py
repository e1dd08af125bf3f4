"""Jobs as the wall shows them: a prompt, a line of facts, a row of prints."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse

from apps.jobs.models import Job, JobQuerySet, Output, Parent
from apps.jobs.states import State
from apps.library import storage
from apps.library.models import Asset
from apps.studio.durations import as_clock, in_words, seconds_between

ALT_LENGTH: Final = 120
_FAILURES: Final = {  # a job's error type, as a headline; the whole sentence is on the job's page
    "timeout": "The provider timed out",
    "content_rejected": "Refused for its content",
    "invalid_input": "The provider refused the inputs",
    "provider_unavailable": "The provider could not be reached",
    "outcome_unknown": "The connection broke",
    "internal": "Something broke here",
}
_TRANSPARENT: Final = frozenset({"background_removal"})


@dataclass(frozen=True, slots=True)
class Status:
    """A state in a word, with the icon and the look that go with it."""

    word: str
    look: str  # ok, bad, off, or empty while it runs
    icon: str  # empty: a pulse


@dataclass(frozen=True, slots=True)
class Print:
    """One picture or clip of a run, there or not yet. ``look`` is done, dev, wait, fail or void."""

    look: str
    width: int
    height: int
    alt: str = ""
    url: str = ""  # a small version, signed
    page_url: str = ""
    build_url: str = ""
    title: str = ""
    note: str = ""
    percent: int | None = None
    is_alpha: bool = False
    clip_url: str = ""  # of a clip, signed; ``url`` is its poster then
    length: str = ""  # of a clip, as 0:08

    @property
    def tenth(self) -> int:
        return min(9, (self.percent or 0) // 10)


@dataclass(frozen=True, slots=True)
class Paid:
    """What a job costs or has cost, in one look."""

    amount_mc: int
    note: str = ""  # «held», «returned»
    returned_mc: int = 0
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One job."""

    id: str
    page_url: str
    words: str  # the prompt; empty where the model takes none
    title: str  # what it is called where there is no prompt
    status: Status
    ai_model: str
    shape: str
    paid: Paid
    prints: tuple[Print, ...]
    is_open: bool
    is_canceling: bool
    may_retry: bool
    retry_mc: int
    created_at: datetime


def with_pictures(jobs: JobQuerySet) -> JobQuerySet:
    """Load with these jobs all that a Run is made of: three queries, whatever their number."""
    outputs = Output.objects.select_related("asset").order_by("index")
    parents = Parent.objects.select_related("asset").order_by("position")
    return jobs.select_related("ai_model").prefetch_related(Prefetch("outputs", outputs), Prefetch("parents", parents))


def runs_of(jobs: Iterable[Job], *, now: datetime) -> list[Run]:
    """Show jobs that were loaded by ``with_pictures``. No queries."""
    return [run_of(job, now=now) for job in jobs]


def run_of(job: Job, *, now: datetime) -> Run:
    """Show one job. No queries."""
    return Run(
        id=job.public_id,
        page_url=page_url(job),
        words=words_of(job),
        title=title_of(job),
        status=status_of(job, now=now),
        ai_model=job.ai_model.name,
        shape=shape_of(job),
        paid=paid_of(job),
        prints=tuple(_prints(job, now)),
        is_open=not job.has_ended,
        is_canceling=job.cancel_requested_at is not None and not job.has_ended,
        may_retry=State(job.state) in {State.FAILED, State.CANCELED},
        retry_mc=0 if job.is_mock else job.quoted_mc,
        created_at=job.created_at,
    )


def page_url(job: Job, *, number: int | None = None) -> str:
    """The job's page, with one of its outputs chosen."""
    url = reverse("job", args=[job.workspace_id, job.public_id])
    return url if number is None else f"{url}?output={number}"


def words_of(job: Job) -> str:
    """The prompt, as it was written."""
    return str(job.inputs.get("prompt") or "")


def title_of(job: Job) -> str:
    """What to call a job: the beginning of its prompt, else its model and the picture it worked on."""
    if words := " ".join(words_of(job).split()):
        return words if len(words) <= ALT_LENGTH else words[: ALT_LENGTH - 1].rstrip() + "…"
    given = next(iter(job.parents.all()), None)
    return f"{job.ai_model.name}, {given.asset.name}" if given else job.ai_model.name


def status_of(job: Job, *, now: datetime) -> Status:
    """Say how a job is doing."""
    took = seconds_between(job.created_at, job.ended_at)
    match State(job.state):
        case State.SUCCEEDED:
            return Status(f"Done in {in_words(took or 0)}", "ok", "okc")
        case State.FAILED:
            return Status("Failed, not charged", "bad", "badc")
        case State.CANCELED:
            return Status("Canceled", "off", "stop")
        case State.QUEUED:
            return Status("Waiting" if job.tries == 0 else "Waiting to try again", "off", "ring")
        case _:
            so_far = seconds_between(job.started_at or job.created_at, now) or 0
            return Status(f"{'Canceling' if job.cancel_requested_at else 'Running'} {as_clock(so_far)}", "", "")


def paid_of(job: Job) -> Paid:
    """Say what a job costs: held while it is open, then charged and returned."""
    if job.is_mock:
        return Paid(0, is_free=True)
    if not job.has_ended:
        return Paid(job.quoted_mc, note="held")
    return Paid(job.charged_mc, returned_mc=job.quoted_mc - job.charged_mc)


def shape_of(job: Job) -> str:
    """Shape and size in words, as far as they are known: ``4:5, 2K``, ``1024 × 1024`` or ``1280 × 720, 8 s``."""
    asked = [job.effective_inputs.get(name) for name in ("aspect_ratio", "resolution")]
    if named := [value for value in asked if isinstance(value, str) and value != "auto"]:
        return ", ".join(named)
    planned = job.planned_outputs
    size = f"{planned.width} × {planned.height}" if planned.width and planned.height else ""
    return f"{size}, {in_words(planned.seconds)}" if size and planned.seconds else size


def headline_of(job: Job) -> str:
    """Why a job failed, in a few words."""
    return _FAILURES.get((job.error or {}).get("type", ""), "The provider failed")


def thumbnail_url(asset: Asset) -> str:
    """The small version of a picture, or the poster of a clip; empty once its file is gone."""
    return file_url(asset.thumbnail_key)


def file_url(key: str) -> str:
    """A signed link to a file, to be shown; empty once it is gone."""
    return storage.signed_url(key, expires_in=settings.EASEL_SIGNED_URL_SECONDS) if key else ""


def length_of(asset: Asset) -> str:
    """How long a clip is, as ``0:08``; empty for a picture."""
    return "" if asset.duration_ms is None else as_clock(max(1, round(asset.duration_ms / 1000)))


def build_url(job: Job, asset: Asset) -> str:
    """The studio with this picture as its reference; empty for a clip, which no model takes."""
    if length_of(asset):
        return ""
    return f"{reverse('studio', args=[job.workspace_id])}?picture={asset.public_id}"


def _prints(job: Job, now: datetime) -> list[Print]:
    planned = job.planned_outputs
    width, height = (planned.width, planned.height) if planned.width and planned.height else (1, 1)
    match State(job.state):
        case State.SUCCEEDED:
            return _delivered(job)
        case State.FAILED:
            return [Print("fail", width, height, title=headline_of(job))]
        case State.CANCELED:
            return [Print("void", width, height, title="Canceled", note="nothing charged")]
        case State.QUEUED:
            title = "Next in line" if job.tries == 0 else "The provider is busy"
            return [
                Print("wait", width, height, title=title, note="" if job.tries == 0 else "trying again")
            ] * planned.count
        case _:
            return _developing(job, width, height, planned.count, now)


def _delivered(job: Job) -> list[Print]:
    alt = title_of(job)
    done = [
        Print(
            "done" if output.asset.thumbnail_key else "void",
            output.asset.width,
            output.asset.height,
            alt=alt,
            url=thumbnail_url(output.asset),
            page_url=page_url(job, number=number),
            build_url=build_url(job, output.asset),
            title="" if output.asset.thumbnail_key else "Not kept",
            is_alpha=job.ai_model.kind in _TRANSPARENT,
            clip_url=file_url(output.asset.storage_key) if length_of(output.asset) else "",
            length=length_of(output.asset),
        )
        for number, output in enumerate(job.outputs.all(), start=1)
    ]
    missing = job.planned_outputs.count - len(done)
    shape = done[0] if done else Print("void", 1, 1)
    return done + [Print("void", shape.width, shape.height, title="Not delivered", note="not charged")] * missing


def _developing(job: Job, width: int, height: int, count: int, now: datetime) -> list[Print]:
    """Prints on their way; the picture they were made from stands in, blurred, for the one that is coming."""
    given = next(iter(job.parents.all()), None)
    so_far = seconds_between(job.started_at or job.created_at, now) or 0
    usual = job.ai_model.average_seconds
    percent, note = job.progress, ""
    if usual:
        left = usual - so_far
        note = f"about {in_words(left)} left" if left > 0 else "longer than usual"
        if percent is None:
            percent = min(95, 100 * so_far // usual)
    title = f"{job.progress}%" if job.progress is not None else "Saving" if job.delivered_at else "Developing"
    url = thumbnail_url(given.asset) if given else ""
    return [Print("dev", width, height, url=url, title=title, note=note, percent=percent or 0)] * count
