"""Have a code? The form on the credits page: what it brings, what it says, who has it."""

from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from apps.accounts.roles import Role
from apps.billing import promo_codes
from apps.billing.models import PromoBatch
from apps.ledger.models import Lot
from tests import builders
from tests.billing.gifts import build_batch, build_staff, texts_of
from tests.ledger.calls import totals
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


@pytest.fixture
def batch(studio: Studio) -> PromoBatch:
    return build_batch(build_staff(), credits_days=30)


def test_a_code_brings_credits_and_the_ledger_says_where_from(studio: Studio, batch: PromoBatch, said: "Said") -> None:
    assert "Have a code?" in said(studio.get("credits"))
    code = promo_codes.grouped(texts_of(batch)[0]).lower()
    answer = studio.post("promo_redeem", data={"code": f" {code} "})
    assert (answer.status_code, answer["Location"]) == (303, studio.url("credits"))
    page = said(studio.get("credits"))
    assert "Launch gift: 500 cr were added. They can be spent until " in page
    assert '<span class="muted">Given:</span> Launch gift' in page
    assert totals(studio.workspace).available == 1_500_000
    studio.post("promo_redeem", data={"code": code})
    assert "Nothing more was added." in said(studio.get("credits"))
    assert totals(studio.workspace).available == 1_500_000


def test_htmx_keeps_what_was_refused_in_its_field(studio: Studio, batch: PromoBatch, said: "Said") -> None:
    answer = studio.htmx("promo_redeem", data={"code": '7K2M"<b>'})
    fragment = said(answer)
    assert answer.status_code == 422
    assert 'value="7K2M&quot;&lt;b&gt;"' in fragment
    assert "There is no such code." in fragment
    assert f'action="{studio.url("promo_redeem")}"' in fragment
    assert "<html" not in fragment
    done = studio.htmx("promo_redeem", data={"code": texts_of(batch)[0]})
    assert done["HX-Redirect"] == studio.url("credits")
    assert totals(studio.workspace).available == 1_500_000


@pytest.mark.parametrize("code", ["", "\0", "x" * 100_000, "7K2M-9QXD-4HTB"])
def test_what_is_no_code_adds_nothing(studio: Studio, batch: PromoBatch, said: "Said", code: str) -> None:
    answer = studio.post("promo_redeem", data={"code": code})
    assert answer.status_code in {302, 400}
    if answer.status_code == 302:
        assert "There is no such code." in unescape(said(studio.get("credits")))
    assert Lot.objects.count() == 1


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MAKER])
def test_only_owners_have_the_form(studio: Studio, batch: PromoBatch, client: Client, said: "Said", role: Role) -> None:
    client.force_login(builders.build_member(studio.workspace, "pat@acme.example", role))
    assert "Have a code?" not in said(client.get(studio.url("credits")))
    assert client.post(studio.url("promo_redeem"), {"code": texts_of(batch)[0]}).status_code == 403
    assert Lot.objects.count() == 1
