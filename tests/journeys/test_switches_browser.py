"""The switches of the Models page in a real browser: pressed faster than they are answered, none is lost."""

import re

import pytest
from playwright.sync_api import expect

from apps.accounts.tenancy import Workspace
from apps.catalog.models import SwitchedOff
from tests.journeys.studio_pages import Opener

pytestmark = pytest.mark.once


def test_switches_that_are_pressed_in_a_row_all_turn(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in("models")
    mine = page.locator('.turn[id^="turn-me-model-"]')
    ids = mine.evaluate_all("all => all.map(one => one.id)")
    expect(page.locator("#switched")).to_contain_text(f"{len(ids)} of {len(ids)} models")
    page.evaluate("ids => { for (const id of ids) document.getElementById(id).click() }", ids)
    expect(page.locator("#switched")).to_have_text(re.compile(rf"^\s*0 of {len(ids)} models"), timeout=30_000)
    expect(page.locator('.turn[id^="turn-me-model-"][aria-checked="false"]')).to_have_count(len(ids))
    assert SwitchedOff.objects.count() == len(ids)


def test_a_switch_turns_by_the_keyboard_and_keeps_the_focus(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in("models")
    turn = page.locator("#turn-workspace-tool-nano_banana")
    for state in ("false", "true"):
        turn.press("Space")
        expect(turn).to_have_attribute("aria-checked", state)
        expect(turn).to_be_focused()
        covered = page.locator("#turn-workspace-model-nano_banana")
        expect(covered).to_be_disabled() if state == "false" else expect(covered).to_be_enabled()
        # Pressed before htmx has taken the new button in, it would send the form, which turns it just as well.
        expect(page.locator(".htmx-added, .htmx-settling, .htmx-request")).to_have_count(0)
    assert SwitchedOff.objects.count() == 0


def test_a_switch_turns_without_a_script(signed_in: Opener, workspace: Workspace) -> None:
    page = signed_in("models", java_script_enabled=False)
    page.locator("#turn-me-model-flux_pro").click()
    expect(page.locator("#turn-me-model-flux_pro")).to_have_attribute("aria-checked", "false")
    assert SwitchedOff.objects.count() == 1
