"""/v1/jobs: make, look at, list, cancel and repeat jobs."""

import re
from collections.abc import Callable
from typing import ClassVar, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api import operations
from apps.api.answers import absolute, json_answer, list_body
from apps.api.bodies import read_object
from apps.api.endpoint import Endpoint
from apps.api.faults import Faults
from apps.api.job_bodies import read_flat, refuse
from apps.api.job_headers import Preference, read_headers
from apps.api.job_json import JobRow, fetch, job_json, jobs_of
from apps.api.waiting import MAX_WAIT_SECONDS, MayWait
from apps.catalog.models import Mode
from apps.errors import NotFound
from apps.ids import from_public
from apps.jobs import cancellation, submission
from apps.jobs.models import Job
from apps.jobs.states import State, public_status
from apps.jobs.submission import Submitted
from apps.ledger.amounts import to_credits
from apps.ledger.balances import read_available

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_RESERVED: Final = frozenset({"cancel", "retry", "events"})
_RETRY_AFTER_SECONDS: Final = 2
_STATES: Final = {
    status: [state for state in State if public_status(state) == status] for status in map(public_status, State)
}


class JobEndpoint(Endpoint):
    """An address that answers with one job."""

    capabilities: ClassVar[dict[str, Capability]] = {"POST": Capability.MAKE, "PUT": Capability.MAKE}

    def find(self, public_id: str) -> Job:
        """:raises NotFound: no such job in this workspace."""
        job_id = from_public("job", public_id)
        job = jobs_of(self.actor.workspace).select_related("hold").filter(pk=job_id).first() if job_id else None
        if job is None:
            raise NotFound("There is no such job.")
        return job

    def read(self, job_id: UUID | None) -> JobRow:
        """:raises NotFound: no such job in this workspace."""
        rows = fetch(jobs_of(self.actor.workspace).filter(pk=job_id)) if job_id else []
        if not rows:
            raise NotFound("There is no such job.")
        return rows[0]

    def make(self, request: Request, ai_model_id: str, *, address: str | None = None) -> HttpResponseBase:
        """Submit the job that body and headers describe; ``address`` is the key of a PUT, which never expires."""
        faults = Faults()
        if address is not None and (not _CLIENT_ID.fullmatch(address) or address in _RESERVED):
            faults.add(
                "client_id", "invalid_parameter", "1 to 128 letters, digits and ._:- and not a word of ours.", None
            )
        headers = read_headers(request.headers, faults)
        job_request = read_flat(read_object(request._request), faults)
        refuse(ai_model_id=ai_model_id, request=job_request, faults=faults)
        submitted = submission.submit(
            actor=self.actor,
            ai_model_id=ai_model_id,
            request=job_request,
            key=headers.key if address is None else f"put:{ai_model_id}/{address}",
            key_expires=address is None,
            max_mc=headers.max_mc,
            quote_id=headers.quote_id,
            cancel_after_at=self.now + headers.cancel_after if headers.cancel_after else None,
            now=self.now,
        )
        return self.accepted(submitted, headers.preference)

    def accepted(self, submitted: Submitted, preference: Preference) -> HttpResponseBase:
        """Answer 200 with the ended job to a caller who waits for it and gets it in time, else 202.

        A replay is answered as the first call was, with the job as it is now.
        """
        job, ai_model = submitted.job, submitted.job.ai_model
        patience = preference.wait_seconds
        if patience is None:
            waits = ai_model.mode == Mode.SYNC and not preference.is_async
            patience = min(ai_model.timeout_seconds, MAX_WAIT_SECONDS) if waits else 0

        def answer() -> HttpResponse:
            row = self.read(job.pk)
            is_done = row.has_ended and patience > 0
            made = self.answer(row, status=200 if is_done else 202)
            if not is_done:
                made["Location"] = absolute(f"/v1/jobs/{job.public_id}")
                made["Retry-After"] = str(_RETRY_AFTER_SECONDS)
            if submitted.is_replay:
                made["Idempotent-Replayed"] = "true"
            if preference.applied is not None:
                made["Preference-Applied"] = preference.applied
            return made

        return self.perhaps_later(answer, job_id=job.pk, seconds=0 if job.has_ended else patience)

    def perhaps_later(self, answer: Callable[[], HttpResponse], *, job_id: UUID, seconds: float) -> HttpResponse:
        """Make an answer now, or when the job has ended or the time is up."""
        if seconds <= 0:
            return answer()

        def again() -> HttpResponseBase:
            self.now = timezone.now()
            finished: HttpResponseBase = self.finalize_response(self.request, answer())
            return finished

        return MayWait.until_ended(job_id=job_id, seconds=seconds, again=again)

    def answer(self, row: JobRow, *, status: int) -> HttpResponse:
        """The job, and its credits in the headers."""
        body = job_json(row, now=self.now)
        answer = json_answer(body, status=status)
        answer["X-Job-Id"] = body["id"]
        answer["X-Credits-Held"] = str(body["credits"]["held"])
        answer["X-Credits-Charged"] = str(body["credits"]["charged"])
        available_mc = read_available(workspace=self.actor.workspace, now=self.now)
        answer["X-Credits-Balance"] = str(to_credits(available_mc))
        return answer


