"""The mock's clips: a slow walk into a still, under a quiet tone, as H.264 and AAC in an MP4."""

import io
import math
from array import array
from typing import Final

import av
from PIL import Image, ImageOps

from apps.providers.mock_picture import capped, landscape, mark, numbers_of
from apps.providers.pictures import flatten

CONTENT_TYPE: Final = "video/mp4"
MAX_SECONDS: Final = 60
MAX_PIXELS: Final = 1920 * 1080  # of a frame; past it the same shape is drawn smaller
MAX_EDGE: Final = 4096  # every decoder of H.264 goes so far

_FRAMES_PER_SECOND: Final = 10
_WAY: Final = 0.14  # how much nearer the last frame is than the first
_SAMPLES_PER_SECOND: Final = 22_050
_LOUDNESS: Final = 900  # of 32,767
_INDEX_BYTES: Final = 8_192  # room for the index before the frames, so that a player need not seek for it; and
_INDEX_BYTES_PER_SECOND: Final = 1_024  # so much for every second
# One thread and no version stamps: the same clip on every machine that has the same encoder.
_FILE_OPTIONS: Final = {"fflags": "+bitexact"}
_ENCODER_OPTIONS: Final = {
    "preset": "ultrafast",
    "crf": "30",
    "maxrate": "800k",
    "bufsize": "800k",
}  # under 1 MB in 8 s


def shoot(*, text: str, numbers_from: str, still: Image.Image | None, width: int, height: int, seconds: int) -> bytes:
    """Make a clip marked as a mock, with ``text`` under it; the same arguments give the same clip.

    It starts from ``still``, cut to the clip's shape, or from a landscape where there is none. Edges are even numbers,
    as H.264 wants them; frames keep within ``MAX_PIXELS``, the length within ``MAX_SECONDS``.
    """
    width, height = capped(width, height, max_pixels=MAX_PIXELS, max_edge=MAX_EDGE)
    size = max(2, width - width % 2), max(2, height - height % 2)
    seconds = min(max(1, seconds), MAX_SECONDS)
    if still is None:
        still = landscape(numbers_from=numbers_from, width=size[0], height=size[1])
    start = ImageOps.fit(flatten(still).convert("RGB"), size)
    numbers = numbers_of(numbers_from)
    toward, hertz = (next(numbers), next(numbers)), 160 + 120 * next(numbers)
    file = io.BytesIO()
    room = {"moov_size": str(_INDEX_BYTES + _INDEX_BYTES_PER_SECOND * seconds)}
    with av.open(file, "w", format="mp4", options=_FILE_OPTIONS | room) as container:
        video = container.add_stream("libx264", rate=_FRAMES_PER_SECOND, options=_ENCODER_OPTIONS)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        audio = container.add_stream("aac", rate=_SAMPLES_PER_SECOND, layout="mono")
        audio.codec_context.bit_rate = 32_000
        for second in range(seconds):  # by turns, so that picture and sound lie side by side in the file
            for index in range(second * _FRAMES_PER_SECOND, (second + 1) * _FRAMES_PER_SECOND):
                image = _nearer(start, index / (seconds * _FRAMES_PER_SECOND), toward)
                mark(image, text)
                frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]  # PyAV has no types for it
                container.mux(video.encode(frame))
            container.mux(audio.encode(_tone(second, seconds, hertz)))
        container.mux(video.encode())
        container.mux(audio.encode())
    return file.getvalue()


def _nearer(start: Image.Image, share: float, toward: tuple[float, float]) -> Image.Image:
    """The still as it is seen after a share of the way, 0 to 1, into it."""
    zoom = 1 + _WAY * share
    width, height = start.width / zoom, start.height / zoom
    left, top = (start.width - width) * toward[0], (start.height - height) * toward[1]
    return start.resize(start.size, Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))


def _tone(second: int, seconds: int, hertz: float) -> av.AudioFrame:
    """One second of a tone that swells and fades over the whole clip."""
    samples = array("h")
    for index in range(second * _SAMPLES_PER_SECOND, (second + 1) * _SAMPLES_PER_SECOND):
        swell = math.sin(math.pi * index / (seconds * _SAMPLES_PER_SECOND))
        samples.append(round(_LOUDNESS * swell * math.sin(math.tau * hertz * index / _SAMPLES_PER_SECOND)))
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = _SAMPLES_PER_SECOND
    frame.pts = second * _SAMPLES_PER_SECOND
    return frame
