"""Pages work under a content security policy that allows no inline code and no inline style."""

import re
from collections.abc import Iterable
from typing import Final

import pytest

from config.env import ROOT
from tests.architecture import sources

pytestmark = pytest.mark.once

# A script without a source is inline, unless it is data that nothing runs.
INLINE: Final = (
    re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:ld\+)?json[\"'])[^>]*>", re.IGNORECASE),
    re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    re.compile(r"javascript:", re.IGNORECASE),
    re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    re.compile(r"<style\b(?!\s+nonce=)", re.IGNORECASE),  # a nonce is what the policy allows, for values of one page
)


def find_inline(templates: Iterable[tuple[str, str]]) -> list[str]:
    """Find inline scripts, handlers and styles in templates, given as path and content."""
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {found.group()[:80]}"
        for path, text in templates
        for pattern in INLINE
        for found in pattern.finditer(text)
    ]


def test_no_template_has_code_or_style_in_it() -> None:
    templates = [path for path in sources.files() if "templates" in path.parts and path.suffix == ".html"]
    pages = [path for path in templates if "email" not in path.parts]  # mail knows no style sheets
    assert find_inline((str(path), (ROOT / path).read_text()) for path in pages) == []


def test_the_check_can_fail() -> None:
    for line in (
        "<script>run()</script>",
        "<script type='module'>run()</script>",
        '<button onclick="run()">',
        '<a href="javascript:run()">',
        '<p class="x" style="color: red">',
        "<style>p {}</style>",
    ):
        assert len(find_inline([("a.html", line)])) == 1, line
    for line in (
        '<script type="module" src="/static/a.js"></script>',
        '<script id="x" type="application/json">{}</script>',
        "<p>on = 1</p>",
        '<style nonce="{{ csp_nonce }}">p { --ratio: 2; }</style>',
    ):
        assert find_inline([("a.html", line)]) == [], line