def expect_nothing(request: Request, faults: Faults) -> None:
    """Whatever stands in a body that nobody reads is a fault, so that nothing is dropped silently."""
    for name in read_object(request._request):
        faults.add(name[:64], "unknown_parameter", "This address takes no fields.", [])


class JobList(Endpoint):
    """/v1/jobs"""

    @operations.list_jobs
    def get(self, request: Request) -> HttpResponseBase:
        faults = Faults()
        given = self.parameters("status", "model", "project", "created_after", "limit", "after", faults=faults)
        limit = given.limit()
        status = given.choice("status", frozenset(_STATES))
        filters = {
            "state__in": _STATES[status] if status else None,
            "ai_model": given.text("model"),
            "project__name": given.text("project"),
            "created_at__gt": given.time("created_after"),
            "pk__lt": given.public_id("after", "job"),
        }
        faults.refuse()
        jobs = jobs_of(self.actor.workspace).filter(
            **{name: value for name, value in filters.items() if value is not None}
        )
        rows = fetch(jobs.order_by("-pk")[: limit + 1])
        return json_answer(list_body(rows, limit=limit, render=lambda row: job_json(row, now=self.now, is_whole=False)))


class JobOrModel(JobEndpoint):
    """/v1/jobs/{ref}: POST takes a model's id, GET a job's."""

    @operations.create_job
    def post(self, request: Request, ref: str) -> HttpResponseBase:
        return self.make(request, ref)

    @operations.get_job
    def get(self, request: Request, ref: str) -> HttpResponseBase:
        faults = Faults()
        wait = self.parameters("wait", faults=faults).integer("wait", low=0, high=MAX_WAIT_SECONDS) or 0
        faults.refuse()
        row = self.read(from_public("job", ref))
        seconds = 0 if row.has_ended else wait
        job_id: UUID = row.values["id"]

        def answer() -> HttpResponse:
            return self.answer(self.read(job_id) if seconds else row, status=200)

        return self.perhaps_later(answer, job_id=job_id, seconds=seconds)


class JobAtAddress(JobEndpoint):
    """/v1/jobs/{model}/{client_id}"""

    @operations.put_job
    def put(self, request: Request, ref: str, client_id: str) -> HttpResponseBase:
        return self.make(request, ref, address=client_id)


class JobCancel(JobEndpoint):
    """/v1/jobs/{id}/cancel"""

    @operations.cancel_job
    def post(self, request: Request, ref: str) -> HttpResponseBase:
        faults = Faults()
        expect_nothing(request, faults)
        faults.refuse()
        job = cancellation.request_cancel(job=self.find(ref), now=self.now)
        return self.answer(self.read(job.pk), status=200 if job.has_ended else 202)


class JobRetry(JobEndpoint):
    """/v1/jobs/{id}/retry"""

    @operations.retry_job
    def post(self, request: Request, ref: str) -> HttpResponseBase:
        faults = Faults()
        expect_nothing(request, faults)
        headers = read_headers(request.headers, faults)
        for name in ("X-Quote-Id", "Cancel-After"):
            if name in request.headers:
                faults.add(name, "not_available", "A retry does not take this header. Submit the job anew to use it.")
        faults.refuse()
        submitted = submission.retry(
            actor=self.actor, job=self.find(ref), key=headers.key, max_mc=headers.max_mc, now=self.now
        )
        return self.accepted(submitted, headers.preference)
