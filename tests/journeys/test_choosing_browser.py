"""Choosing a model in a real browser: purposes, the picker, the dialog, and all of it without a script."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.jobs.models import Job
from apps.library.models import Asset
from tests.jobs.scripted import png
from tests.journeys.studio_pages import NARROW, PHONE, Opener, finish, made

pytestmark = pytest.mark.once

KEEP = "The hat, the sign"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    picture = tmp_path / "kite.png"
    picture.write_bytes(png(60, 40))
    return picture


def test_what_lies_in_the_composer_outlives_every_way_to_choose(
    signed_in: Opener, workspace: Workspace, file: Path
) -> None:
    page = signed_in("studio?model=nano_banana_edit")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("kite.png is only 60 × 40: expect details to be invented.")).to_be_visible()
    page.get_by_role("link", name="Small spot").click()
    expect(page.locator("#model-flux_kontext")).to_be_checked()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(
        "Take the paper cup off the windowsill. Touch nothing else in the picture."
    )
    page.get_by_label("Prompt", exact=True).fill("A red kite")
    page.get_by_label("Keep unchanged").fill(KEEP)
    page.get_by_label("Keep unchanged").press("Tab")
    expect(page.locator("#quote")).to_contain_text(f"Keep unchanged: {KEEP}")
    page.get_by_label("Sort by").select_option("rating")
    expect(page.locator(".picker input").first).to_have_id("model-gpt_image_1_5")
    page.get_by_role("link", name="Help me choose").click()
    dialog = page.get_by_role("dialog", name="Help me choose")
    expect(dialog.get_by_label("References")).to_have_value("1")
    dialog.get_by_label("What is to be done?").select_option("image_edit")
    dialog.get_by_label("4K").check()
    first = dialog.get_by_role("listitem").filter(has=page.get_by_role("heading")).first
    expect(first).to_contain_text("4K")
    first.get_by_role("button", name="Use it").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#spend")).to_contain_text("cr")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A red kite")
    expect(page.get_by_label("Keep unchanged")).to_have_value(KEEP)
    expect(page.get_by_role("img", name="1: kite.png")).to_be_visible()
    expect(page.get_by_label("Sort by")).to_have_value("rating")
    page.locator("#spend").click()
    expect(page.get_by_role("article")).to_be_visible()
    assert Job.objects.get().inputs["prompt"] == f"A red kite\n\nKeep unchanged: {KEEP}"


def test_the_dialog_closes_on_escape_and_opens_again(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in()
    for _ in range(2):
        page.get_by_role("link", name="Help me choose").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="Help me choose").click()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_choosing_works_without_a_script(signed_in: Opener, workspace: Workspace, file: Path) -> None:
    page = signed_in("studio?model=nano_banana_edit", java_script_enabled=False)
    page.get_by_label("Prompt", exact=True).fill("A red kite")
    page.get_by_label("Keep unchanged").fill(KEEP)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("Sort by").select_option("price")
    page.get_by_role("button", name="Sort", exact=True).click()
    expect(page.get_by_role("img", name="1: kite.png")).to_be_visible()
    page.get_by_role("button", name="Help me choose").click()
    page.get_by_label("What is to be done?").select_option("local_edit")
    page.get_by_role("button", name="Suggest models").click()
    page.get_by_role("button", name="Use it").first.click()
    page.wait_for_url("**/studio?stage=*")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A red kite")
    expect(page.get_by_label("Keep unchanged")).to_have_value(KEEP)
    expect(page.get_by_role("img", name="1: kite.png")).to_be_visible()
    expect(page.get_by_label("Sort by")).to_have_value("price")
    page.get_by_role("link", name="Animate").click()
    expect(page.locator("#model-veo_3")).to_be_checked()
    expect(page.get_by_role("img", name="kite.png")).to_be_visible()


def test_a_picture_is_kept_and_the_press_taken_back(signed_in: Opener, workspace: Workspace, alice: User) -> None:
    job = finish(made(workspace, alice))
    page = signed_in(f"jobs/{job.public_id}")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept")).to_be_visible()
    assert Asset.objects.get().kept_at is not None
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Keep")).to_be_visible()
    assert Asset.objects.get().kept_at is None


@pytest.mark.parametrize("viewport", [PHONE, NARROW], ids=["phone", "narrow"])
def test_choosing_is_no_wider_than_a_phone(signed_in: Opener, workspace: Workspace, viewport: dict[str, int]) -> None:
    page = signed_in("choose?wish-needs=small_spot", viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    page.goto(f"/w/{workspace.pk}/studio?model=nano_banana_edit")
    page.locator("a[href='#inspector'].only-s").click()
    page.get_by_role("link", name="Help me choose").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.get_by_role("dialog").evaluate("element => element.scrollWidth <= element.clientWidth")
