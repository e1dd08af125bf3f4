"""What a clip is: its type by its content, its size and length as played, whether it is whole, its first frame small.

Clips come from providers, never from customers, and are looked into as if from strangers: the first bytes tell the type
and only its reader touches the file, every packet is read and one frame is decoded, within limits on pixels, length and
number of packets; whatever else goes wrong inside FFmpeg ends as ``BrokenClip``. Pure.
"""

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from apps.errors import DomainError
from apps.library import thumbnails
from apps.library.media import Inspected

MAX_EDGE: Final = 8192
MAX_PIXELS: Final = 8192 * 4320  # of a frame: the largest that H.264 knows
MAX_SECONDS: Final = 600

_READERS: Final[Mapping[str, str]] = {"video/mp4": "mp4", "video/webm": "webm"}  # every type kept: FFmpeg's name for it
_CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "libdav1d"})  # what browsers play
_NOT_MP4: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"qt  "})  # brands of other things
# Given to every decoder, that of FFmpeg's first look too: no frame past the limit, no threads with frames of their own.
_OPTIONS: Final = {"max_pixels": str(MAX_PIXELS), "threads": "1", "enable_drefs": "0"}
_HEAD_BYTES: Final = 64
_CHUNK_BYTES: Final = 262_144
_MAX_STREAMS: Final = 16
_MAX_PACKETS: Final = 400_000  # 10 minutes with 240 pictures and 100 pieces of sound a second, twice
_MAX_PACKETS_WITHOUT_PICTURE: Final = 300  # given to the decoder until its first frame comes out
_FAULTS: Final = (
    av.FFmpegError,
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    EOFError,
    MemoryError,
)


class BadClip(DomainError):
    """A file that is not kept as a clip; one of the three below."""


class NotAClip(BadClip):
    """Empty, or not MP4 or WebM with a picture that browsers play."""

    code = "not_a_clip"


class BrokenClip(BadClip):
    """The right type by its first bytes, but cut off or damaged."""

    code = "broken_clip"


class ClipTooLarge(BadClip):
    """Larger or longer than clips are kept."""

    code = "clip_too_large"


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found in a clip. Width and height are in pixels, as shown: after the turn that the file asks for."""

    content_type: str
    width: int
    height: int
    duration_ms: int
    has_sound: bool


@dataclass(slots=True)
class _Reading:
    """What reading every packet has found so far; times in seconds."""

    first: VideoFrame | None = None
    begin: Fraction | None = None
    end: Fraction = Fraction(0)

    @property
    def length(self) -> Fraction:
        return self.end - max(self.begin or Fraction(0), Fraction(0))  # sound may start before, to warm up


def sniff(head: bytes) -> str | None:
    """Tell the content type of a clip from a file's first 64 bytes; None: no clip that is read."""
    if head[4:8] == b"ftyp" and head[8:12] not in _NOT_MP4:
        return "video/mp4"
    # EBML, and its document type within the first element. Source: RFC 8794, section 11.2; WebM Container Guidelines.
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82" in head and b"webm" in head:
        return "video/webm"
    return None


def probe(file: IO[bytes]) -> Probe:
    """Read all of a seekable file's packets and decode its first frame.

    :raises NotAClip, BrokenClip, ClipTooLarge: what the names say.
    """
    return _look_into(file)[0]


def inspect(file: IO[bytes]) -> Inspected:
    """Read a whole seekable file; its first frame becomes the poster, for a clip begins with the still it was given.

    :raises NotAClip, BrokenClip, ClipTooLarge: as ``probe``.
    """
    found, poster = _look_into(file)
    digest, size_bytes = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
    return Inspected(
        content_type=found.content_type,
        width=found.width,
        height=found.height,
        size_bytes=size_bytes,
        sha256=digest.hexdigest(),
        thumbnail=thumbnails.encode(poster),
        blurhash=thumbnails.blur(poster),
        duration_ms=found.duration_ms,
    )


