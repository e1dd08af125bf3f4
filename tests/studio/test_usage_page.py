"""Usage in bars: what is drawn, what can be switched, and the same as a file."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from apps.jobs.usage import Usage
from apps.studio.usage_chart import HEIGHT, WIDTH, chart_of
from apps.studio.usage_page import read_period
from tests.jobs.test_usage import charged_job, give_back
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

DAY = timedelta(days=1)
TODAY = date(2026, 11, 21)


def rows_of(answer: Any) -> list[dict[str, str]]:  # a streamed answer
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def spend(studio: Studio, amount_mc: int, *, days_ago: int = 0, **fields: Any) -> Any:  # a job's fields
    return charged_job(studio.workspace, amount_mc, at=timezone.now() - days_ago * DAY, **fields)


@pytest.mark.once
def test_bars_stack_by_group_and_lines_are_round() -> None:
    found = [Usage(TODAY, "a", 40_000, 2), Usage(TODAY, "b", 10_500, 1), Usage(TODAY - DAY, "b", -3_000, 0)]
    chart = chart_of(found, first=TODAY - 2 * DAY, last=TODAY, name_of=str, looks={})
    assert [line.credits_mc for line in chart.lines] == [20_000, 40_000, 60_000]
    assert [len(bar.parts) for bar in chart.bars] == [0, 0, 2]
    assert chart.bars[2].title == "21 Nov: 50.5 cr. a 40 cr, b 10.5 cr"
    assert chart.bars[1].title == "20 Nov: -3 cr. b -3 cr"
    low, high = chart.bars[2].parts
    assert float(low.y) == pytest.approx(HEIGHT - HEIGHT * 40 / 60, abs=0.1)
    assert float(high.y) == pytest.approx(HEIGHT - HEIGHT * 50.5 / 60, abs=0.1)
    assert float(low.x) + float(low.width) < WIDTH
    assert [(one.look, one.name, one.spent_mc, one.jobs) for one in chart.legend] == [
        ("s0", "a", 40_000, 2),
        ("s1", "b", 7_500, 1),
    ]
    assert [(row.day, row.spent_mc, row.groups) for row in chart.rows] == [
        (TODAY - DAY, -3_000, (0, -3_000)),
        (TODAY, 50_500, (40_000, 10_500)),
    ]
    assert (chart.spent_mc, chart.jobs) == (47_500, 3)


@pytest.mark.once
def test_groups_past_the_fifth_are_one() -> None:
    found = [Usage(TODAY, f"model {number}", 1_000 * (9 - number), 1) for number in range(8)]
    chart = chart_of(found, first=TODAY, last=TODAY, name_of=str, looks={})
    assert [one.name for one in chart.legend] == [*(f"model {number}" for number in range(5)), "3 more"]
    assert chart.legend[-1].spent_mc == 4_000 + 3_000 + 2_000
    assert sum(chart.rows[0].groups) == chart.spent_mc


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("7", date(2026, 11, 15), TODAY),
        ("90", date(2026, 8, 24), TODAY),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
        ("2025-11", date(2026, 10, 23), TODAY),  # further back than is offered
        ("nonsense", date(2026, 10, 23), TODAY),
        ("9" * 500, date(2026, 10, 23), TODAY),
    ],
)
def test_a_period_is_read_from_an_address(text: str, first: date, last: date) -> None:
    period = read_period(text, TODAY)
    assert (period.first, period.last) == (first, last)
    assert period.since == datetime(first.year, first.month, first.day, tzinfo=UTC)


def test_usage_is_switched_by_links_and_swapped(studio: Studio, said: "Said") -> None:
    spend(studio, 5_000, user_id=studio.user.pk, stage="motion")
    spend(studio, 2_000, ai_model_id="flux_pro", days_ago=40)
    page = said(studio.get("credits"))
    assert "Motion 5 cr" in page
    assert '<b>5 cr</b> <span class="faint">in 1 run</span>' in page
    quarter = said(studio.get("credits", query="?by=member&period=90"))
    assert "Alice Archer <span" in quarter
    assert 'Nobody <span class="faint">2 cr' in quarter
    fragment = studio.get("usage", query="?by=model&period=90", **{"HX-Request": "true"})
    assert fragment["HX-Push-Url"] == f"{studio.url('credits')}?by=model&period=90"
    assert said(fragment).startswith('<div class="duo flip" id="usage">')
    plain = studio.get("usage", query="?by=model")
    assert (plain.status_code, plain["Location"]) == (302, f"{studio.url('credits')}?by=model")


def test_the_table_says_what_the_bars_show(studio: Studio, said: "Said") -> None:
    spend(studio, 5_250, stage="motion")
    give_back(spend(studio, 2_000, stage="refine"), 500, at=timezone.now())
    page = said(studio.get("credits"))
    row = page[page.index("Show as table") :].split("<tbody>")[1].split("</tr>")[0]
    assert re.findall(r'<td class="num">([^<]+)</td>', row) == ["1.5 cr", "5.25 cr", "6.75 cr"]
    assert page.count("<title>") == 1 + 30


def test_nothing_spent_is_said(studio: Studio, said: "Said") -> None:
    assert "Nothing was spent in the last 30 days." in said(studio.get("credits"))


def test_the_same_is_there_as_a_file(studio: Studio) -> None:
    spend(studio, 5_250, user_id=studio.user.pk)
    studio.user.name = "=HYPERLINK(1)"
    studio.user.save(update_fields=["name"])
    rows = rows_of(studio.get("usage_csv", query="?by=member&period=7"))
    today = timezone.now().date().isoformat()
    assert rows == [
        {"day": today, "member": "'=HYPERLINK(1)", "id": str(studio.user.pk), "credits": "5.25", "jobs": "1"}
    ]
