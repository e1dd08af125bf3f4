"""What is for sale, and files that cannot be sold from."""

from pathlib import Path

import pytest

from apps.billing.packs import CreditPack, CurrencyNotOffered, InvalidPacks, read_packs
from apps.ledger.amounts import Millicredits

pytestmark = pytest.mark.once

GOOD = "packs: [{id: one, name: One, credits: 2000, bonus: 100, prices: {usd: 1000, jpy: 1500}}]"


def read(folder: Path, text: str) -> dict[str, CreditPack]:
    path = folder / "packs.yaml"
    path.write_text(text)
    return dict(read_packs(path))


def test_every_pack_of_ours_lists_at_half_a_cent_a_credit() -> None:
    packs = read_packs()
    assert list(packs) == ["sketchbook", "studio", "production"]
    for pack in packs.values():
        assert pack.prices["usd"] * 1000 * 2 == pack.credits_mc
        assert set(pack.prices) == {"usd", "eur", "gbp"}
    assert [pack.bonus_mc for pack in packs.values()] == [0, 500_000, 4_000_000]


def test_a_pack_is_read(tmp_path: Path) -> None:
    pack = read(tmp_path, GOOD)["one"]
    assert pack == CreditPack("one", "One", Millicredits(2_000_000), Millicredits(100_000), {"usd": 1000, "jpy": 1500})
    assert (pack.total_mc, pack.default_currency, pack.price_in("jpy")) == (2_100_000, "usd", 1500)
    with pytest.raises(CurrencyNotOffered) as refused:
        pack.price_in("eur")
    assert refused.value.details == {"currencies": ["usd", "jpy"]}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "packs: a list"),
        ("packs: []", "packs: a list"),
        ("[1, 2", "cannot be read"),
        ("packs: [1]", "packs[0]: a pack is a mapping"),
        (GOOD.replace("id: one", "id: One"), "packs[0].id"),
        (GOOD.replace("name: One", "name: ''"), "packs[0].name"),
        (GOOD.replace("2000", "0"), "packs[0].credits"),
        (GOOD.replace("2000", "2000.5"), "packs[0].credits"),
        (GOOD.replace("2000", "true"), "packs[0].credits"),
        (GOOD.replace("bonus: 100", "bonus: -1"), "packs[0].bonus"),
        (GOOD.replace("usd: 1000", "usd: 10.00"), "packs[0].prices.usd"),
        (GOOD.replace("usd: 1000", "usd: 100000000"), "packs[0].prices.usd"),
        (GOOD.replace("usd: 1000", "kwd: 5125"), "packs[0].prices.kwd: Stripe takes multiples of 10"),
        (GOOD.replace("usd: 1000", "isk: 5150"), "packs[0].prices.isk: Stripe takes multiples of 100"),
        (GOOD.replace("usd", "USD"), "packs[0].prices.USD"),
        (GOOD.replace("prices", "price"), "packs[0].price:"),
        (GOOD.replace("}}", "}, stripe_prices: {eur: price_1}}"), "packs[0].stripe_prices.eur"),
        (GOOD.replace("}}", "}, stripe_prices: {usd: 1}}"), "packs[0].stripe_prices.usd"),
        (GOOD.replace("]", ", {id: one, name: Two, credits: 1, prices: {usd: 1}}]"), "'one' is there twice"),
    ],
)
def test_a_fault_is_told_by_its_place(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InvalidPacks, match=r"packs\.yaml") as refused:
        read(tmp_path, text)
    assert fault in str(refused.value)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidPacks) as refused:
        read(tmp_path, GOOD.replace("2000", "0").replace("usd: 1000", "usd: 0"))
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidPacks, match="cannot be read"):
        read_packs(tmp_path / "none.yaml")
