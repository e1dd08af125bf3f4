"""One job in full: its picture against what it was made from, how it was made, how long it took, what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from django.conf import settings

from apps.accounts.models import ApiKey, User
from apps.catalog.spec import picture_fields
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.library import storage
from apps.library.models import Asset
from apps.studio import catalog
from apps.studio.catalog import Assortment, NextStep
from apps.studio.durations import in_words, seconds_between
from apps.studio.fields import LEFT_OUT, PROMPT, label_of, text_of
from apps.studio.runs import Run, file_url, length_of, page_url, run_of, shape_of, thumbnail_url, title_of

_ALREADY_SAID: Final = frozenset({PROMPT, "aspect_ratio", "resolution", "seed", "num_images"}) | LEFT_OUT
_VALUE_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in full, or a clip with its poster."""

    url: str
    alt: str
    label: str
    width: int
    height: int
    is_alpha: bool = False
    is_clip: bool = False
    poster: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One of several outputs, to choose from."""

    number: int
    url: str
    page_url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A picture that the job was given."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time: queued, model or saving. ``x`` and ``width`` are percents."""

    name: str
    words: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of the receipt."""

    label: str
    amount_mc: int
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Keeping:
    """Whether the picture that is shown was kept, and where that is changed."""

    number: int
    is_kept: bool
    url: str

    @classmethod
    def of(cls, job: Job, asset: Asset, number: int) -> Self:
        return cls(number, asset.kept_at is not None, f"{page_url(job)}/keep")


@dataclass(frozen=True, slots=True)
class JobPage:
    """Everything the page shows."""

    run: Run
    number: int
    frames: tuple[Frame, ...]
    after: Shown | None
    before: Shown | None
    download_url: str
    size: str
    message: str  # why it failed, in full
    warnings: tuple[str, ...]
    given: tuple[Given, ...]
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    charges: tuple[Charge, ...]
    next_steps: list[NextStep]
    keeping: Keeping | None  # None: there is nothing to keep

    @property
    def is_quiet(self) -> bool:
        """Whether the state in the top bar says it all."""
        return not (self.run.is_open or self.run.may_retry or self.message or self.warnings)

    @property
    def ratio(self) -> str:
        """Width by height of the picture, or of the one that is coming."""
        shape = self.after or self.run.prints[0]
        return f"{shape.width / shape.height:.4f}"


def job_page_of(job: Job, *, number: int, everything: Assortment, now: datetime) -> JobPage:
    """Show a job that ``find_job`` loaded; three queries more. There is no output ``number``: the first is shown."""
    outputs = list(job.outputs.all())
    chosen = outputs[number - 1].asset if 0 < number <= len(outputs) else outputs[0].asset if outputs else None
    number = number if 0 < number <= len(outputs) else 1
    parents = [parent.asset for parent in job.parents.all()]
    has_file = chosen is not None and bool(chosen.storage_key)
    is_clip = chosen is not None and bool(length_of(chosen))
    steps = (
        catalog.next_steps(everything, workspace_id=job.workspace_id, picture=chosen.public_id)
        if chosen and has_file and not is_clip
        else []
    )
    # A clip moves: there is nothing to lay over the still it was made from.
    before = parents[0] if parents and chosen and not is_clip else None
    return JobPage(
        run=run_of(job, now=now),
        number=number,
        frames=tuple(_frames(job, number)) if len(outputs) > 1 else (),
        after=_shown(chosen, alt=title_of(job), label=f"After, {job.ai_model.name}", kind=job.ai_model.kind),
        before=_shown(before, alt=before.name, label="Before", kind="") if before else None,
        download_url=_download_url(chosen) if chosen and has_file else "",
        size=f"{chosen.width} × {chosen.height}" if chosen else shape_of(job),
        message=(job.error or {}).get("message", ""),
        warnings=tuple(warning.partition(": ")[2] or warning for warning in job.warnings),
        given=tuple(Given(thumbnail_url(asset), asset.name) for asset in parents),
        facts=tuple(_facts(job)),
        parts=_parts(job),
        charges=tuple(_charges(job)),
        next_steps=steps,
        keeping=Keeping.of(job, chosen, number) if chosen and has_file else None,
    )


def _shown(asset: Asset | None, *, alt: str, label: str, kind: str) -> Shown | None:
    if asset is None or not asset.storage_key:
        return None
    return Shown(
        file_url(asset.storage_key),
        alt,
        label,
        asset.width,
        asset.height,
        is_alpha=kind == "background_removal",
        is_clip=bool(length_of(asset)),
        poster=thumbnail_url(asset),
    )


def _frames(job: Job, number: int) -> list[Frame]:
    return [
        Frame(index, thumbnail_url(output.asset), page_url(job, number=index), index == number)
        for index, output in enumerate(job.outputs.all(), start=1)
    ]


def _download_url(asset: Asset) -> str:
    filename = asset.name.rpartition("/")[2]
    return storage.signed_url(
        asset.storage_key, expires_in=settings.EASEL_SIGNED_URL_SECONDS, filename=filename, is_download=True
    )


def _facts(job: Job) -> list[tuple[str, str]]:
    """How it was made, as label and value."""
    attempt = job.attempts.order_by("-id").first()
    seed = job.effective_inputs.get("seed")
    if seed is None and attempt is not None:
        seed = attempt.facts.get("seed")
    facts = [("Model", job.ai_model.name), ("Shape and size", shape_of(job))]
    facts += [("Variants", text_of(job.effective_inputs.get("num_images"))), ("Seed", text_of(seed))]
    if job.state == State.SUCCEEDED and not job.is_mock:
        facts.append(("Invisible watermark", job.ai_model.limits.get("watermark", "")))
    facts += _settings(job.inputs, picture_fields(job.ai_model.schema))
    facts += [("By", _author(job)), ("Filed as", job.out), ("Project", job.project.name if job.project else "")]
    return [(label, value) for label, value in facts if value]


def _settings(inputs: Mapping[str, Any], pictures: tuple[str, ...]) -> list[tuple[str, str]]:  # JSON
    """What was set beside the usual, cut to a line each."""
    names = [name for name in inputs if name not in _ALREADY_SAID and name not in pictures]
    return [(label_of(name), _spoken(inputs[name])) for name in names]


def _spoken(value: Any) -> str:  # JSON
    if isinstance(value, bool):
        return "on" if value else "off"
    text = text_of(value)
    return text[:_VALUE_LENGTH] + ("…" if len(text) > _VALUE_LENGTH else "")


def _author(job: Job) -> str:
    user = User.objects.filter(pk=job.user_id).first() if job.user_id else None
    name = (user.name or user.email) if user else ""
    if job.api_key_id is None:
        return name
    api_key = ApiKey.objects.for_workspace(job.workspace).filter(pk=job.api_key_id).first()
    return f"{name}, key {api_key.name}" if api_key else name


def _parts(job: Job) -> tuple[Part, ...]:
    """Where the time went, once it is over and came to something."""
    if State(job.state) is not State.SUCCEEDED:
        return ()
    began = job.provider_started_at or job.started_at
    stretches = [
        ("queued", seconds_between(job.created_at, began) or 0),
        ("model", seconds_between(began, job.delivered_at) or 0),
        ("saving", seconds_between(job.delivered_at, job.ended_at) or 0),
    ]
    # Each is drawn at least a little wide, so that none of them disappears.
    widths = [max(seconds, 0.02 * sum(taken for _, taken in stretches), 0.1) for _, seconds in stretches]
    parts, x = [], 0.0
    for (name, seconds), width in zip(stretches, widths, strict=True):
        share = 100 * width / sum(widths)
        parts.append(Part(name, in_words(seconds), f"{x:.2f}", f"{share - 0.6:.2f}"))
        x += share
    return tuple(parts)


def _charges(job: Job) -> list[Charge]:
    """The receipt: what was held, line by line, and what became of it."""
    if job.is_mock:
        return []
    charges = [Charge(line["label"], line["amount_mc"]) for line in job.quote_lines]
    if not job.has_ended:
        return [*charges, Charge("Held", job.quoted_mc, is_sum=True)]
    returned = job.quoted_mc - job.charged_mc
    if returned:
        charges += [Charge("Held", job.quoted_mc), Charge("Returned", -returned)]
    return [*charges, Charge("You paid", job.charged_mc, is_sum=True)]
