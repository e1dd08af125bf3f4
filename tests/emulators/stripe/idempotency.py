"""Idempotency keys as version 1 of the API keeps them: an answer is saved once carrying out the request began."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.emulators.http import Answer
from tests.emulators.stripe.refusals import Refusal

KEPT_SECONDS: Final = 86_400
LONGEST: Final = 255


@dataclass(slots=True)
class _Known:
    path: str
    form: str
    began_at: int
    answer: Answer | None = None  # None: it is under way


@dataclass(slots=True)
class Keys:
    """The keys of the last day. ``count`` tells how many requests a key has seen."""

    now: Callable[[], int]
    counts: dict[str, int] = field(default_factory=dict)
    _known: dict[str, _Known] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, key: str | None, path: str, form: str) -> Answer | None:
        """Take a key: the saved answer of the first request, or None, and the request is to be carried out.

        :raises Refusal: other parameters, or the first one is still under way.
        """
        if key is None:
            return None
        if len(key) > LONGEST:
            raise Refusal.of_param(f"Idempotency keys are at most {LONGEST} characters long.", "idempotency_key")
        with self._lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            known = self._known.get(key)
            if known is None or self.now() - known.began_at > KEPT_SECONDS:
                self._known[key] = _Known(path, form, self.now())
                return None
            if (known.path, known.form) != (path, form):
                what = "with the same parameters" if known.path == path else f"for the same endpoint ({known.path})"
                text = f"Keys for idempotent requests can only be used {what} they were first used with."
                raise Refusal(400, "idempotency_error", f"{text} Try using a key other than '{key}'.")
            if known.answer is None:
                text = "There is currently another in-progress request using this Idempotent Key."
                raise Refusal(409, "invalid_request_error", text, code="idempotency_key_in_use")
            return Answer(known.answer.status, known.answer.body, {**known.answer.headers, **REPLAYED})

    def save(self, key: str | None, answer: Answer) -> None:
        if key is not None:
            with self._lock:
                self._known[key].answer = answer

    def forget(self, key: str | None) -> None:
        """Let a key be as new: nothing was carried out."""
        with self._lock:
            self._known.pop(key or "", None)


REPLAYED: Final[Mapping[str, str]] = {"Idempotent-Replayed": "true"}
