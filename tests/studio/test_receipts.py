"""The receipts: every purchase with its papers, page by page."""

import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING

import pytest

from apps.studio import buying
from tests.studio.conftest import Studio
from tests.studio.test_buying import Buyer, buyer

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

__all__ = ["buyer"]  # the fixture


def test_without_a_purchase_the_page_leads_to_the_packs(studio: Studio, said: "Said") -> None:
    page = said(studio.get("receipts"))
    assert "Nothing was bought yet" in page
    assert f'href="{studio.url("credits")}">See the packs' in page


def test_purchases_go_on_where_the_list_ended(buyer: Buyer, said: "Said", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buying, "PURCHASES_SHOWN", 1)
    old, new = buyer.bought(), buyer.bought(attempt="a-second-attempt-of-us", pack="large")
    listed = said(buyer.studio.get("receipts"))
    assert new.public_id in listed
    assert old.public_id not in listed.split("rel=")[0]
    link = unescape(re.findall(r'rel="next" href="([^"]+)', listed)[0])
    assert old.public_id in said(buyer.studio.client.get(link))


@pytest.mark.parametrize("before", ["nonsense", "purchase_", "job_01hv0000000000000000000001", "9" * 5000])
def test_a_page_that_begins_nowhere_is_the_first(studio: Studio, before: str) -> None:
    assert studio.client.get(studio.url("receipts"), {"before": before}).status_code == 200


def test_the_tabs_lead_to_the_pages_about_credits(studio: Studio, said: "Said") -> None:
    page = said(studio.get("receipts"))
    assert f'<a href="{studio.url("credits")}">Credits</a>' in page
    assert f'<a href="{studio.url("receipts")}" aria-current="true">Receipts</a>' in page
