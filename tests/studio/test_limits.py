"""Limits: seen, set, lifted, moved, put back, asked about; and what the composer says of one's own."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from apps.accounts.models import ApiKey, User
from apps.accounts.roles import Role
from apps.ids import to_public, uuid7
from apps.jobs.models import Job
from apps.ledger.models import Budget, BudgetEvent
from apps.library.models import Project
from apps.mail.models import Letter
from tests import builders
from tests.studio.conftest import ASKED, LONG_AGO, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]

PRO = ASKED | {"model": "flux_pro", "was": "flux_pro", "shown_mc": "12000"}  # 12 credits


@pytest.fixture
def mia(studio: Studio) -> User:
    return builders.build_member(studio.workspace, "mia@acme.example", Role.MAKER)


@pytest.fixture
def maker(studio: Studio, mia: User) -> Studio:
    """The studio of a maker beside alice."""
    client = Client()
    client.force_login(mia)
    return Studio(client, studio.workspace, mia, studio.provider)


def put(studio: Studio, user: User, limit: str, period: str = "month", **more: str) -> "Answer":
    fields = {"subject": to_public("member", user.pk), "limit": limit, "period": period, "key": uuid7().hex}
    return studio.post("limit_set", data=fields | more)


def limits() -> list[tuple[str, int | None, str]]:
    return list(Budget.objects.order_by("pk").values_list("subject_kind", "limit_mc", "period"))


def test_a_limit_is_set_seen_and_put_back(studio: Studio, mia: User, said: "Said") -> None:
    assert put(studio, mia, "50.5", "week")["Location"] == studio.url("credit_limits")
    page = said(studio.get("credit_limits"))
    assert "mia@acme.example has 50.5 cr a week." in page
    assert 'aria-label="0 cr used, 0 cr held of 50.5 cr a week"' in page
    put(studio, mia, "20", "week")
    page = studio.get("credit_limits").content.decode()
    back = page[page.index("Changes of limits") :]
    fields = dict(re.findall(r'name="(key|subject|period|limit)" value="([^"]+)"', back[: back.index("Put back")]))
    assert (fields["limit"], fields["period"]) == ("50.5", "week")
    studio.post("limit_set", data=fields)
    assert limits() == [("member", 50_500, "week")]
    # Only the last change of a limit can be taken back.
    assert studio.get("credit_limits").content.decode().count("Put back</button>") == 1


def test_a_row_opens_as_a_form_without_a_script(studio: Studio, mia: User) -> None:
    put(studio, mia, "1284.5", "day")
    whose = to_public("member", mia.pk)
    page = studio.get("credit_limits", query=f"?edit={whose}").content.decode()
    assert page.count('id="limit"') == 1
    assert 'name="limit" value="1284.5"' in page
    assert '<option value="day" selected>' in page
    assert 'id="limit"' not in studio.get("credit_limits", query="?edit=member_nobody").content.decode()


@pytest.mark.parametrize("text", ["", "much", "-1", "1.2345", "1e3", "9" * 400, "1,5", "٣"])
def test_what_is_no_amount_comes_back_with_the_rule(studio: Studio, mia: User, text: str, said: "Said") -> None:
    answer = put(studio, mia, text)
    assert answer.status_code == 422
    assert 'aria-describedby="limit-fault"' in said(answer)
    assert limits() == []


def test_an_unknown_period_is_refused(studio: Studio, mia: User) -> None:
    assert put(studio, mia, "5", "year").status_code == 422
    assert limits() == []


def test_a_form_sent_twice_is_one_change_and_a_late_one_none(studio: Studio, mia: User) -> None:
    for _ in range(2):
        put(studio, mia, "50", key="form")
    put(studio, mia, "20")
    put(studio, mia, "50", key="form")
    assert limits() == [("member", 20_000, "month")]
    assert BudgetEvent.objects.count() == 2
    assert put(studio, mia, "51", key="form").status_code == 422


def test_a_limit_is_lifted(studio: Studio, mia: User, said: "Said") -> None:
    put(studio, mia, "50")
    put(studio, mia, "", lift="on")
    assert limits() == [("member", None, "month")]
    assert "mia@acme.example has no limit." in said(studio.get("credit_limits"))


def test_htmx_gets_the_page_with_what_was_done(studio: Studio, mia: User, said: "Said") -> None:
    fields = {"subject": to_public("member", mia.pk), "limit": "5", "period": "day", "key": "one"}
    answer = studio.htmx("limit_set", data=fields)
    assert answer.status_code == 200
    assert "mia@acme.example has 5 cr a day." in said(answer)
    assert "mia@acme.example has" not in said(studio.get("credit_limits"))


def test_allowance_moves(studio: Studio, mia: User, alice: User, said: "Said") -> None:
    for user in (mia, alice):
        put(studio, user, "50")
    source, target = (to_public("member", user.pk) for user in (mia, alice))
    fields = {"source": source, "target": target, "credits": "12.5", "key": "one"}
    for _ in range(2):
        studio.post("limit_move", data=fields)
    assert sorted(limits()) == [("member", 37_500, "month"), ("member", 62_500, "month")]
    assert "has 37.5 cr a month, Alice Archer has 62.5 cr a month." in said(studio.get("credit_limits"))
    for wrong in ({"credits": "x"}, {"credits": "38", "key": "two"}, {"credits": "0"}, {"target": source}):
        answer = studio.post("limit_move", data=fields | {"key": "three"} | wrong)
        assert answer.status_code == 422
        assert 'id="move-fault"' in said(answer)
    assert studio.post("limit_move", data=fields | {"source": "member_x"}).status_code == 404
    put(studio, alice, "50", "day")
    answer = studio.post("limit_move", data=fields | {"key": "four"})
    assert "One limit is monthly, the other daily." in said(answer)


def test_a_strangers_id_is_not_found(studio: Studio, mallory: User) -> None:
    project = Project.objects.create(workspace=studio.workspace, name="Posters", created_at=LONG_AGO)
    assert put(studio, mallory, "5").status_code == 404
    for subject in ("", "x", "wallet_x", to_public("key", project.pk), to_public("project", uuid7())):
        assert studio.post("limit_set", data={"subject": subject, "limit": "5"}).status_code == 404
    assert limits() == []


def test_a_maker_sees_limits_changes_none_and_asks_once_a_day(
    studio: Studio, maker: Studio, mia: User, alice: User, said: "Said"
) -> None:
    admin = builders.build_member(studio.workspace, "ada@acme.example", Role.ADMIN)
    put(studio, mia, "50")
    page = said(maker.get("credit_limits"))
    assert "50 cr a month" in page
    assert page.count("Ask an owner</button>") == 1
    assert "Put back" not in page
    assert ">Set</a>" not in page
    assert put(maker, mia, "500").status_code == 403
    whose = {"subject": to_public("member", mia.pk)}
    assert "Asked 2 people who may raise it." in said(maker.htmx("limit_ask", data=whose))
    assert maker.post("limit_ask", data=whose)["Location"] == maker.url("credit_limits")
    assert sorted(Letter.objects.values_list("to", flat=True)) == [admin.email, alice.email]
    letter = Letter.objects.first()
    assert letter is not None
    assert letter.subject == "mia@acme.example asks for more credits in Acme"
    assert "Limit: 50 credits, monthly\nUsed: 0 credits\n" in letter.text
    assert f"/w/{studio.workspace.pk}/credits/limits" in letter.text
    for subject in (to_public("member", alice.pk), to_public("member", uuid7()), "x"):
        assert maker.post("limit_ask", data={"subject": subject}).status_code == 404


def test_an_admin_asks_owners_alone(studio: Studio, alice: User, said: "Said") -> None:
    admins = [builders.build_member(studio.workspace, f"{name}@acme.example", Role.ADMIN) for name in ("ada", "abe")]
    put(studio, admins[0], "50")
    client = Client()
    client.force_login(admins[0])
    answer = client.post(studio.url("limit_ask"), {"subject": to_public("member", admins[0].pk)}, follow=True)
    assert "Asked 1 person who may raise it." in said(answer)
    assert list(Letter.objects.values_list("to", flat=True)) == [alice.email]


def test_the_composer_blocks_before_a_limit_is_hit(studio: Studio, maker: Studio, mia: User, said: "Said") -> None:
    place = "?model=flux_pro&prompt=a+red+kite"
    assert "Your limit" not in said(maker.get("studio", query=place))
    put(studio, mia, "12.5")
    page = said(maker.get("studio", query=place))
    assert 'class="spend" id="spend"' in page
    assert "12.5 cr left" in page
    maker.run("flux_pro")
    page = said(maker.get("studio", query=place))
    assert 'class="spend blocked" id="spend"' in page
    assert 'Run<span class="price">0.5 cr left</span>' in page
    assert "Your limit is 12.5 cr a month, with 0.5 cr left. It starts again on 1 " in page
    assert "Ask an owner" in page
    assert "A free test run works without." in page
    refused = maker.htmx("studio_create", data=PRO)
    assert (refused.status_code, Job.objects.count()) == (422, 1)
    assert "and the monthly limit of this person has 0.5 left." in said(refused)
    assert maker.htmx("studio_create", data=PRO | {"mock": "on", "shown_mc": "0"}).status_code == 200


def test_an_owner_is_sent_to_their_own_limit(studio: Studio, alice: User, said: "Said") -> None:
    put(studio, alice, "0", "lifetime")
    page = said(studio.get("studio", query="?model=flux_pro&prompt=x"))
    assert "Limit reached" in page
    assert "Change your limit" in page
    assert "Ask an owner" not in page


def test_a_key_is_made_with_a_limit(studio: Studio, said: "Said") -> None:
    page = studio.post("api_keys", data={"name": "CI", "limit": "50.5", "period": "day"})
    assert page.status_code == 200
    assert limits() == [("api_key", 50_500, "day")]
    assert "50.5 cr a day" in said(page)
    studio.post("api_keys", data={"name": "Plain", "limit": "", "period": "month"})
    assert (ApiKey.objects.count(), Budget.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    "fields",
    [{"limit": "-1"}, {"limit": "x"}, {"limit": "9" * 15}, {"limit": "5", "is_test": "on"}, {"period": "year"}],
)
def test_no_key_is_made_with_what_is_no_limit(studio: Studio, fields: dict[str, str]) -> None:
    assert studio.post("api_keys", data={"name": "CI"} | fields).status_code == 422
    assert not ApiKey.objects.exists()


def test_changes_go_on_page_by_page(studio: Studio, mia: User) -> None:
    for number in range(22):
        put(studio, mia, str(number))
    page = studio.get("credit_limits").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert "a month</td>" in studio.client.get(older[1]).content.decode()
    assert studio.get("credit_limits", query="?before=nonsense").status_code == 200
