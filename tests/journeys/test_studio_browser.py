"""The studio in a real browser: with scripts and without, on a desk and on a phone, never against its own policy."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.jobs.models import Job
from tests.clip_models import CLIP_MODEL, add_clip_model
from tests.jobs.scripted import png
from tests.journeys.studio_pages import LONG_AGO, NARROW, PHONE, Opener, finish, made, no_request

pytestmark = pytest.mark.once


def test_a_run_is_priced_as_it_is_set_and_watched_until_it_is_done(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in("studio?model=flux_schnell")
    expect(page.get_by_role("heading", name="A blank wall")).to_be_visible()
    spend = page.locator("#spend")
    expect(spend).to_have_text("Run1 cr")
    page.get_by_role("button", name="More: Variants").click()
    expect(spend).to_have_text("Run2 cr")
    expect(page.locator("#quote")).to_contain_text("998 cr")
    page.get_by_label("Prompt").fill("A red kite over the dunes")
    spend.click()
    run = page.get_by_role("article")
    expect(run).to_contain_text("Next in line")
    expect(page.get_by_role("heading", name="A blank wall")).to_be_hidden()
    expect(page.locator("#balance")).to_contain_text("2 cr held")
    expect(page.get_by_label("Prompt")).to_have_value("A red kite over the dunes")
    finish(Job.objects.get())
    expect(run).to_contain_text("Done in")
    expect(run.get_by_role("img", name="A red kite over the dunes")).to_be_visible()
    expect(run).to_contain_text("1 cr returned")
    expect(page.locator("#balance strong")).to_have_text("999 cr")
    expect(page.locator("#announce")).to_contain_text("A red kite over the dunes")
    with no_request(page, "/studio/runs"):
        page.wait_for_timeout(2500)


def test_two_presses_make_one_job(signed_in: Opener) -> None:
    page = signed_in("studio?model=flux_schnell")
    page.get_by_label("Prompt").fill("A red kite")
    page.locator("#spend").dblclick()
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_label("Prompt").press("Control+Enter")
    expect(page.get_by_role("article")).to_have_count(2)
    assert Job.objects.count() == 2


def test_the_model_changes_in_place_and_keeps_words_and_focus(signed_in: Opener) -> None:
    page = signed_in()
    page.get_by_label("Prompt").fill("A red kite")
    page.get_by_role("link", name="Refine").click()
    expect(page.locator("#picker")).to_contain_text("Nano Banana Pro")
    expect(page.get_by_label("Prompt")).to_have_value("A red kite")
    chosen = page.get_by_role("radio", name="Nano Banana Pro 30 cr")
    chosen.check(force=True)
    expect(page.locator("#spend")).to_have_text("Run30 cr")
    expect(chosen).to_be_focused()
    assert page.url.endswith("?stage=refine&model=nano_banana")
    page.get_by_text("4K", exact=True).click()
    expect(page.locator("#spend")).to_have_text("Run60 cr")


def test_a_picture_is_given_changed_and_compared(signed_in: Opener, tmp_path: Path) -> None:
    file = tmp_path / "kite.png"
    file.write_bytes(png(60, 40))
    page = signed_in("studio?model=local_upscale")
    expect(page.locator("#spend")).to_be_disabled()
    expect(page.locator("#spend")).to_contain_text("Needs a picture")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("img", name="Picture 1: kite.png")).to_be_visible()
    expect(page.locator("#spend")).to_have_text("Run1 cr")
    page.get_by_role("button", name="Take out Picture 1: kite.png").click()
    expect(page.locator("#spend")).to_contain_text("Needs a picture")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("#spend")).to_have_text("Run1 cr")
    page.get_by_role("slider", name="Upscale factor").fill("3")
    expect(page.locator("output")).to_have_text("3×")
    page.locator("#spend").click()
    expect(page.get_by_role("article")).to_be_visible()
    finish(Job.objects.get())
    page.get_by_role("article").get_by_role("img").click()
    page.wait_for_url("**/jobs/job_*")
    expect(page.get_by_text("180 × 120")).to_be_visible()
    slider = page.get_by_role("slider", name="How much of the picture before is shown")
    slider.focus()
    for key, stands in (("ArrowRight", "52"), ("Shift+ArrowRight", "62"), ("Home", "0"), ("End", "100")):
        slider.press(key)
        expect(page.locator(".ba")).to_have_attribute("style", f"--p: {stands};")
    page.get_by_text("Side by side").click()
    expect(page.locator(".ba")).to_be_hidden()


def test_everything_works_without_a_script(
    signed_in: Opener, workspace: Workspace, live_server: LiveServer, tmp_path: Path
) -> None:
    file = tmp_path / "kite.png"
    file.write_bytes(png(60, 40))
    page = signed_in("studio?stage=deliver", java_script_enabled=False)
    page.get_by_role("radio", name="Easel Upscale").check(force=True)
    page.get_by_role("button", name="Show this model's settings").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Get price").click()
    expect(page.get_by_role("img", name="Picture 1: kite.png")).to_be_visible()
    page.get_by_role("button", name="Run 1 cr").click()
    page.wait_for_url("**/studio?job=*")
    expect(page.get_by_role("article")).to_contain_text("Next in line")
    finish(Job.objects.get())
    page.reload()
    page.get_by_role("article").get_by_role("img").click()
    expect(page.get_by_text("120 × 80")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".png")
    page.get_by_role("link", name="Credits").first.click()
    expect(page.get_by_text("−1 cr")).to_be_visible()
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_theme_is_switched_and_remembered(signed_in: Opener) -> None:
    page = signed_in("jobs", color_scheme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_menus_close_on_escape_and_elsewhere(signed_in: Opener) -> None:
    page = signed_in()
    menu = page.locator("details.menu").filter(has_text="Sign out")
    summary = menu.locator("summary")
    summary.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    page.locator("h1").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


@pytest.mark.parametrize("viewport", [PHONE, NARROW], ids=["phone", "narrow"])
def test_nothing_is_wider_than_a_phone(
    signed_in: Opener, workspace: Workspace, alice: User, viewport: dict[str, int]
) -> None:
    job = finish(made(workspace, alice))
    page = signed_in(viewport=viewport)
    for path in ("studio", "jobs", "credits", "api", "models", "models/defaults", f"jobs/{job.public_id}"):
        page.goto(f"/w/{workspace.pk}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path


def test_on_a_phone_the_settings_come_up_from_the_foot(signed_in: Opener) -> None:
    page = signed_in("studio?model=flux_schnell", viewport=PHONE)
    settings_sheet = page.get_by_role("complementary", name="Model and settings")
    expect(settings_sheet).to_be_hidden()
    page.get_by_role("link", name="FLUX.1 Schnell").click()
    expect(settings_sheet).to_be_visible()
    page.get_by_role("button", name="More: Variants").click()
    expect(page.locator("#spend")).to_have_text("Run2 cr")
    page.go_back()
    expect(settings_sheet).to_be_hidden()


def test_a_key_is_copied(signed_in: Opener, live_server: LiveServer) -> None:
    page = signed_in("api", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Make a key").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    shown = page.locator("#secret").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    page.get_by_text("Python", exact=True).click()
    expect(page.get_by_text("urllib.request.Request(")).to_be_visible()


def test_a_clip_plays_under_the_pointer_and_under_the_focus(
    signed_in: Opener, workspace: Workspace, alice: User
) -> None:
    add_clip_model(LONG_AGO)
    inputs = {"prompt": "it waves", "image_url": "https://pictures.example/a.png"}
    job = finish(made(workspace, alice, CLIP_MODEL, inputs=inputs, is_mock=True))
    page = signed_in()
    clip, is_playing = page.locator(".print.clip"), "element => !element.paused && element.currentTime > 0"
    with no_request(page, ".mp4"):
        expect(clip.get_by_text("0:02")).to_be_visible()
    for begin, end in (
        (clip.hover, page.locator("h1").hover),
        (clip.get_by_role("link").focus, page.locator("#main").focus),
    ):
        begin()
        expect(clip).to_have_class("print clip playing")
        page.wait_for_function(is_playing, arg=clip.locator("video").element_handle())
        end()
        expect(clip).to_have_class("print clip")
        assert clip.locator("video").evaluate("element => [element.paused, element.muted]") == [True, True]
    page.goto(f"/w/{workspace.pk}/jobs/{job.public_id}")
    video = page.locator("video")
    video.evaluate("element => element.play()")
    page.wait_for_function(is_playing, arg=video.element_handle())
    assert video.evaluate("element => [element.duration, element.videoWidth]") == [2, 1280]
