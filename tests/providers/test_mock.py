"""The mock: exact pictures, the same each time, and every outcome that a word in the prompt asks for."""

import io
import itertools

import pytest
from PIL import Image

from apps.providers.contract import (
    Accepted,
    Cancellation,
    Done,
    OutcomeUnknown,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Refusal,
)
from apps.providers.mock import MockAdapter
from apps.providers.mock_picture import MAX_PIXELS
from tests.providers.handover import Clock, build_request, finish

pytestmark = pytest.mark.once


def contents(done: Done) -> list[bytes]:
    return [artifact.content or b"" for artifact in done.artifacts]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (64, 64), (576, 1024), (1024, 768), (2560, 1440), (4096, 64)])
def test_size_and_format_are_exact(kind: str, size: tuple[int, int]) -> None:
    done = finish(MockAdapter(), build_request(size=size, content_type=f"image/{kind}"))
    (content,) = contents(done)
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert (image.size, image.format) == (size, kind.upper())
    assert done.artifacts[0].content_type == f"image/{kind}"


def test_the_same_request_gives_the_same_pictures_and_another_gives_others() -> None:
    requests = [
        build_request(count=3),
        build_request(count=3, seed=1),
        build_request(count=3, seed=2),
        build_request(count=3, prompt="a blue kite"),
        build_request(count=3, provider_model="fal-ai/flux-2"),
    ]
    once = [contents(finish(MockAdapter(), request)) for request in requests]
    again = [contents(finish(MockAdapter(), request)) for request in requests]
    assert once == again
    every = list(itertools.chain(*once))
    assert len(set(every)) == len(every) == 15


def test_a_size_that_the_model_decides_is_square() -> None:
    (content,) = contents(finish(MockAdapter(), build_request(size=(0, 0))))
    assert Image.open(io.BytesIO(content)).size == (1024, 1024)


def test_an_enormous_size_keeps_its_shape_and_costs_little() -> None:
    (content,) = contents(finish(MockAdapter(), build_request(size=(14142, 7071), content_type="image/jpeg")))
    with Image.open(io.BytesIO(content)) as image:
        assert image.width * image.height <= MAX_PIXELS
        assert image.width == pytest.approx(2 * image.height, rel=0.001)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize(
    ("planned", "drawn"),
    [
        ((10**18, 1), (16384, 1)),
        ((1, 10**18), (1, 16384)),
        ((10**400, 10**400), (5000, 5000)),
        ((65535, 100), (16384, 25)),
        ((16384, 3), (16384, 3)),
        ((16384, 16384), (5000, 5000)),
    ],
)
def test_no_planned_size_is_too_much(kind: str, planned: tuple[int, int], drawn: tuple[int, int]) -> None:
    (content,) = contents(finish(MockAdapter(), build_request(size=planned, content_type=f"image/{kind}")))
    with Image.open(io.BytesIO(content)) as image:
        most = 16383 if kind == "webp" else 16384  # what a WebP can say
        assert (min(image.width, most), min(image.height, most)) == image.size
        assert image.size == pytest.approx(drawn, abs=1)
        assert kind == "webp" or image.size == drawn


@pytest.mark.parametrize("prompt", ["", "  ", "木の橋", "word " * 400, "x" * 500, "🪁 kite\nline"])
def test_any_prompt_can_be_written_under_a_picture(prompt: str) -> None:
    assert len(contents(finish(MockAdapter(), build_request(prompt=prompt, size=(320, 200))))) == 1


def test_a_model_without_a_prompt_has_pictures_too() -> None:
    request = build_request(prompt=None, image_url="https://pictures.example/a.png", size=(320, 200))
    assert len(contents(finish(MockAdapter(), request))) == 1


@pytest.mark.parametrize("content_type", ["video/webm", "image/gif", "text/plain"])
def test_what_it_does_not_draw_is_refused(content_type: str) -> None:
    with pytest.raises(ProviderRejected):
        MockAdapter().submit(build_request(content_type=content_type))


def test_slow_is_pending_with_progress_and_then_done() -> None:
    clock = Clock()
    adapter = MockAdapter(clock=clock)
    request = build_request(prompt="a kite mock:slow=3")
    accepted = adapter.submit(request)
    assert isinstance(accepted, Accepted)
    seen = []
    for _ in range(6):
        answer = MockAdapter(clock=clock).poll(request, accepted)  # another worker, which knows only the reference
        assert isinstance(answer, Pending)
        seen.append(answer.progress)
        clock.move(0.5)
    assert seen == [0, 16, 33, 50, 66, 83]
    assert len(contents(finish(adapter, build_request()))) == 1
    assert isinstance(adapter.poll(request, accepted), Done)


def test_slow_takes_five_seconds_unless_told() -> None:
    clock = Clock()
    adapter = MockAdapter(clock=clock)
    request = build_request(prompt="mock:slow")
    accepted = adapter.submit(request)
    assert isinstance(accepted, Accepted)
    clock.move(4.9)
    assert isinstance(adapter.poll(request, accepted), Pending)
    clock.move(0.1)
    assert isinstance(adapter.poll(request, accepted), Done)


def test_a_slow_run_can_be_stopped_and_a_stubborn_one_delivers() -> None:
    clock = Clock()
    adapter = MockAdapter(clock=clock)
    slow = adapter.submit(build_request(prompt="mock:slow"))
    request = build_request(prompt="mock:stubborn=2")
    stubborn = adapter.submit(request)
    assert isinstance(slow, Accepted)
    assert isinstance(stubborn, Accepted)
    assert adapter.cancel(slow) is Cancellation.STOPPED
    assert adapter.cancel(stubborn) is Cancellation.ASKED
    clock.move(2)
    assert isinstance(adapter.poll(request, stubborn), Done)


@pytest.mark.parametrize(
    ("word", "refusal"), [("mock:fail", Refusal.PROVIDER_ERROR), ("mock:rejected", Refusal.CONTENT_REJECTED)]
)
def test_refusals_at_once_or_after_a_wait(word: str, refusal: Refusal) -> None:
    clock = Clock()
    adapter = MockAdapter(clock=clock)
    with pytest.raises(ProviderRejected) as at_once:
        adapter.submit(build_request(prompt=f"a kite {word}"))
    request = build_request(prompt=f"mock:slow=1 {word}")
    accepted = adapter.submit(request)
    assert isinstance(accepted, Accepted)
    assert isinstance(adapter.poll(request, accepted), Pending)
    clock.move(1)
    with pytest.raises(ProviderRejected) as later:
        adapter.poll(request, accepted)
    assert at_once.value.refusal is later.value.refusal is refusal


@pytest.mark.parametrize(("word", "error"), [("mock:lost", OutcomeUnknown), ("mock:unavailable", ProviderUnavailable)])
def test_a_hand_over_that_goes_wrong(word: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        MockAdapter().submit(build_request(prompt=f"{word}, please"))


@pytest.mark.parametrize(("count", "delivered"), [(1, 0), (2, 1), (4, 3)])
def test_fewer(count: int, delivered: int) -> None:
    assert len(finish(MockAdapter(), build_request(prompt="mock:fewer", count=count)).artifacts) == delivered


def test_a_word_must_stand_alone() -> None:
    request = build_request(prompt="hammock:slow mock:failure mock:other")
    assert isinstance(MockAdapter().submit(request), Done)
