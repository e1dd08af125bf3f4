"""What an embedded installation keeps for itself."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import home

pytestmark = pytest.mark.once


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    key = home.read_secret_key(folder)

    assert len(key) == 64
    assert home.read_secret_key(folder) == key
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_programs_that_start_together_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(home.read_secret_key, [tmp_path / "home"] * 32))
    assert len(keys) == 1


def test_the_socket_lies_in_the_home_or_where_its_path_is_short() -> None:
    near = Path("/srv/easel")
    assert home.broker_socket(near) == near / "valkey.sock"

    far = Path("/srv") / ("x" * 120)
    socket = home.broker_socket(far)
    assert len(os.fsencode(socket)) < 100
    assert socket == home.broker_socket(far)
    assert socket != home.broker_socket(far / "other")


def test_a_socket_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    home.make_socket_folder(safe / "valkey.sock")
    home.make_socket_folder(safe / "valkey.sock")
    assert stat.S_IMODE(safe.stat().st_mode) == 0o700

    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(PermissionError, match="written by others"):
        home.make_socket_folder(open_to_all / "valkey.sock")
