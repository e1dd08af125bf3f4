"""How codes are written and read: by people, with what they mistake."""

import pytest

from apps.billing import promo_codes

pytestmark = pytest.mark.once


def test_codes_are_twelve_letters_and_digits_that_nobody_mistakes() -> None:
    drawn = {promo_codes.draw() for _ in range(500)}
    assert len(drawn) == 500
    assert {len(one) for one in drawn} == {12}
    assert set("".join(drawn)) == set(promo_codes.ALPHABET)
    assert not set("ILOU") & set(promo_codes.ALPHABET)
    assert promo_codes.grouped("7K2M9QXD4HTB") == "7K2M-9QXD-4HTB"


@pytest.mark.parametrize(
    "typed",
    [
        "7K2M-9QXD-01TB",
        "7k2m9qxd01tb",
        " 7K2M 9QXD 01TB\n",
        "7K2M–9QXD—01TB",
        "7k2m_9qxd_o1tb",
        "7K2M-9QXD-OITB",
        "7K2M-9QXD-olTB",
        "７Ｋ２Ｍ-9QXD-01TB",
        "7K2M\u00a09QXD\u200b01TB",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert promo_codes.read(typed) == "7K2M9QXD01TB"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "7K2M", "7K2M-9QXD-01TBA", "7K2M-9QXD-01T!", "UUUUUUUUUUUU", "7K2M\0", "ß" * 12, "1" * 9999],
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert promo_codes.read(typed) is None
