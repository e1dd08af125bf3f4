"""Credits in words: the tiles, the burn order, the ledger."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import LotKind
from apps.studio import ledger_page
from apps.studio.templatetags.credits import credits
from tests.builders import NOW
from tests.jobs.test_usage import charged_job
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

NEXT_YEAR = datetime(2027, 6, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount_mc", "text"),
    [(0, "0 cr"), (1_284_000, "1,284 cr"), (10_600, "10.6 cr"), (-8_000, "−8 cr"), (1, "0.001 cr")],
)
def test_an_amount_is_written_for_people(amount_mc: int, text: str) -> None:
    assert credits(amount_mc) == text


def test_the_tiles_add_up(studio: Studio, said: "Said") -> None:
    studio.finish(studio.run())
    studio.run(inputs={"prompt": "a kite", "num_images": 4})
    page = said(studio.get("credits"))
    assert "<dt>Balance</dt><dd>995 cr</dd>" in page
    assert "4 cr held by 1 running job</dd>" in page
    assert '<dt>Used in 30 days</dt><dd>1 cr</dd><dd class="sub">1 picture, $0.005 at list price</dd>' in page
    assert "no credits here expire" in page


def test_what_is_spent_first_stands_first(studio: Studio, said: "Said") -> None:
    for kind, expires_at in ((LotKind.PURCHASE, None), (LotKind.PROMO, NEXT_YEAR)):
        posting.grant(
            workspace=studio.workspace,
            kind=kind,
            amount_mc=Millicredits(50_000),
            key=f"grant:{kind}",
            expires_at=expires_at,
            now=NOW,
        )
    page = said(studio.get("credits"))
    listed = page[page.index("What is spent first") :]
    soon, later, bought = listed.index("until <time"), listed.index("does not expire"), listed.index("Bought")
    assert soon < later < bought
    assert "<dt>Expires next</dt><dd>50 cr</dd>" in page
    assert "1 Jun 2027, 09:30 UTC" in page


def test_the_ledger_says_what_each_movement_was_for(studio: Studio, said: "Said") -> None:
    job = studio.finish(studio.run(inputs={"prompt": "three kites", "num_images": 3}))
    page = said(studio.get("credits"))
    link = f'<a class="link words" href="{studio.url("job", job.public_id)}">three kites</a>'
    assert page.count(link) == 2
    assert '<span class="delta">−3 cr</span> <span class="faint">held</span>' in page
    assert '<span class="delta in">+2 cr</span> <span class="faint">returned, 1 paid</span>' in page
    assert '<span class="delta in">+1,000 cr</span>' in page
    assert "Alice Archer" in page


def test_the_ledger_goes_on_where_the_page_ended(studio: Studio, said: "Said", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_page, "PAGE_SIZE", 2)
    studio.finish(studio.run())
    first = said(studio.get("credits"))
    assert "+1,000 cr" not in first
    link = first[first.index('rel="next" href="') :].split('"')[3]
    assert "+1,000 cr" in said(studio.client.get(unescape(link)))


def test_how_long_it_lasts_is_told_once_there_is_a_pace(studio: Studio, said: "Said") -> None:
    assert "<dt>Lasts</dt>" not in said(studio.get("credits"))
    for days in range(1, 6):
        charged_job(studio.workspace, 10_000, at=timezone.now() - timedelta(days=days))
    tile = '<dt>Lasts</dt><dd>about 95 days</dd><dd class="sub">at 10 cr a day'
    assert tile in said(studio.get("credits"))
