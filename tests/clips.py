"""Clips for tests: small, of every kind that is kept, and of some that are not."""

import io
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

_RATE: Final = 10  # pictures a second
_SAMPLE_RATES: Final = {"aac": 8_000, "libopus": 48_000}


def build_clip(
    *,
    container: str = "mp4",
    codec: str | None = "libx264",
    size: tuple[int, int] = (64, 36),
    seconds: float = 1,
    sound: str | None = "aac",
    turn: int = 0,
    **options: str,
) -> bytes:
    """A teal clip whose first frame has a red quarter, upper left, and silence; ``turn``: degrees it asks to be turned.

    ``options`` are the container's.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as made:
        # All tracks are there before the first piece is written: the header names them.
        pictures = made.add_stream(codec, rate=_RATE) if codec else None
        silence = made.add_stream(sound, rate=_SAMPLE_RATES[sound], layout="mono") if sound else None
        if isinstance(pictures, VideoStream):
            _write_pictures(made, pictures, size, seconds, turn)
        if isinstance(silence, AudioStream):
            _write_silence(made, silence, seconds)
    return file.getvalue()


def _write_pictures(
    made: OutputContainer, stream: VideoStream, size: tuple[int, int], seconds: float, turn: int
) -> None:
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    if turn:
        stream.set_display_rotation(turn)
    for index in range(round(seconds * _RATE)):
        picture = Image.new("RGB", size, "teal")
        if index == 0:
            picture.paste("red", (0, 0, size[0] // 2, size[1] // 2))
        frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV has no types for it
        made.mux(stream.encode(frame))
    made.mux(stream.encode())


def _write_silence(made: OutputContainer, stream: AudioStream, seconds: float) -> None:
    frame = AudioFrame(format="s16", layout="mono", samples=round(seconds * stream.rate))
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    frame.sample_rate, frame.pts = stream.rate, 0
    made.mux(stream.encode(frame))
    made.mux(stream.encode())
