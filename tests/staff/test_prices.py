"""Prices: drafted in fields or as JSON, calculated live, rehearsed, confirmed, published now or later, withdrawn."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, User
from apps.catalog.models import PriceState, PriceVersion
from apps.catalog.price_changes import stamp
from apps.catalog.price_rules import Unit
from apps.staff.price_forms import form_of, read_form

pytestmark = pytest.mark.usefixtures("catalog")
NEW = "/staff/models/flux_schnell/price/new/"


def current(model_id: str = "flux_schnell") -> PriceVersion:
    return PriceVersion.objects.get(ai_model=model_id, number=1)


def fields(version: PriceVersion, **typed: str) -> dict[str, str]:
    """A draft's form as it would be sent, but for what was typed: ``sell_amount="2"``."""
    posted: dict[str, str] = {}
    for name, rule, unit in (
        ("sell", version.sell_rule, Unit.MILLICREDITS),
        ("cost", version.cost_rule, Unit.MICRODOLLARS),
    ):
        posted |= {f"{name}-{key}": value for key, value in form_of(rule, name=name, unit=unit).values.items()}
    return posted | {"note": "a try"} | {key.replace("_", "-", 1): value for key, value in typed.items()}


def drafted(client: Client, **typed: str) -> PriceVersion:
    answer = client.post(NEW, fields(current(), **typed))
    assert answer.status_code == 302, answer.content.decode()
    return PriceVersion.objects.get(state=PriceState.DRAFT)


def publish(client: Client, version: PriceVersion, **fields: str) -> int:
    posted = {"seen": stamp(version), "when": "now", "accept_cases": "on", "is_confirmed": "on", **fields}
    return client.post(f"/staff/prices/{version.pk}/rehearsal/", {k: v for k, v in posted.items() if v}).status_code


def test_every_rule_of_the_catalogue_survives_its_form() -> None:
    for version in PriceVersion.objects.all():
        for name, rule, unit in (
            ("sell", version.sell_rule, Unit.MILLICREDITS),
            ("cost", version.cost_rule, Unit.MICRODOLLARS),
        ):
            written = {f"{name}-{key}": value for key, value in form_of(rule, name=name, unit=unit).values.items()}
            form, again = read_form(written, name=name, unit=unit)
            assert form.faults == {}, version
            assert again == rule, version


def test_a_price_is_drafted_rehearsed_and_published(staff_client: Client, sonia: User) -> None:
    version = drafted(staff_client, sell_amount="2.5")
    assert version.sell_rule["base"] == {"per_call_mc": 2500} or "per_megapixel_mc" in version.sell_rule["base"]
    page = staff_client.get(f"/staff/prices/{version.pk}/rehearsal/").content.decode()
    assert "no workspace of the last 30 days would have paid another amount" in page
    assert publish(staff_client, version) == 302
    version.refresh_from_db()
    assert (version.state, version.published_by_id) == ("published", sonia.pk)
    assert version.effective_at is not None
    assert abs(version.effective_at - timezone.now()) < timedelta(minutes=1)
    actions = AuditEntry.objects.order_by("pk").values_list("action", "actor_id")
    assert list(actions) == [("price.draft", sonia.pk), ("price.publish", sonia.pk)]
    assert staff_client.get(f"/staff/prices/{version.pk}/rehearsal/").status_code == 302
    assert publish(staff_client, version) == 302  # a second click finds no draft
    assert AuditEntry.objects.count() == 2


