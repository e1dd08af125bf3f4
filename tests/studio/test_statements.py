"""Monthly statements: what they print, that it adds up, and that the same month is the same file."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from apps.accounts.tenancy import Workspace
from apps.ledger.kinds import LotKind
from apps.studio.statement_pdf import Line, Statement, Table, pdf_of
from apps.studio.statements import months_of
from tests.jobs.test_usage import charged_job, give_back
from tests.ledger.calls import grant
from tests.studio.conftest import Studio
from tests.studio.test_buying import Buyer, buyer

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

__all__ = ["buyer"]  # the fixture
OPENED = datetime(2026, 6, 3, tzinfo=UTC)
JULY = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)


def printed(content: bytes) -> list[str]:
    """The text of each page, its white space evened out."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


@pytest.fixture
def long_open(studio: Studio) -> Studio:
    """Open since June, with a month of everything behind it."""
    Workspace.objects.filter(pk=studio.workspace.pk).update(created_at=OPENED, name="Müller & Söhne")
    return studio


def test_a_month_is_printed_from_the_ledger(long_open: Studio, settings: Settings) -> None:
    settings.EASEL_ISSUER = ["Example GmbH", "Straße 1", "10115 Berlin"]
    workspace = long_open.workspace
    grant(workspace, 900_000, kind=LotKind.PURCHASE, now=OPENED)
    grant(workspace, 50_000, kind=LotKind.SIGNUP, now=JULY)
    charged_job(workspace, 30_250, at=JULY)
    job = charged_job(workspace, 12_000, at=JULY, ai_model_id="flux_pro")
    give_back(job, 2_000, at=JULY)
    charged_job(workspace, 7_000, at=JULY + timedelta(days=40))
    answer = long_open.get("statement", "2026-07")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == 'inline; filename="statement-2026-07.pdf"'
    (page,) = printed(answer.content)
    for words in (
        "Statement of credits, July 2026",
        "Müller & Söhne",
        "Example GmbH",
        "10115 Berlin",
        "Opening balance 900",
        "In: welcome credits +50",
        "Spent −42.25",
        "Returned for runs that were charged +2",
        "Closing balance, with what running jobs hold 909.75",
        "Together 42.25",
        "Page 1 of 1",
    ):
        assert words in page, words
    assert page.index("30.25") < page.index("12 ")
    assert "So far" not in page
    assert answer.content == long_open.get("statement", "2026-07").content


def test_what_was_paid_stands_with_its_currency(buyer: Buyer) -> None:
    purchase = buyer.bought()
    now = timezone.now()
    Workspace.objects.filter(pk=buyer.studio.workspace.pk).update(created_at=now)
    (page,) = printed(buyer.studio.get("statement", f"{now:%Y-%m}").content)
    assert purchase.public_id in page
    assert "1,000 credits" in page
    assert page.count("$10.00") == 2
    assert "So far: up to" in page


@pytest.mark.once
@pytest.mark.parametrize(
    "name", ["Студия Восток", "Ελλάδα", "株式会社カメラ", "한국 스튜디오", "影像工作室", "Łódź Żółć"]
)
def test_names_in_any_script_are_printed(name: str) -> None:
    content = pdf_of(Statement(("Easel",), name, "Statement", "", (Table("T", ("", "x"), (Line(("a", "1")),)),)))
    assert re.sub(r"\s", "", name) in re.sub(r"\s", "", "".join(printed(content)))


@pytest.mark.once
def test_a_long_statement_has_numbered_pages_and_loses_no_line() -> None:
    lines = tuple(Line((f"model {number:03}", str(number))) for number in range(120))
    pages = printed(pdf_of(Statement(("Easel",), "Acme", "Statement", "", (Table("Spent", ("Model", "cr"), lines),))))
    assert len(pages) == 4
    assert [f"Page {number} of 4" in page for number, page in enumerate(pages, start=1)] == [True] * 4
    assert re.findall(r"model (\d{3})", " ".join(pages)) == [f"{number:03}" for number in range(120)]


def test_only_months_since_the_beginning_have_one(long_open: Studio, said: "Said") -> None:
    for month in ("2026-05", "2099-01", "2026-7", "x", "2026-07-01"):
        assert long_open.get("statement", month).status_code == 404
    now = datetime(2026, 8, 2, tzinfo=UTC)
    workspace = Workspace.objects.get(pk=long_open.workspace.pk)
    found = months_of(workspace, now=now)
    assert [(one.label, one.is_over) for one in found] == [
        ("August 2026", False),
        ("July 2026", True),
        ("June 2026", True),
    ]
    page = said(long_open.get("receipts"))
    assert f'<a class="link" href="{found[1].url}">July 2026</a></li>' in page
    assert page.count("so far</span>") == 1
