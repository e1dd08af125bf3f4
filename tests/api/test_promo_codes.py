"""/v1/promo-codes/redeem: a code for a program, with the refusals that people get."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import promo_batches, promotions
from apps.ledger.models import Lot
from tests.api.conftest import Caller
from tests.billing.gifts import build_batch, build_owner, build_staff, texts_of

PATH = "/v1/promo-codes/redeem"


@pytest.fixture
def sam(db: None) -> User:
    return build_staff()


def test_a_code_is_redeemed_once(program: Caller, sam: User) -> None:
    text = texts_of(build_batch(sam, credits_days=30))[0]
    answer = program.post(PATH, {"code": text.lower()})
    body = answer.json()
    assert (answer.status_code, body["object"], body["name"], body["credits"]) == (
        201,
        "promo_redemption",
        "Launch gift",
        500,
    )
    assert body["id"].startswith("promo_")
    assert body["expires_at"] > body["redeemed_at"]
    again = program.post(PATH, {"code": text})
    assert (again.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", body)
    assert program.get("/v1/credits").json()["available"] == 1500
    assert program.get("/v1/ledger").json()["data"][0]["credits"] == 500


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, "code"), ({"code": 7}, "code"), ({"code": " "}, "code"), ({"code": "x", "workspace": "y"}, "workspace")],
)
def test_a_body_that_holds_no_code_is_refused(program: Caller, body: dict[str, object], path: str) -> None:
    answer = program.post(PATH, body)
    assert answer.status_code == 422
    assert path in {field["path"] for field in answer.json()["error"]["details"]["fields"]}


def test_each_refusal_has_its_code(program: Caller, sam: User, acme: Workspace) -> None:
    now = timezone.now()
    withdrawn, early, used = build_batch(sam), build_batch(sam, valid_from=now + timedelta(days=1)), build_batch(sam)
    promo_batches.withdraw_batch(batch_id=withdrawn.pk, actor_id=sam.pk, now=now)
    promotions.redeem(actor=build_owner(1), text=texts_of(used)[0], now=now)
    mine, other, *_ = texts_of(build_batch(sam))
    assert program.post(PATH, {"code": mine}).status_code == 201
    for text, status, code in (
        ("7K2M-9QXD-4HTB", 404, "promo_code_unknown"),
        (texts_of(withdrawn)[0], 404, "promo_code_unknown"),
        (texts_of(early)[0], 409, "promo_code_not_yet"),
        (texts_of(used)[0], 409, "promo_code_used_up"),
        (other, 409, "promo_code_taken"),
    ):
        answer = program.post(PATH, {"code": text})
        assert (answer.status_code, answer.json()["error_type"]) == (status, code)
    assert Lot.objects.for_workspace(acme).count() == 2


def test_a_test_key_redeems_nothing(test_program: Caller, sam: User) -> None:
    answer = test_program.post(PATH, {"code": texts_of(build_batch(sam))[0]})
    assert (answer.status_code, answer.json()["error_type"]) == (403, "may_not_redeem")