def _look_into(file: IO[bytes]) -> tuple[Probe, Image.Image]:
    file.seek(0)
    content_type = sniff(file.read(_HEAD_BYTES))
    if content_type is None:
        raise NotAClip("Only MP4 and WebM clips are read.")
    with _opened(file, content_type) as container:
        video = _picture_stream(container)
        reading = _read_through(container, video)
        if reading.first is None or reading.length <= 0:
            raise BrokenClip("The clip has no picture that can be decoded.")
        declared = Fraction(container.duration or 0, av.time_base)
        if declared > reading.length + 1:
            raise BrokenClip("The clip is cut off: it ends before its time.")
        length = declared if declared > reading.length - 1 else reading.length
        poster = _upright(reading.first)
        is_turned = reading.first.rotation % 180 == 90
        width, height = reading.first.width, reading.first.height
        return Probe(
            content_type=content_type,
            width=height if is_turned else width,
            height=width if is_turned else height,
            duration_ms=max(1, round(length * 1000)),
            has_sound=any(stream.type == "audio" for stream in container.streams),
        ), poster


@contextmanager
def _opened(file: IO[bytes], content_type: str) -> Generator[InputContainer]:
    """Open with the one reader of this type; whatever goes wrong until the end of the block is the file's fault."""
    file.seek(0)
    try:
        with av.open(
            file, "r", format=_READERS[content_type], options=dict(_OPTIONS), metadata_errors="ignore"
        ) as container:
            yield container
    except _FAULTS as error:
        raise BrokenClip("The clip is cut off or damaged.") from error


def _picture_stream(container: InputContainer) -> VideoStream:
    """Find the one picture track, of a codec that is decoded here and a size that is kept."""
    if len(container.streams) > _MAX_STREAMS:
        raise NotAClip(f"The file has more than {_MAX_STREAMS} tracks.")
    video = next(iter(container.streams.video), None)
    if video is None or video.codec_context is None or video.codec_context.name not in _CODECS:
        raise NotAClip("The file holds no picture that is read: H.264, H.265, VP8, VP9 and AV1 are.")
    _check_size(video.codec_context.width, video.codec_context.height)
    video.codec_context.options = dict(_OPTIONS)
    video.codec_context.thread_count = 1
    return video


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_EDGE or width * height > MAX_PIXELS:
        raise ClipTooLarge(
            f"The clip has {width:,} x {height:,} pixels; {MAX_PIXELS:,} in all are kept, {MAX_EDGE:,} to an edge."
        )


def _read_through(container: InputContainer, video: VideoStream) -> _Reading:
    """Read every packet, and decode those of the picture until its first frame is there."""
    reading, given = _Reading(), 0
    for count, packet in enumerate(container.demux(*container.streams.video, *container.streams.audio)):
        if count >= _MAX_PACKETS:
            raise ClipTooLarge(f"The clip is written in more than {_MAX_PACKETS:,} pieces.")
        if packet.is_corrupt:
            raise BrokenClip("The clip is cut off or damaged.")
        _note_time(reading, packet)
        if reading.length > MAX_SECONDS:
            raise ClipTooLarge(f"The clip is longer than {MAX_SECONDS // 60} minutes.", max_seconds=MAX_SECONDS)
        if reading.first is None and packet.stream is video:
            given += 1
            if given > _MAX_PACKETS_WITHOUT_PICTURE:
                raise BrokenClip("The clip does not begin with a picture.")
            reading.first = next(iter(video.codec_context.decode(packet)), None)
            if reading.first is not None:
                _check_size(reading.first.width, reading.first.height)  # the frames may say other than the header
    return reading


def _note_time(reading: _Reading, packet: "Packet[Stream]") -> None:  # a generic in its types only
    if packet.pts is None or not packet.size:  # the mark at the end of a stream
        return
    begin = packet.pts * packet.time_base
    end = begin + (packet.duration or 0) * packet.time_base
    reading.begin = begin if reading.begin is None else min(reading.begin, begin)
    reading.end = max(reading.end, end)


def _upright(frame: VideoFrame) -> Image.Image:
    """The frame as it is shown, its longer edge at most that of a thumbnail."""
    ratio = min(1.0, thumbnails.EDGE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * ratio)), max(1, round(frame.height * ratio))
    shrunk = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
    small: Image.Image = shrunk.to_image()  # type: ignore[no-untyped-call]  # PyAV has no types for it
    quarter_turns = round(frame.rotation / 90) % 4
    turns = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    turn = turns[quarter_turns]
    return small if turn is None else small.transpose(turn)
