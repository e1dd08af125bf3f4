"""From a request to a job that is paid for: look up, check, measure, check again; then quote, hold, insert as one."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.actor import Actor
from apps.catalog.inputs import Reference
from apps.errors import DomainError
from apps.jobs import dispatch, handover, limits
from apps.jobs.models import Job, Parent, Submission, Transition
from apps.jobs.preparation import JobRequest, Prepared, Priced, as_measured, in_place, prepare, price_of, with_sources
from apps.jobs.quotes import lines_json, quoted_version
from apps.jobs.states import State
from apps.ledger import posting
from apps.ledger.amounts import Millicredits, format_credits, to_credits
from apps.ledger.operations import retry_conflicts
from apps.library import fetching
from apps.library.models import Asset, Project
from apps.library.names import clean_name


class MaxCreditsExceeded(DomainError):
    """The price is above what the caller allowed for this job."""

    code = "max_credits_exceeded"


class IdempotencyKeyReused(DomainError):
    """The key belongs to another request."""

    code = "idempotency_key_reused"


class TooManyOpenJobs(DomainError):
    """The workspace's queue is full."""

    code = "queue_limit"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job, and whether an earlier call with the same key had made it."""

    job: Job
    is_replay: bool


class _Claimed(Exception):
    """Another request has taken this key meanwhile."""


def submit(
    *,
    actor: Actor,
    ai_model_id: str,
    request: JobRequest,
    key: str | None,
    now: datetime,
    key_expires: bool = True,
    max_mc: int | None = None,
    quote_id: UUID | None = None,
    retry_of: Job | None = None,
    cancel_after_at: datetime | None = None,
    stage: str = "",
) -> Submitted:
    """Accept a request as a job: priced, its credits held, its pictures stored, a worker nudged.

    A second call with the same ``key`` and request returns the first call's job. A refusal leaves nothing behind.
    ``stage`` is where in the work it is run, for the account of what was spent; empty: the model's own.

    :raises IdempotencyKeyReused: the key came with another request. :raises InvalidInputs: with every fault.
    :raises InsufficientCredits, SpendLimitReached, WalletRestricted: the ledger refused the hold.
    :raises MaxCreditsExceeded, QuoteExpired, QuoteMismatch, TooManyOpenJobs: as they say.
    And what ``preparation.prepare`` raises.
    """
    fingerprint = request.fingerprint(ai_model_id)
    if key and (job := _find_replay(actor, key, fingerprint, now)):
        return Submitted(job, is_replay=True)
    version = quoted_version(actor=actor, quote_id=quote_id, fingerprint=fingerprint, now=now) if quote_id else None
    prepared = prepare(actor=actor, ai_model_id=ai_model_id, request=request, now=now, price_version=version)
    _check_room(actor)
    references = prepared.clean(pictures=None).references
    with _fetched(prepared, references, actor) as fetched:
        pictures = as_measured(fetched.measured)
        priced = price_of(prepared, prepared.clean(pictures=pictures), pictures)
        _check_price(priced, max_mc)
        assets = fetched.keep(created_by_id=actor.user_id, now=now)
        draft = _Draft(prepared, priced, references, assets, actor, retry_of, cancel_after_at, stage)
        try:
            job = _accept(draft=draft, key=key, fingerprint=fingerprint, key_expires=key_expires, now=now)
        except _Claimed:
            fetched.discard()
            assert key is not None, "only a key can be claimed"
            replay = _find_replay(actor, key, fingerprint, now)
            assert replay is not None, "a claimed key has its job"
            return Submitted(replay, is_replay=True)
        except DomainError:
            fetched.discard()
            raise
    return Submitted(job, is_replay=False)


def retry(*, actor: Actor, job: Job, key: str | None, now: datetime, max_mc: int | None = None) -> Submitted:
    """Run an ended job's request again as a new job, at today's price.

    Pictures that were fetched for the first job are not fetched again.

    :raises: as ``submit``.
    """
    kept = {parent.source: parent.asset.public_id for parent in job.parents.select_related("asset") if parent.source}
    request = JobRequest(
        inputs=with_sources(job.inputs, kept),
        out=job.out,
        is_mock=job.is_mock,
        project=job.project.name if job.project else None,
        format=job.format or None,
        metadata=job.metadata,
    )
    return submit(
        actor=actor,
        ai_model_id=job.ai_model_id,
        request=request,
        key=key,
        max_mc=max_mc,
        retry_of=job,
        stage=job.stage,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    prepared: Prepared
    priced: Priced
    references: Sequence[Reference]
    assets: Mapping[str, Asset]
    actor: Actor
    retry_of: Job | None
    cancel_after_at: datetime | None
    stage: str

    def job(self, project: Project | None, now: datetime) -> Job:
        """The row, not saved yet."""
        names = {source: asset.public_id for source, asset in self.assets.items()}
        request, ai_model = self.prepared.request, self.prepared.ai_model
        uris = {source: name for source, name in names.items() if source.startswith("data:")}
        return Job(
            workspace=self.actor.workspace,
            ai_model=ai_model,
            inputs=with_sources(dict(request.inputs), uris),
            effective_inputs=with_sources(dict(self.priced.effective_inputs), names),
            warnings=list(self.priced.warnings),
            out=clean_name(request.out) if request.out else "",
            format=request.format or "",
            stage=self.stage,
            is_mock=self.prepared.is_mock,
            is_kept=not self.priced.effective_inputs.get("sync_mode", False),
            planned=self.priced.planned.to_json(),
            metadata=dict(request.metadata),
            project=project,
            retry_of=self.retry_of,
            user_id=self.actor.user_id,
            api_key_id=self.actor.api_key_id,
            price_version=self.priced.price_version,
            sell_rule=self.priced.price_version.sell_rule,
            quote_lines=lines_json(self.priced),
            quoted_mc=self.priced.amount_mc,
            queue=handover.queue_of(self.prepared.endpoint),
            due_at=now,
            queue_deadline_at=now + limits.QUEUE_TIME,
            cancel_after_at=self.cancel_after_at,
            created_at=now,
        )


@retry_conflicts
def _accept(*, draft: _Draft, key: str | None, fingerprint: str, key_expires: bool, now: datetime) -> Job:
    """Claim the key, hold the credits, write the job: one transaction, or nothing."""
    actor = draft.actor
    with transaction.atomic():
        project = _find_project(draft.prepared.request.project, actor, now)
        job = draft.job(project, now)
        if key:
            expires_at = now + limits.KEY_STANDS if key_expires else None
            _claim_key(
                Submission(workspace=actor.workspace, key=key, request_hash=fingerprint, job=job, expires_at=expires_at)
            )
        if not job.is_mock:
            job.hold = posting.place_hold(
                workspace=actor.workspace,
                job_id=job.pk,
                spender=posting.Spender(actor.user_id, actor.api_key_id, project.pk if project else None),
                amount_mc=Millicredits(job.quoted_mc),
                quote={"price_version": job.price_version.number, "lines": job.quote_lines},
                deadline_at=now + limits.HOLD_SLACK,
                now=now,
            )
        job.save(force_insert=True)
        Transition.objects.create(job=job, target=State.QUEUED, created_at=now)
        Parent.objects.bulk_create(_parents(draft, job))
        dispatch.nudge(job_id=job.pk, queue=job.queue)
    return job


@contextmanager
def _fetched(prepared: Prepared, references: Sequence[Reference], actor: Actor) -> Generator[fetching.Fetched]:
    """Bring the pictures of a request here; of a mock, only those that need no fetching."""
    sources = [reference.source for reference in references]
    bounds = limits.current()
    with (
        in_place(references),
        fetching.fetch(
            workspace=actor.workspace,
            sources=fetching.without_urls(sources) if prepared.is_mock else sources,
            max_bytes=bounds.max_picture_bytes,
            timeout_seconds=limits.FETCH_SECONDS,
            allow_private=bounds.allow_private_urls,
        ) as fetched,
    ):
        yield fetched


def _find_replay(actor: Actor, key: str, fingerprint: str, now: datetime) -> Job | None:
    """The job that this key made, if it made one; a key past its day is free again."""
    submissions = Submission.objects.for_workspace(actor.workspace).filter(key=key)
    submissions.filter(expires_at__lte=now).delete()
    submission = submissions.select_related("job").first()
    if submission is None:
        return None
    if submission.request_hash != fingerprint:
        raise IdempotencyKeyReused("This key was used for another request. Use a new key for a new request.")
    return submission.job


def _claim_key(submission: Submission) -> None:
    """Insert first of all: a concurrent request with the same key waits here until this one has committed or gone.

    The job's own row follows; foreign keys are checked at commit.
    """
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
    except IntegrityError as taken:
        raise _Claimed from taken


def _find_project(name: str | None, actor: Actor, now: datetime) -> Project | None:
    if name is None:
        return None
    project, _ = Project.objects.get_or_create(
        workspace=actor.workspace, name=name.strip(), defaults={"created_at": now}
    )
    return project


def _check_room(actor: Actor) -> None:
    """Refuse a job past the workspace's queue; counted without a lock, so a burst may pass the line by its own size."""
    most = limits.current().max_open_jobs
    if Job.objects.for_workspace(actor.workspace).open().count() >= most:
        raise TooManyOpenJobs(f"{most} jobs of this workspace are waiting or running. Try again when some have ended.")


def _check_price(priced: Priced, max_mc: int | None) -> None:
    if max_mc is not None and priced.amount_mc > max_mc:
        raise MaxCreditsExceeded(
            f"This job costs {format_credits(priced.amount_mc)} credits; {format_credits(max_mc)} are allowed.",
            required=to_credits(priced.amount_mc),
            allowed=to_credits(max_mc),
        )


def _parents(draft: _Draft, job: Job) -> list[Parent]:
    """The pictures a job was given, in the order of its inputs, each under the field that named it."""
    return [
        Parent(
            job=job,
            position=position,
            role=reference.field,
            asset=draft.assets[reference.source],
            source=reference.source if reference.source.startswith("http") else "",
        )
        for position, reference in enumerate(draft.references)
        if reference.source in draft.assets
    ]
