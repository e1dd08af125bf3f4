"""fal.ai, through its queue: submit once, poll, collect. What comes back is believed only from the queue's own host."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from apps.outbound import Client, Response
from apps.providers.contract import (
    Accepted,
    Cancellation,
    Done,
    OutcomeUnknown,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
    Request,
)
from apps.providers.fal_files import KEEP_FILES, FalFiles, read_artifacts
from apps.providers.fal_reasons import read_reason, refusal_of
from apps.providers.http import Purpose, read_object, send

_NAME = "fal.ai"
_FACTS = ("seed", "has_nsfw_concepts", "description", "timings", "video_id")
_MAX_RESULT_BYTES = 100_000_000  # a result may hold its pictures as data URIs


class FalAdapter:
    """One account at fal.ai. ``key`` is ``key_id:key_secret``."""

    slug = "fal"
    repeatable = False  # fal takes no idempotency key: a second submit is a second bill
    queue = "providers"

    def __init__(
        self,
        *,
        key: str,
        client: Client,
        queue_url: str = "https://queue.fal.run",
        rest_url: str = "https://rest.fal.ai",
        cdn_url: str = "https://v3.fal.media",
        poll_seconds: float = 1.0,
    ) -> None:
        self._client = client
        self._queue_url = queue_url.rstrip("/")
        self._files = FalFiles(key=key, client=client, rest_url=rest_url.rstrip("/"), cdn_url=cdn_url.rstrip("/"))
        self._headers = {"Authorization": f"Key {key}", "Accept": "application/json"}
        self._poll_seconds = poll_seconds

    def submit(self, request: Request) -> Accepted | Done:
        """Upload what fal cannot fetch, then POST the inputs; they are the body, without an envelope.

        The three addresses in the answer are kept: they cannot be derived, fal leaves out parts of the endpoint's id.
        """
        inputs = {name: value for name, value in request.inputs.items() if name != "sync_mode"}
        body = self._files.hand_over(inputs)
        headers = {"X-Fal-Object-Lifecycle-Preference": json.dumps(KEEP_FILES)}
        url = f"{self._queue_url}/{request.provider_model}"
        response = self._send(Purpose.START, "POST", url, body=body, headers=headers, answer_seconds=60.0)
        try:
            answer = response.json()
            urls = {name: str(answer[f"{name}_url"]) for name in ("status", "response", "cancel")}
            accepted = Accepted(reference=str(answer["request_id"]), urls=urls)
        except (ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(f"{_NAME} took the run and gave no address for it.") from error
        if not all(self._is_own(url) for url in urls.values()):
            raise OutcomeUnknown(f"{_NAME} took run {accepted.reference} and named an address that is not its own.")
        return accepted

    def poll(self, request: Request, accepted: Accepted) -> Pending | Done:
        """Ask for the status; when it says COMPLETED, which a failed or canceled run does too, collect the result."""
        status = read_object(self._send(Purpose.ASK, "GET", accepted.urls["status"]), provider=_NAME)
        match status.get("status"):
            case "IN_QUEUE":
                return Pending(self._poll_after(request, status.get("queue_position")), is_started=False)
            case "IN_PROGRESS":
                return Pending(self._poll_after(request, 0))
            case "COMPLETED":
                return self._collect(request, accepted, status)
        raise ProviderUnavailable(f"{_NAME} answered with a status that we do not know.")

    def cancel(self, accepted: Accepted) -> Cancellation:
        """Ask; only polls tell what came of it: a run that has begun may finish, and be billed, all the same."""
        with contextlib.suppress(ProviderRejected):  # already completed, or no longer known
            self._send(Purpose.ASK, "PUT", accepted.urls["cancel"])
        return Cancellation.ASKED

    def _collect(self, request: Request, accepted: Accepted, status: Mapping[str, Any]) -> Done:  # JSON, as fal says it
        error_type = status.get("error_type")
        facts: dict[str, Any] = {"request_id": accepted.reference}
        if error_type == "client_cancelled":
            raise ProviderRejected("The run was canceled.", refusal=Refusal.CANCELED, facts=facts)
        url = accepted.urls["response"]
        try:
            response = self._send(Purpose.COLLECT, "GET", url, answer_seconds=90.0, max_bytes=_MAX_RESULT_BYTES)
            output = read_object(response, provider=_NAME)
        except ProviderUnavailable as error:
            if not error_type:
                raise  # a gateway's fault: the result is still there
            refusal = refusal_of(str(error_type), None)
            raise ProviderRejected(f"{_NAME}: {error_type}.", refusal=refusal, facts=facts) from error
        except ProviderRejected as error:
            raise ProviderRejected(str(error), refusal=error.refusal, facts={**facts, **error.facts}) from error
        facts |= {name: output[name] for name in _FACTS if name in output}
        if "x-fal-billable-units" in response.headers:
            facts["billable_units"] = response.headers["x-fal-billable-units"]
        return Done(read_artifacts(output, facts, is_clip=request.planned.content_type.startswith("video/")), facts)

    def _send(
        self,
        purpose: Purpose,
        method: str,
        url: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        answer_seconds: float = 30.0,
        max_bytes: int = 5_000_000,
    ) -> Response:
        if not self._is_own(url):  # our key goes nowhere else, whatever stands in the row
            raise ProviderRejected(f"{_NAME} named an address that is not its own.")
        return send(
            self._client,
            purpose,
            method,
            url,
            provider=_NAME,
            read_reason=read_reason,
            headers={**self._headers, **(headers or {})},
            json=body,
            answer_seconds=answer_seconds,
            max_bytes=max_bytes,
        )

    def _is_own(self, url: str) -> bool:
        ours, theirs = urlsplit(self._queue_url), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    def _poll_after(self, request: Request, position: object) -> float:
        """One second for a quick model, up to five for a slow one or far back in the queue."""
        ahead = position if isinstance(position, int) else 0
        return self._poll_seconds * min(5.0, max(1.0, request.timeout_seconds / 60) + ahead)
