"""/v1/packs and /v1/purchases: what is for sale, and the page to pay on."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from apps.billing import inbox
from apps.billing.models import Purchase
from config.payments import configure_payments
from config.settings.environment import ENV
from tests.api.conftest import Caller
from tests.billing.shops import SECRET, selling
from tests.emulators.stripe import FakeStripe

ORDER = {"pack": "small", "attempt": "try-1"}


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with FakeStripe(webhook_secret=SECRET) as fake, selling(api_base=fake.url):
        yield fake


@pytest.fixture
def house_packs() -> Iterator[None]:
    """The packs of the house, and no key of Stripe's."""
    configure_payments(ENV)
    yield
    configure_payments(ENV)


def test_packs_are_listed_with_their_prices(program: Caller, fake: FakeStripe) -> None:
    body = program.get("/v1/packs").json()
    assert (body["object"], body["has_more"], body["first_id"], body["last_id"]) == ("list", False, "small", "large")
    assert body["data"][1] == {
        "id": "large",
        "object": "pack",
        "name": "Large",
        "credits": 10_500,
        "bonus": 500,
        "prices": [{"currency": "usd", "amount_minor": 5000}],
    }
    assert program.get("/v1/packs?limit=1").status_code == 422


def test_a_purchase_is_begun_paid_and_listed(program: Caller, fake: FakeStripe) -> None:
    answer = program.post("/v1/purchases", ORDER | {"currency": "EUR"})
    made = answer.json()
    assert (answer.status_code, made["object"], made["status"]) == (201, "purchase", "pending")
    assert (made["pack"], made["credits"], made["amount_minor"], made["currency"]) == ("small", 1000, 900, "eur")
    assert made["url"].startswith(fake.url)
    assert (made["receipt_url"], made["paid_at"]) == (None, None)
    again = program.post("/v1/purchases", ORDER | {"currency": "eur"})
    assert (again.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", made)
    fake.webhooks.receiver = lambda body, headers: (
        200 if inbox.receive(body=body, header=headers["Stripe-Signature"], now=timezone.now()) else 500
    )
    session = Purchase.objects.get().session_id
    assert session is not None
    fake.play.pay(session)
    fake.webhooks.deliver_all()
    [listed] = program.get("/v1/purchases").json()["data"]
    assert (listed["id"], listed["status"], listed["url"]) == (made["id"], "paid", None)
    assert listed["receipt_url"].startswith(fake.url)
    assert listed["invoice_url"].startswith(fake.url)
    assert listed["paid_at"] > listed["created_at"]
    assert program.get("/v1/credits").json()["available"] == 2000
    assert program.get("/v1/ledger").json()["data"][0]["credits"] == 1000


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "pack"),
        ({"pack": 7, "attempt": "x"}, "pack"),
        ({"pack": "small"}, "attempt"),
        ({"pack": "small", "attempt": "a b"}, "attempt"),
        ({"pack": "small", "attempt": "x" * 129}, "attempt"),
        ({"pack": "small", "attempt": "x\n"}, "attempt"),
        (ORDER | {"currency": "dollars"}, "currency"),
        (ORDER | {"amount": 1}, "amount"),
    ],
)
def test_a_body_that_is_no_order_is_refused(
    program: Caller, fake: FakeStripe, body: dict[str, object], path: str
) -> None:
    answer = program.post("/v1/purchases", body)
    assert answer.status_code == 422
    assert path in {field["path"] for field in answer.json()["error"]["details"]["fields"]}
    assert Purchase.objects.count() == 0


def test_refusals_have_their_status(program: Caller, test_program: Caller, fake: FakeStripe) -> None:
    asked = {
        ("not_found", 404): program.post("/v1/purchases", ORDER | {"pack": "huge"}),
        ("currency_not_offered", 422): program.post("/v1/purchases", ORDER | {"currency": "jpy"}),
        ("may_not_buy", 403): test_program.post("/v1/purchases", ORDER),
    }
    program.post("/v1/purchases", ORDER)
    asked["idempotency_mismatch", 422] = program.post("/v1/purchases", ORDER | {"pack": "large"})
    told = {(answer.json()["error_type"], answer.status_code) for answer in asked.values()}
    assert told == set(asked)


def test_where_nothing_can_be_bought_packs_are_shown_all_the_same(program: Caller, house_packs: None) -> None:
    assert [pack["id"] for pack in program.get("/v1/packs").json()["data"]] == ["sketchbook", "studio", "production"]
    answer = program.post("/v1/purchases", ORDER | {"pack": "studio"})
    assert (answer.status_code, answer.json()["error_type"]) == (503, "payments_off")
    assert answer.json()["error"]["details"] == {"setting": "STRIPE_SECRET_KEY"}


def test_a_strangers_purchases_are_their_own(program: Caller, stranger: Caller, fake: FakeStripe) -> None:
    made = program.post("/v1/purchases", ORDER).json()
    assert stranger.get("/v1/purchases").json()["data"] == []
    assert stranger.get(f"/v1/purchases?after={made['id']}").json()["data"] == []
    assert program.get("/v1/purchases?after=nonsense").status_code == 422
