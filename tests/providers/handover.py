"""Requests and pictures as the flow hands them to adapters."""

import contextlib
import io
from collections.abc import Callable
from typing import Any, BinaryIO

from PIL import Image, ImageDraw

from apps.providers.contract import Accepted, Adapter, Done, Pending, Picture, Planned, Request


def build_request(
    *,
    provider_model: str = "fal-ai/flux/schnell",
    inputs: dict[str, Any] | None = None,
    count: int = 1,
    size: tuple[int, int] = (64, 48),
    content_type: str = "image/png",
    timeout_seconds: int = 30,
    **more: Any,
) -> Request:
    """A request with the prompt «a red kite» beside ``inputs`` and ``more``."""
    return Request(
        attempt_id="att_01",
        provider_model=provider_model,
        inputs={"prompt": "a red kite", **(inputs or {}), **more},
        planned=Planned(count, size[0], size[1], content_type),
        timeout_seconds=timeout_seconds,
    )


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def build_picture(content: bytes, *, public_url: str | None = None) -> Picture:
    """A picture with these bytes; what its header says is measured, as the library does."""
    width, height, content_type = 64, 48, "image/png"  # what is claimed of a damaged one
    with contextlib.suppress(OSError), Image.open(io.BytesIO(content)) as image:
        width, height = image.size
        content_type = Image.MIME[image.format or "PNG"]
    return Picture(
        open=lambda: io.BytesIO(content),
        content_type=content_type,
        size_bytes=len(content),
        width=width,
        height=height,
        public_url=public_url,
    )


def subject_on_plain_ground(
    size: tuple[int, int] = (200, 160), ground: str = "#e8e4da", subject: str = "#b5432a"
) -> Image.Image:
    """A disc with a hole in the middle of an even ground."""
    image = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(image)
    center_x, center_y, radius = size[0] / 2, size[1] / 2, min(size) / 4
    pen.ellipse((center_x - radius, center_y - radius, center_x + radius, center_y + radius), fill=subject)
    hole = radius / 3
    pen.ellipse((center_x - hole, center_y - hole, center_x + hole, center_y + hole), fill=ground)
    return image


def unreadable() -> BinaryIO:
    """What ``Picture.open`` does when the file cannot be had."""
    raise OSError("storage is away")


def finish(adapter: Adapter, request: Request, *, pass_time: Callable[[float], None] = lambda _: None) -> Done:
    """Hand a run over and ask for it until it is done; between questions passes the time that the adapter names."""
    answer = adapter.submit(request)
    if isinstance(answer, Done):
        return answer
    return wait(adapter, request, answer, pass_time=pass_time)


def wait(
    adapter: Adapter, request: Request, accepted: Accepted, *, pass_time: Callable[[float], None] = lambda _: None
) -> Done:
    """Ask until the run is done; at most a hundred times."""
    for _ in range(100):
        answer = adapter.poll(request, accepted)
        if isinstance(answer, Done):
            return answer
        assert isinstance(answer, Pending)
        assert answer.poll_after > 0
        pass_time(answer.poll_after)
    raise AssertionError("the run does not end")


def accept(adapter: Adapter, **inputs: Any) -> Accepted:
    """Hand over a run that is accepted first, as the usual ones of a provider are."""
    accepted = adapter.submit(build_request(inputs=inputs))
    assert isinstance(accepted, Accepted)
    return accepted


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds
