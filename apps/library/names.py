"""Names of pictures: paths relative to a workspace's library, for people to read. Pure."""

import unicodedata
from typing import Final

from apps.errors import DomainError

MAX_LENGTH: Final = 200  # characters, after normalization: the width of Asset.name

# Categories that no name needs: controls, lone surrogates, unassigned and private code points, line separators.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
# Marks that turn the direction of text, so that one name reads as another. Source: Unicode TR 36, section 3.
_REFUSED_MARKS: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class InvalidName(DomainError):
    """A name that is no relative path inside the library."""

    code = "invalid_name"


def clean_name(text: str) -> str:
    """Return a name as it is kept: a relative path with ``/`` between its parts, in NFC, at most 200 characters.

    Spaces around it and a leading ``./`` are dropped, nothing else is: a name that would leave the library, or that
    could be taken for another one, is refused. The result cleans to itself.

    :raises InvalidName: empty, too long, absolute, with an empty or dotted part, a backslash or a control character.
    """
    name = unicodedata.normalize("NFC", text).strip()
    while name.startswith("./"):
        name = name[2:].lstrip()
    if not name:
        raise InvalidName("The name is empty.")
    if len(name) > MAX_LENGTH:
        raise InvalidName(f"The name has {len(name)} characters; {MAX_LENGTH} are allowed.", limit=MAX_LENGTH)
    if any(unicodedata.category(letter) in _REFUSED_CATEGORIES or letter in _REFUSED_MARKS for letter in name):
        raise InvalidName("The name holds a control character.")
    if "\\" in name:
        raise InvalidName("Folders in a name are parted by « / », not by a backslash.")
    if name.startswith("/") or (name[1:2] == ":" and name[0].isascii() and name[0].isalpha()):
        raise InvalidName("The name has to be relative: a path inside the library.")
    parts = name.split("/")
    if any(part.strip() in {"", ".", ".."} for part in parts):
        raise InvalidName("A part of the name is empty, « . » or « .. ».")
    return name


def name_for(last_part: str, *, extension: str) -> str:
    """Make a name for a picture that nobody named, from the last part of its address; else ``picture.<extension>``."""
    stem = last_part.rpartition(".")[0] or last_part
    kept = "".join(letter if letter.isalnum() or letter in "-_ ." else "-" for letter in stem)[:80].strip(" .-")
    return f"{unicodedata.normalize('NFC', kept) or 'picture'}.{extension}"
