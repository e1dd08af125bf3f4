"""Every adapter keeps the same promises: one suite, run on each."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from PIL import Image

from apps.outbound import Client, fetch_public
from apps.providers.contract import (
    Accepted,
    Adapter,
    Artifact,
    Cancellation,
    Done,
    OutcomeUnknown,
    Pending,
    ProviderRejected,
    ProviderUnavailable,
    Request,
)
from apps.providers.fal import FalAdapter
from apps.providers.local import LocalAdapter
from apps.providers.mock import MockAdapter
from tests.emulators.fal import FalEmulator, Fault, Route
from tests.emulators.fal_runs import Behavior, Failure
from tests.providers.handover import Clock, build_picture, build_request, encoded, finish, subject_on_plain_ground, wait

pytestmark = pytest.mark.once


@dataclass
class Case:
    """An adapter, a request it fulfils, and how to bring about what the suite wants to see."""

    build: Callable[[], Adapter]
    request: Request
    refused: Request  # one that it rejects, at once or in the end
    waits: bool  # whether its requests are accepted first and done later
    refuse: Callable[[], None] = lambda: None  # called before ``refused`` is submitted
    submits: Callable[[], int] = lambda: 0  # how often the other side was asked to begin a run
    pass_time: Callable[[float], None] = lambda _: None


def mock_case(prompt: str) -> Case:
    clock = Clock()
    request = build_request(count=2, size=(96, 64), prompt=prompt)
    return Case(
        build=lambda: MockAdapter(clock=clock),
        request=request,
        refused=replace(request, inputs={"prompt": f"{prompt} mock:rejected"}),
        waits="slow" in prompt,
        pass_time=clock.move,
    )


def local_case(work: str, size: tuple[int, int], **inputs: Any) -> Case:
    picture = build_picture(encoded(subject_on_plain_ground((96, 64))))
    request = build_request(provider_model=work, size=size, inputs={"image_url": picture, **inputs})
    damaged = replace(request, inputs={**request.inputs, "image_url": build_picture(b"no picture")})
    return Case(build=LocalAdapter, request=request, refused=damaged, waits=False)


def fal_case(fal: FalEmulator, client: Client, **inputs: Any) -> Case:
    size = {"width": 96, "height": 64}
    request = build_request(count=2, size=(96, 64), inputs={"num_images": 2, "image_size": size, **inputs})

    def refuse() -> None:
        fal.behavior = Behavior(failure=Failure.of_model("content_policy_violation"))

    return Case(
        build=lambda: FalAdapter(key=fal.key, client=client, queue_url=fal.url, rest_url=fal.url, cdn_url=fal.url),
        request=request,
        refused=request,
        waits=True,
        refuse=refuse,
        submits=lambda: fal.count(Route.SUBMIT),
    )


CASES = ("mock", "mock slow", "local upscale", "local reframe", "local cutout", "fal", "fal with a picture")


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, fal: FalEmulator, client: Client) -> Case:
    picture = build_picture(encoded(Image.new("RGB", (8, 8), "teal")))
    made: dict[str, Callable[[], Case]] = {
        "mock": lambda: mock_case("a red kite"),
        "mock slow": lambda: mock_case("a red kite mock:slow=2"),
        "local upscale": lambda: local_case("upscale", (192, 128), upscale_factor=2),
        "local reframe": lambda: local_case("reframe", (128, 128), aspect_ratio="1:1"),
        "local cutout": lambda: local_case("cutout", (96, 64)),
        "fal": lambda: fal_case(fal, client),
        "fal with a picture": lambda: fal_case(fal, client, image_urls=[picture], sync_mode=True),
    }
    return made[request.param]()


def through_the_row(accepted: Accepted) -> Accepted:
    """What comes back of it after it was kept as the attempt's row keeps it."""
    assert 0 < len(accepted.reference) <= 200
    return Accepted(accepted.reference, json.loads(json.dumps(dict(accepted.urls))))