def test_publishing_is_confirmed_and_never_in_the_past(staff_client: Client) -> None:
    version = drafted(staff_client, sell_amount="2")
    assert publish(staff_client, version, is_confirmed="") == 422
    assert publish(staff_client, version, accept_cases="") == 422  # the worked prices come out otherwise
    assert publish(staff_client, version, when="later", effective_at="2020-01-01T10:00") == 422
    assert publish(staff_client, version, when="later", effective_at="") == 422
    assert publish(staff_client, version, when="later", effective_at="soon") == 422
    assert publish(staff_client, version, seen="of another time") == 422
    version.refresh_from_db()
    assert version.state == "draft"
    later = timezone.now() + timedelta(days=2)
    assert publish(staff_client, version, when="later", effective_at=f"{later:%Y-%m-%dT%H:%M}") == 302
    assert staff_client.post(f"/staff/prices/{version.pk}/withdraw/").status_code == 302
    version.refresh_from_db()
    assert version.state == "withdrawn"
    assert AuditEntry.objects.filter(action="price.withdraw").count() == 1
    staff_client.post(f"/staff/prices/{version.pk}/withdraw/")
    staff_client.post(f"/staff/prices/{current().pk}/withdraw/")
    assert current().state == "published"
    assert AuditEntry.objects.filter(action="price.withdraw").count() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"sell_amount": "-1"}, "sell-amount"),
        ({"sell_amount": ""}, "sell-amount"),
        ({"sell_amount": "0"}, "sell-amount"),
        ({"sell_amount": "1.2345"}, "sell-amount"),
        ({"sell_multipliers": "size 4"}, "sell-multipliers"),
        ({"sell_multipliers": "moon=full x 2"}, "sell-multipliers"),
        ({"sell_outputs": "nothing"}, "sell-outputs"),
        (
            {"sell_kind": "tiers", "sell_tier_field": "moon", "sell_tier_default": "a", "sell_tiers": "a 1"},
            "sell-tiers",
        ),
        ({"sell_kind": "json", "sell_json": "{"}, "sell-json"),
        ({"sell_kind": "json", "sell_json": "{}"}, "sell-json"),
        ({"cost_kind": "per_call", "cost_amount": "-0.1"}, "cost-amount"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_beside_its_field(
    typed: dict[str, str], field: str, staff_client: Client
) -> None:
    page = staff_client.post(NEW, fields(current(), **typed))
    assert page.status_code == 422
    text = page.content.decode()
    after = text[text.index(f'id="{field}"') :]
    assert 'class="err"' in after[: after.index("</div>")]
    assert "a try" in text
    assert PriceVersion.objects.filter(ai_model="flux_schnell").count() == 1
    assert AuditEntry.objects.count() == 0


def test_a_draft_is_changed_unless_someone_else_did(staff_client: Client) -> None:
    version = drafted(staff_client, sell_amount="2")
    path, seen = f"/staff/prices/{version.pk}/", stamp(version)
    assert staff_client.post(path, {**fields(version, sell_amount="3"), "seen": seen}).status_code == 302
    assert staff_client.post(path, {**fields(version, sell_amount="4"), "seen": seen}).status_code == 422
    rule = json.dumps(current().sell_rule)
    version.refresh_from_db()
    posted = {**fields(version, sell_kind="json", sell_json=rule, cost_kind="unknown"), "seen": stamp(version)}
    assert staff_client.post(path, posted).status_code == 302
    version.refresh_from_db()
    assert (version.sell_rule, version.cost_rule) == (current().sell_rule, None)
    published = staff_client.post(f"/staff/prices/{current().pk}/", fields(current(), sell_amount="9"))
    assert published.status_code == 422
    assert current().sell_rule == version.sell_rule


def test_the_calculator_prices_by_the_rule_in_force_and_by_what_is_typed(staff_client: Client) -> None:
    path = "/staff/models/nano_banana_edit/price/calculate/"
    text = staff_client.get(path, {"input-num_images": "2", "input-resolution": "4K"}).content.decode()
    assert "120 cr" in text
    assert "As drafted" not in text
    version = PriceVersion.objects.get(ai_model="nano_banana_edit")
    typed: dict[str, Any] = fields(version, sell_amount="40", sell_multipliers="resolution=4K x 1.5")
    text = staff_client.get(path, {**typed, "input-num_images": "2", "input-resolution": "4K"}).content.decode()
    assert "120 cr" in text  # two of 30, twice as much each
    assert "As drafted" in text
    wrong = staff_client.get(path, {"input-resolution": "9K"}).content.decode()
    assert "resolution cannot be 9K" in wrong
    broken = staff_client.get(path, {**typed, "sell-amount": "x"})
    assert broken.status_code == 200
