"""Pictures that a model is given: taken in, warned of, taken out again."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFilter

from apps.jobs.models import Job
from apps.library.models import Asset
from tests.jobs.scripted import png
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def upload(name: str = "kite.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or png(), content_type="image/png")


def checkers(radius: float) -> bytes:
    """A board of 400 pixels, blurred so far."""
    board = Image.new("L", (8, 8))
    board.putdata([255 * ((place // 8 + place) % 2) for place in range(64)])
    content = BytesIO()
    board.resize((400, 400), Image.Resampling.NEAREST).filter(ImageFilter.GaussianBlur(radius)).save(content, "PNG")
    return content.getvalue()


def test_a_picture_is_taken_in_and_stands_in_its_slot(studio: Studio, said: "Said") -> None:
    answer = studio.htmx(
        "studio_references", data={"model": "nano_banana_edit", "image_urls.files": [upload(), upload("b.png")]}
    )
    page, assets = said(answer), list(Asset.objects.order_by("id"))
    assert [asset.name for asset in assets] == ["kite.png", "b.png"]
    for asset in assets:
        assert f'name="image_urls" value="{asset.public_id}"' in page
    assert "2 of 14 used" in page
    assert "What to do with it" in page
    assert "requote" in answer["HX-Trigger-After-Swap"]


def test_a_picture_is_taken_out_again(studio: Studio, said: "Said") -> None:
    first, second = studio.picture("a.png"), studio.picture("b.png")
    data: dict[str, Any] = {  # what the test client posts
        "model": "nano_banana_edit",
        "image_urls": [first.public_id, second.public_id],
        "drop": "image_urls:0",
    }
    page = said(studio.htmx("studio_references", data=data))
    assert second.public_id in page
    assert first.public_id not in page


@pytest.mark.parametrize("drop", ["image_urls:7", "image_urls:-1", "other:0", ":", "image_urls:x"])
def test_taking_out_what_is_not_there_changes_nothing(studio: Studio, drop: str) -> None:
    picture = studio.picture()
    data = {"model": "nano_banana_edit", "image_urls": [picture.public_id], "drop": drop}
    assert picture.public_id in studio.htmx("studio_references", data=data).content.decode()


def test_a_file_that_is_no_picture_is_refused_by_name(studio: Studio, said: "Said") -> None:
    data = {"model": "nano_banana_edit", "image_urls.files": [upload("list.txt", b"eggs, milk")]}
    page = said(studio.htmx("studio_references", data=data))
    assert "list.txt:" in page
    assert not Asset.objects.exists()


def test_more_pictures_than_a_slot_holds_are_refused(studio: Studio, said: "Said") -> None:
    data = {"model": "local_upscale", "image_url.files": [upload("a.png"), upload("b.png")]}
    page = said(studio.htmx("studio_references", data=data))
    assert "b.png: Picture holds 1 at most." in page
    assert Asset.objects.count() == 1


def test_without_a_script_a_file_goes_along_with_the_run(studio: Studio) -> None:
    data = {"model": "local_upscale", "key": "one", "shown_mc": "1000", "image_url.files": [upload()]}
    assert studio.post("studio_create", data=data).status_code == 302
    job = Job.objects.get()
    assert job.inputs == {"image_url": Asset.objects.get(origin="uploaded").public_id}


def test_someone_elses_picture_is_neither_shown_nor_used(studio: Studio, elsewhere: Any) -> None:  # a fixture
    foreign = studio.picture()
    Asset.objects.filter(pk=foreign.pk).update(workspace=elsewhere)
    page = studio.get("studio", query=f"?model=local_upscale&picture={foreign.public_id}").content.decode()
    assert "kite.png" not in page
    data = {"model": "local_upscale", "key": "one", "shown_mc": "1000", "image_url": foreign.public_id}
    assert studio.post("studio_create", data=data).status_code == 422
    assert not Job.objects.exists()


def test_a_tiny_picture_is_warned_of_and_taken(studio: Studio, said: "Said") -> None:
    data = {"model": "nano_banana_edit", "image_urls.files": [upload("tiny.png", png(60, 40))]}
    page = said(studio.htmx("studio_references", data=data))
    assert "tiny.png is only 60 × 40: expect details to be invented." in page
    assert f'name="image_urls" value="{Asset.objects.get().public_id}"' in page


def test_a_blurred_picture_is_warned_of_for_as_long_as_it_is_there(studio: Studio, said: "Said") -> None:
    warning = "soft.png looks blurred: a sharper picture is followed more closely."
    files = [upload("soft.png", checkers(20)), upload("sharp.png", checkers(0))]
    page = said(studio.htmx("studio_references", data={"model": "nano_banana_edit", "image_urls.files": files}))
    soft, sharp = Asset.objects.order_by("id")
    assert page.count("looks blurred") == page.count(warning) == 1
    assert f'name="blurred" value="{soft.public_id}"' in page
    data = {"was": "nano_banana_edit", "model": "flux_kontext", "image_urls": soft.public_id, "blurred": soft.public_id}
    assert warning in said(studio.htmx("studio_model", data=data))
    assert warning not in said(studio.htmx("studio_model", data=data | {"image_urls": sharp.public_id}))