def read(artifact: Artifact) -> Image.Image:
    assert (artifact.url is None) != (artifact.content is None)
    file = io.BytesIO(artifact.content or b"")
    if artifact.url:
        fetch_public(artifact.url, into=file, max_bytes=10_000_000, timeout_seconds=10, allow_private=True)
    image = Image.open(file)
    image.load()
    return image


def test_it_says_what_it_is(case: Case) -> None:
    adapter = case.build()
    assert adapter.slug == type(adapter).__module__.rpartition(".")[2]
    assert adapter.queue in {"providers", "pictures"}
    assert isinstance(adapter.repeatable, bool)


def test_it_delivers_what_was_planned(case: Case) -> None:
    done = finish(case.build(), case.request, pass_time=case.pass_time)
    planned = case.request.planned
    assert len(done.artifacts) == planned.count
    for artifact in done.artifacts:
        image = read(artifact)
        assert image.size == (planned.width, planned.height)
        assert Image.MIME[image.format or ""] == planned.content_type
        assert artifact.content_type in {planned.content_type, None}
    assert json.loads(json.dumps(done.facts)) == done.facts


def test_it_is_done_at_once_or_accepts_first(case: Case) -> None:
    assert isinstance(case.build().submit(case.request), Accepted if case.waits else Done)


def test_another_process_can_go_on_with_a_run(case: Case) -> None:
    answer = case.build().submit(case.request)
    if isinstance(answer, Accepted):
        done = wait(case.build(), case.request, through_the_row(answer), pass_time=case.pass_time)
        assert len(done.artifacts) == case.request.planned.count
        assert case.build().poll(case.request, through_the_row(answer)) == done


def test_a_repeatable_run_gives_the_same_again(case: Case) -> None:
    adapter = case.build()
    if adapter.repeatable:
        once = finish(adapter, case.request, pass_time=case.pass_time)
        assert finish(adapter, case.request, pass_time=case.pass_time) == once


def test_it_waits_a_moment_between_questions(case: Case) -> None:
    answer = case.build().submit(case.request)
    if isinstance(answer, Accepted):
        pending = case.build().poll(case.request, answer)
        assert isinstance(pending, Pending)
        assert 0 < pending.poll_after <= 10
        assert pending.progress is None or 0 <= pending.progress <= 100


def test_a_refusal_ends_a_run_for_good(case: Case) -> None:
    case.refuse()
    for _ in range(2):
        with pytest.raises(ProviderRejected) as rejected:
            finish(case.build(), case.refused, pass_time=case.pass_time)
        assert str(rejected.value)
        assert json.loads(json.dumps(rejected.value.facts)) == rejected.value.facts


def test_a_run_can_be_canceled_and_canceled_again(case: Case) -> None:
    adapter = case.build()
    answer = adapter.submit(case.request)
    if not isinstance(answer, Accepted):
        return
    first, second = adapter.cancel(through_the_row(answer)), case.build().cancel(through_the_row(answer))
    assert {first, second} <= set(Cancellation)
    if first is Cancellation.ASKED:
        with pytest.raises(ProviderRejected):
            wait(adapter, case.request, answer, pass_time=case.pass_time)


def test_a_submit_asks_the_other_side_once(case: Case) -> None:
    before = case.submits()
    finish(case.build(), case.request, pass_time=case.pass_time)
    assert case.submits() - before == (0 if case.build().repeatable else 1)


@pytest.mark.parametrize(
    ("fault", "error", "begun"),
    [
        (Fault.gateway(502), OutcomeUnknown, 0),
        (Fault.lost(), OutcomeUnknown, 1),
        (Fault.of(429), ProviderUnavailable, 0),
    ],
)
def test_what_is_not_repeatable_is_never_sent_twice(
    fal: FalEmulator, client: Client, fault: Fault, error: type[Exception], begun: int
) -> None:
    case = fal_case(fal, client)
    fal.fail_next(Route.SUBMIT, fault)
    with pytest.raises(error):
        case.build().submit(case.request)
    assert (fal.count(Route.SUBMIT), len(fal.runs)) == (1, begun)
