"""The shell lines of the documents, run as written against an installation that was just started."""

import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from config.env import ROOT
from tests.journeys.installation import Installed

pytestmark = pytest.mark.once

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def shell_of(document: str) -> str:
    """Everything a document asks its reader to type while Easel runs: from the block that names the address on."""
    blocks = _BLOCK.findall((ROOT / document).read_text())
    first = next(number for number, block in enumerate(blocks) if "EASEL=" in block)
    return "\n".join(blocks[first:])


def type_in(installed: Installed, lines: str) -> str:
    """Type lines into a shell in the checkout; the first that fails ends it. Returns what it printed."""
    typed = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        cwd=ROOT,
        env=installed.environment,
        text=True,
        capture_output=True,
        check=False,
        timeout=180,
    )
    assert typed.returncode == 0, typed.stdout + typed.stderr
    return typed.stdout


def test_the_readme_brings_a_newcomer_to_a_first_result(installed: Installed, tmp_path: Path) -> None:
    installed.start()
    result = tmp_path / "doubled.png"
    printed = type_in(installed, shell_of("README.md").replace("doubled.png", str(result)))
    with Image.open(ROOT / "docs/images/valley.webp") as given, Image.open(result) as doubled:
        assert doubled.size == (given.width * 2, given.height * 2)
    quoted, credits, books = (line for line in printed.splitlines() if line)
    assert quoted == "1"
    assert '"available":1199,"held":0' in credits
    assert books == "The books add up."


def test_the_developers_guide_works_as_written(installed: Installed) -> None:
    installed.start()
    printed = type_in(installed, shell_of("docs/developer.md"))
    assert printed.count('"mock":true') == 2
    assert '"status":"succeeded"' in printed
    assert "content_rejected" in printed
    assert '"code":"invalid_input"' in printed
