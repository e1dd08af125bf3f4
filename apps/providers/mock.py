"""Free placeholders for mock calls, test keys and demonstrations: no network, no cost, the same picture every time.

Words in the prompt choose what happens, so that every outcome can be shown without any provider:

================  =====================================================================================
``mock:slow``     accepted, pending with progress for five seconds, then delivered; ``mock:slow=3`` for three
``mock:stubborn`` the same, but a cancel does not stop it: it delivers all the same
``mock:fewer``    delivers one file fewer than planned; none where one was planned
``mock:fail``     refused as ``provider_error``; after the wait, together with ``mock:slow``
``mock:rejected`` refused as ``content_rejected``; after the wait, together with ``mock:slow``
``mock:lost``     the hand-over ends with an unknown outcome
``mock:unavailable``  the hand-over is put off, every time
================  =====================================================================================
"""

import re
import time
from collections.abc import Callable

from apps.providers import mock_clip
from apps.providers.contract import (
    Accepted,
    Artifact,
    Cancellation,
    Done,
    OutcomeUnknown,
    Pending,
    Picture,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
    Request,
)
from apps.providers.mock_edit import cut_oval, paint_in
from apps.providers.mock_picture import MAX_EDGE, MAX_PIXELS, capped, draw, landscape
from apps.providers.pictures import FORMATS, LONGEST_SIDE, encode, load

_WORD = re.compile(r"\bmock:(slow|stubborn|fewer|fail|rejected|lost|unavailable)\b(?:=(\d{1,3}(?:\.\d{1,3})?))?")
_SLOW_SECONDS = 5.0
_POLL_SECONDS = 0.5
_UNDECIDED = 1024  # pixels a side, where the model would decide the size
_UNDECIDED_CLIP = 1280, 720
_UNDECIDED_SECONDS = 8
_DRAWN = {*FORMATS, mock_clip.CONTENT_TYPE}


class MockAdapter:
    """Deterministic pictures and clips of the planned size and format.

    ``clock`` gives seconds since 1970, the same to every process: a slow run is kept nowhere but in its reference,
    which says when it began and how long it takes.
    """

    slug = "mock"
    repeatable = True
    queue = "pictures"

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def submit(self, request: Request) -> Accepted | Done:
        """Deliver at once, unless a word in the prompt says otherwise."""
        words = _words(request)
        if "unavailable" in words:
            raise ProviderUnavailable("The mock was asked to be unavailable.", retry_after=1.0)
        if "lost" in words:
            raise OutcomeUnknown("The mock was asked to lose this run.")
        for word in ("stubborn", "slow"):
            if word in words:
                return Accepted(f"mock-{word}-{self._clock():.3f}-{words[word] or _SLOW_SECONDS:.3f}")
        return _finish(request, words)

    def poll(self, request: Request, accepted: Accepted) -> Pending | Done:
        """Read from the reference how far the run is by now."""
        _, _, started, seconds = accepted.reference.split("-")
        passed = self._clock() - float(started)
        if passed < float(seconds):
            left = float(seconds) - passed
            return Pending(min(left, _POLL_SECONDS), progress=max(0, int(100 * passed / float(seconds))))
        return _finish(request, _words(request))

    def cancel(self, accepted: Accepted) -> Cancellation:
        """Nothing runs between polls, so a run that is polled no more has stopped; a stubborn one says it goes on."""
        return Cancellation.ASKED if accepted.reference.startswith("mock-stubborn-") else Cancellation.STOPPED


def _words(request: Request) -> dict[str, float]:
    """The words of the prompt that are meant for us, with their number of seconds or 0."""
    found = _WORD.findall(str(request.inputs.get("prompt", "")))
    return {word: float(seconds or 0) for word, seconds in found}


def _finish(request: Request, words: dict[str, float]) -> Done:
    if "rejected" in words:
        raise ProviderRejected("The mock was asked to refuse this content.", refusal=Refusal.CONTENT_REJECTED)
    if "fail" in words:
        raise ProviderRejected("The mock was asked to fail.", refusal=Refusal.PROVIDER_ERROR)
    planned = request.planned
    if planned.content_type not in _DRAWN:
        raise ProviderRejected(f"The mock draws PNG, JPEG, WebP and MP4, not {planned.content_type}.")
    prompt = str(request.inputs.get("prompt") or "")
    seed = request.inputs.get("seed")
    text = _WORD.sub("", prompt).strip() or request.provider_model
    artifacts = []
    for index in range(planned.count - ("fewer" in words)):
        numbers_from = f"{request.provider_model}\n{prompt}\n{seed}\n{index}"
        make = _clip if planned.content_type == mock_clip.CONTENT_TYPE else _picture
        content = make(request, text=text, numbers_from=numbers_from)
        artifacts.append(Artifact(content=content, content_type=planned.content_type))
    return Done(tuple(artifacts), {"is_mock": True} | ({} if seed is None else {"seed": seed}))


def _picture(request: Request, *, text: str, numbers_from: str) -> bytes:
    """A drawing; or, of the first picture given, what lies outside the mask as it was, or an oval cut out of it."""
    planned = request.planned
    width, height = capped(
        planned.width or _UNDECIDED,
        planned.height or _UNDECIDED,
        max_pixels=MAX_PIXELS,
        max_edge=min(MAX_EDGE, LONGEST_SIDE[FORMATS[planned.content_type]]),
    )
    mask, still = request.inputs.get("mask_url"), _still(request)
    if isinstance(mask, Picture) and still:
        source = load(still).resize((width, height))
        image = paint_in(source, load(mask), text=text, numbers_from=numbers_from)
    elif planned.is_cut_out:
        source = load(still) if still else landscape(numbers_from=numbers_from, width=width, height=height)
        image = cut_oval(source.resize((width, height)), text=text)
    else:
        image = draw(text=text, numbers_from=numbers_from, width=width, height=height)
    return encode(image, planned.content_type)


def _clip(request: Request, *, text: str, numbers_from: str) -> bytes:
    """A clip that starts from the first picture given; where none can be had (a URL nobody fetched), from our own."""
    planned = request.planned
    still = _still(request)
    return mock_clip.shoot(
        text=text,
        numbers_from=numbers_from,
        still=load(still) if still else None,
        width=planned.width or _UNDECIDED_CLIP[0],
        height=planned.height or _UNDECIDED_CLIP[1],
        seconds=planned.seconds or _UNDECIDED_SECONDS,
    )


def _still(request: Request) -> Picture | None:
    """The first picture that is to be worked on."""
    inputs = (value for name, value in request.inputs.items() if name != "mask_url")
    given = (one for value in inputs for one in (value if isinstance(value, list) else [value]))
    return next((one for one in given if isinstance(one, Picture)), None)
