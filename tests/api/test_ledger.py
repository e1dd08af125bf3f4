"""/v1/ledger: filters, links, balances, and the same as a file."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.ids import to_public, uuid7
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.kinds import LotKind
from tests.api.conftest import Caller, run


def rows_of(answer: Any) -> list[dict[str, str]]:  # a streamed answer
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def kinds(caller: Caller, query: str) -> list[str]:
    return [line["kind"] for line in caller.get(f"/v1/ledger{query}").json()["data"]]


def test_lines_link_to_what_they_are_about_and_tell_the_balance(program: Caller) -> None:
    now, purchase = timezone.now(), uuid7()
    posting.grant(
        workspace=program.workspace,
        kind=LotKind.PURCHASE,
        amount_mc=Millicredits(500_000),
        key="sold",
        purchase_id=purchase,
        now=now,
    )
    made = program.submit("flux_pro", num_images=2)
    run(made["id"])
    lines = program.get("/v1/ledger").json()["data"]
    assert [(line["kind"], line["balance"], line["job"], line["purchase"]) for line in lines] == [
        ("settle", 1488, made["id"], None),
        ("hold", 1476, made["id"], None),
        ("grant", 1500, None, to_public("purchase", purchase)),
        ("grant", 1000, None, None),
    ]
    assert kinds(program, f"?job={made['id']}") == ["settle", "hold"]
    assert kinds(program, f"?job={made['id']}&kind=hold") == ["hold"]
    assert kinds(program, f"?purchase={to_public('purchase', purchase)}") == ["grant"]
    assert kinds(program, f"?purchase={to_public('purchase', uuid7())}") == []
    later = (now + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert kinds(program, f"?from={later}") == []
    assert kinds(program, f"?to={later}&limit=1") == ["settle"]


def test_a_file_has_every_line_exactly(program: Caller, stranger: Caller) -> None:
    run(program.submit("flux_pro")["id"])
    rows = rows_of(program.get("/v1/ledger", Accept="text/csv"))
    lines = program.get("/v1/ledger").json()["data"]
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    assert [float(row["balance"]) for row in rows] == [line["balance"] for line in lines]
    assert rows[1] == {
        "created_at": lines[1]["created_at"],
        "id": lines[1]["id"],
        "kind": "hold",
        "credits": "12",
        "available_change": "-12",
        "held_change": "12",
        "balance": "988",
        "job": lines[1]["job"],
        "purchase": "",
        "reason": "",
    }
    assert len(rows_of(program.get("/v1/ledger?kind=grant", Accept="text/html, text/csv;q=0.9"))) == 1
    assert len(rows_of(stranger.get("/v1/ledger", Accept="text/csv"))) == 1


@pytest.mark.parametrize("accept", ["", "text/csv"])
def test_every_fault_is_named_at_once(program: Caller, accept: str) -> None:
    query = "?kind=budget&job=purchase_1&purchase=x&from=yesterday&to=2026-13-01T00:00:00Z&wings=1"
    answer = program.get(f"/v1/ledger{query}", Accept=accept)
    assert answer.status_code == 422
    faults = {fault["path"]: fault["code"] for fault in answer.json()["error"]["details"]["fields"]}
    wrong = dict.fromkeys(("job", "purchase", "from", "to"), "invalid_parameter")
    assert faults == {"kind": "enum", "wings": "unknown_parameter", **wrong}


def test_a_file_has_no_pages(program: Caller) -> None:
    answer = program.get("/v1/ledger?limit=5&after=line_1", Accept="text/csv")
    assert [fault["path"] for fault in answer.json()["error"]["details"]["fields"]] == ["after", "limit"]
