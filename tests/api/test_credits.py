"""/v1/credits and /v1/ledger: what there is, and where it went."""

from datetime import timedelta

from django.utils import timezone

from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import LotKind
from tests.api.conftest import Caller, run
from tests.jobs.test_usage import charged_job


def test_the_balance_is_told_with_what_will_expire(program: Caller) -> None:
    now = timezone.now()
    at = now + timedelta(days=3)
    posting.grant(
        workspace=program.workspace,
        kind=LotKind.PROMO,
        amount_mc=Millicredits(10_600),
        key="soon",
        now=now,
        expires_at=at,
        reason="test",
    )
    program.submit("flux_pro", num_images=2)
    body = program.get("/v1/credits").json()
    assert (body["object"], body["held"]) == ("credits", 24)
    assert body["available"] == 986.6
    assert sum(part["credits"] for part in body["expiring"]) <= 10.6


def test_it_is_told_when_credits_are_few_and_how_long_they_last(program: Caller) -> None:
    now = timezone.now()
    body = program.get("/v1/credits").json()
    assert (body["low_balance"], body["lasts_days"]) == (None, None)
    line_mc = Millicredits(300_500)
    posting.set_low_balance(workspace=program.workspace, line_mc=line_mc, actor_id=None, now=now)
    for days in (1, 2, 3):
        charged_job(program.workspace, 10_000, at=now - timedelta(days=days))
    body = program.get("/v1/credits").json()
    assert (body["low_balance"], body["lasts_days"]) == (300.5, 97)


def test_the_ledger_tells_every_movement_newest_first(program: Caller) -> None:
    made = program.submit("flux_pro", num_images=2)
    run(made["id"])
    body = program.get("/v1/ledger").json()
    assert body["object"] == "list"
    told = [
        (line["kind"], line["credits"], line["available_change"], line["held_change"], line["job"])
        for line in body["data"]
    ]
    assert told == [
        ("settle", 12, 12, -24, made["id"]),
        ("hold", 24, -24, 24, made["id"]),
        ("grant", 1000, 1000, 0, None),
    ]
    page = program.get("/v1/ledger?limit=1").json()
    assert (page["has_more"], page["last_id"]) == (True, body["data"][0]["id"])
    rest = program.get(f"/v1/ledger?after={page['last_id']}").json()
    assert (rest["data"], rest["has_more"]) == (body["data"][1:], False)


def test_a_strangers_ledger_is_their_own(program: Caller, stranger: Caller) -> None:
    program.submit("flux_pro")
    assert [line["kind"] for line in stranger.get("/v1/ledger").json()["data"]] == ["grant"]
