"""Names are relative paths, or refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.library.names import InvalidName, clean_name, name_for

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("hero.png", "hero.png"),
        ("shots/day 1/hero.png", "shots/day 1/hero.png"),
        ("./hero.png", "hero.png"),
        ("  hero.png ", "hero.png"),
        ("Cafe\u0301.png", "Café.png"),
        ("狐/雪.webp", "狐/雪.webp"),
        ("..hidden", "..hidden"),
        ("a" * 200, "a" * 200),
        ("e\u0301" * 200, "é" * 200),
    ],
)
def test_a_relative_path_is_kept(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@pytest.mark.parametrize(
    "name",
    [
        *("", "  ", ".", "./", "..", "../x.png", "a/../b.png", "a/..", "a//b.png", "a/", "a/./b.png", "a/ .. /b.png"),
        *("/etc/passwd", "//server/share", "C:/x.png", "c:x.png", "\\\\server\\x", "a\\..\\b.png"),
        *("a\x00.png", "a\nb.png", "a\x7f", "a\x85b", "a\u2028b", "\ud800.png", "evil\u202egnp.exe", "a\ufeffb"),
        *("a" * 201,),
    ],
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidName) as refusal:
        clean_name(name)
    assert refusal.value.code == "invalid_name"


@given(st.text(max_size=210))
def test_a_name_that_passes_cleans_to_itself_and_stays_inside(text: str) -> None:
    try:
        name = clean_name(text)
    except InvalidName:
        return
    assert clean_name(name) == name == unicodedata.normalize("NFC", name)
    assert 0 < len(name) <= 200
    assert not name.startswith("/")
    assert not {"", ".", ".."} & set(name.split("/"))


@given(st.text(max_size=300))
def test_a_made_name_is_always_one_that_may_be_given(last_part: str) -> None:
    name = name_for(last_part, extension="png")
    assert clean_name(name) == name
    assert "/" not in name


@pytest.mark.parametrize(
    ("last_part", "made"),
    [
        ("fox.jpeg", "fox.png"),
        ("", "picture.png"),
        ("...", "picture.png"),
        ("a%b?c.gif", "a-b-c.png"),
        ("fox", "fox.png"),
    ],
)
def test_a_made_name_keeps_what_can_be_kept(last_part: str, made: str) -> None:
    assert name_for(last_part, extension="png") == made
