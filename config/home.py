"""What an embedded installation keeps in EASEL_HOME beside its data: a secret key, and the socket of its own broker."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

_LONGEST_SOCKET: Final = 100  # bytes; Linux allows 107, macOS 103, and Valkey adds none


def make_home(home: Path) -> None:
    """Make the folder, for its owner alone; one that is there is left as it is."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_secret_key(home: Path) -> str:
    """Return the installation's secret key, made on first use.

    Programs that start at the same time get the same key: a link never replaces a file that is there.
    """
    path = home / "secret_key"
    if not path.exists():
        make_home(home)
        descriptor, fresh = tempfile.mkstemp(dir=home, prefix="secret_key.")  # readable by its owner alone
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            Path(fresh).unlink()
    return path.read_text()


def broker_socket(home: Path) -> Path:
    """Tell where the embedded broker listens: in the home, or at a short address where that is too long."""
    socket = home / "valkey.sock"
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET:
        return socket
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    # Every program of this installation must find it, whatever its own TMPDIR says.
    return Path("/tmp") / f"easel-{os.getuid()}-{digest}" / "valkey.sock"  # noqa: S108  # checked by make_socket_folder


def make_socket_folder(socket: Path) -> None:
    """Make the folder of the broker's socket.

    :raises PermissionError: it is there and others may write to it, so that someone else could listen in our place.
    """
    folder = socket.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.lstat()
    if state.st_uid != os.getuid() or state.st_mode & 0o022:
        raise PermissionError(f"{folder} can be written by others; the broker's socket is not safe there.")
