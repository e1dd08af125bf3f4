"""A statement as PDF: pages of tables, with names in any script. Pure: the same statement is the same bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

_SANS: Final = "DejaVuSans"  # Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic; embedded
_FILE: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
# What every reader of PDF brings itself. Source: PDF 32000-1, 9.7.5.2, the predefined CMaps of Adobe's collections.
_EAST: Final = (("HYSMyeongJo-Medium", "\uac00", "\ud7a3"), ("HeiseiMin-W3", "\u3040", "\u30ff"))
_HAN: Final = "STSong-Light"
_WIDTH, _HEIGHT = A4
_MARGIN: Final = 56.0
_LINE: Final = 16.0
_FOOT: Final = 64.0
_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: words on the left, numbers on the right."""

    cells: tuple[str, ...]
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; ``heads`` stand over its columns, the last of which is a number."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is printed: who says it, to whom, of which time, and the tables."""

    issuer: tuple[str, ...]
    workspace: str
    title: str
    note: str
    tables: tuple[Table, ...]


def pdf_of(statement: Statement) -> bytes:
    """Set a statement on as many pages as it takes."""
    pages = len(list(_pages(statement)))
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(f"{statement.title}, {statement.workspace}")
    canvas.setAuthor(statement.issuer[0])
    for number, lines in enumerate(_pages(statement), start=1):
        _head(canvas, statement, is_first=number == 1)
        for y, size, cells, is_sum in lines:
            _row(canvas, y, size, cells, is_sum=is_sum)
        _write(canvas, _MARGIN, 36, 8, statement.title)
        _write(canvas, _WIDTH - _MARGIN, 36, 8, f"Page {number} of {pages}", is_right=True)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


_Set = tuple[float, float, tuple[str, ...], bool]  # height, size, cells, whether a rule stands above


def _pages(statement: Statement) -> Iterator[list[_Set]]:
    """Break the tables into pages; a title never stands alone at a foot."""
    page: list[_Set] = []
    y = _HEIGHT - 200 - _LINE * max(0, len(statement.issuer) - 3)
    for table in statement.tables:
        rows: list[tuple[float, tuple[str, ...], bool]] = [(12, (table.title,), False), (8, table.heads, False)]
        rows += [(9, line.cells, line.is_sum) for line in table.lines]
        for index, (size, cells, is_sum) in enumerate(rows):
            needed = _LINE * (4 if index == 0 else 1)
            if y - needed < _FOOT:
                yield page
                page, y = [], _HEIGHT - 100
            page.append((y, size, cells, is_sum))
            y -= _LINE
        y -= _LINE
    yield page


def _head(canvas: Canvas, statement: Statement, *, is_first: bool) -> None:
    y = _HEIGHT - 64
    if not is_first:
        _write(canvas, _MARGIN, y, 9, statement.workspace)
        return
    for number, line in enumerate(statement.issuer):
        _write(canvas, _WIDTH - _MARGIN, y - number * 12, 9, line, is_right=True)
    _write(canvas, _MARGIN, y, 18, statement.title)
    _write(canvas, _MARGIN, y - 26, 12, statement.workspace)
    _write(canvas, _MARGIN, y - 44, 9, statement.note)


def _row(canvas: Canvas, y: float, size: float, cells: tuple[str, ...], *, is_sum: bool) -> None:
    """Cells from the left, the last one at the right edge."""
    if is_sum:
        canvas.setLineWidth(0.5)
        canvas.line(_MARGIN, y + _LINE - 4, _WIDTH - _MARGIN, y + _LINE - 4)
    *left, last = cells
    if not left:
        _write(canvas, _MARGIN, y, size, last)
        return
    room = (_WIDTH - 2 * _MARGIN - 70) / len(left)
    for number, cell in enumerate(left):
        _write(canvas, _MARGIN + number * room, y, size, _cut(cell, size, room - 6))
    _write(canvas, _WIDTH - _MARGIN, y, size, last, is_right=True)


def _cut(text: str, size: float, room: float) -> str:
    if _width(text, size) <= room:
        return text
    while text and _width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text}…"


def _write(canvas: Canvas, x: float, y: float, size: float, text: str, *, is_right: bool = False) -> None:
    """Write a line, each stretch of it in a font that has its letters."""
    if is_right:
        x -= _width(text, size)
    for font, part in _stretches(text):
        canvas.setFont(font, size)
        canvas.drawString(x, y, part)
        x += pdfmetrics.stringWidth(part, font, size)


def _width(text: str, size: float) -> float:
    return sum(pdfmetrics.stringWidth(part, font, size) for font, part in _stretches(text))


def _stretches(text: str) -> Iterator[tuple[str, str]]:
    known = _letters()
    font, part = _SANS, ""
    for letter in text:
        fitting = _font_of(letter, known)
        written = letter if fitting else _UNKNOWN
        if (fitting or _SANS) != font and part:
            yield font, part
            part = ""
        font, part = fitting or _SANS, part + written
    if part:
        yield font, part


def _font_of(letter: str, known: frozenset[int]) -> str:
    """The font that has a letter; empty: none has."""
    if ord(letter) in known:
        return _SANS
    for font, first, last in _EAST:
        if first <= letter <= last:
            return font
    return _HAN if "\u3000" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef" else ""


@cache
def _letters() -> frozenset[int]:
    """Make the fonts known, once a process; return what the embedded one has."""
    sans = TTFont(_SANS, str(_FILE))
    pdfmetrics.registerFont(sans)
    for name in (_HAN, *(font for font, _, _ in _EAST)):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(sans.face.charToGlyph)
