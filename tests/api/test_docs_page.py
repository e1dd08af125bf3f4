"""/docs in a real browser: it draws, and a call can be tried from it, without breaking our content security policy."""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.api.conftest import Caller

CALL = "#operations-Credits-get_key"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_call_is_tried_from_the_page(
    transactional_db: None, live_server: LiveServer, browser: Browser, program: Caller
) -> None:
    page = browser.new_page()
    complaints = listen(page)
    page.goto(f"{live_server.url}/docs")
    page.click("button.authorize")
    page.fill(".auth-container input", program.key)
    page.click(".auth-btn-wrapper .authorize")
    page.click(".btn-done")
    page.click(f"{CALL} .opblock-summary-control")
    page.click(f"{CALL} .try-out__btn")
    page.click(f"{CALL} .execute")
    answered = page.locator(f"{CALL} .live-responses-table .response-col_description pre").first
    assert program.workspace.public_id in answered.inner_text()
    page.click("#operations-Library-create_upload .opblock-summary-control")
    page.click("#operations-Library-create_upload .try-out__btn")
    assert page.locator("#operations-Library-create_upload input[type=file]").count() == 1
    assert complaints == []
    page.close()


def listen(page: Page) -> list[str]:
    """Gather what the browser complains of: broken policy, failed requests, errors in scripts."""
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    return complaints
