"""Names, sizes and left-overs: what a file may be called, how long it and its functions may be."""

import ast
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Final

import pytest

from config.env import ROOT
from tests.architecture import sources
from tests.architecture.sources import Source

pytestmark = pytest.mark.once

CODE: Final = ("apps", "bench", "config", "scripts", "tests")
NAMELESS: Final = {"utils", "util", "helpers", "helper", "common", "misc", "services", "service", "managers", "manager"}
LONGEST_MODULE: Final = 300  # lines
LONGEST_FUNCTION: Final = 70  # lines
LARGEST_FILE: Final = 200_000  # bytes
LEFT_OVER: Final = ("TO" + "DO", "FIX" + "ME", "HA" + "CK:")  # in two parts, so that this line is none


def find_nameless(paths: Iterable[PurePath]) -> list[str]:
    """Find files and folders whose name says nothing about what is in them."""
    return [str(path) for path in paths if NAMELESS & {*path.parts[:-1], path.stem}]


def find_long_modules(modules: Iterable[Source]) -> list[str]:
    lengths = {module.path: module.text.count("\n") for module in modules}
    return [f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST_MODULE]


def find_long_functions(modules: Iterable[Source]) -> list[str]:
    faults = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    faults.append(f"{module.path}:{node.lineno} {node.name}: {length} lines")
    return faults


def find_left_overs(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Find notes to oneself in texts, given as path and content."""
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if any(word in line for word in LEFT_OVER)
    ]


def find_large(sizes: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{path}: {size} bytes" for path, size in sizes if size > LARGEST_FILE]


def test_every_name_says_something() -> None:
    assert find_nameless(sources.files()) == []


def test_modules_and_functions_are_short() -> None:
    assert find_long_modules(sources.python(*CODE)) == []
    assert find_long_functions(sources.python(*CODE)) == []


def test_nothing_is_left_over_or_large() -> None:
    assert find_left_overs(_texts()) == []
    assert find_large((str(path), (ROOT / path).stat().st_size) for path in sources.files()) == []


def test_the_checks_can_fail() -> None:
    assert find_nameless([Path("apps/jobs/utils.py"), Path("apps/common/x.py"), Path("apps/jobs/runner.py")]) == [
        "apps/jobs/utils.py",
        "apps/common/x.py",
    ]
    assert find_long_modules([Source("a.py", "\n" * 301)]) == ["a.py: 301 lines"]
    body = "    pass\n" * 70
    assert find_long_functions([Source("a.py", f"async def f():\n{body}")]) == ["a.py:1 f: 71 lines"]
    assert find_left_overs([("a.py", f"# {LEFT_OVER[0]} later")]) == [f"a.py:1: # {LEFT_OVER[0]} later"]
    assert find_large([("a.png", 200_001), ("b.png", 200_000)]) == ["a.png: 200001 bytes"]


def _texts() -> Iterable[tuple[str, str]]:
    for path in sources.files():
        try:
            yield str(path), (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue  # a picture or a font
