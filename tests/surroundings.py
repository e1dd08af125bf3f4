"""The environment of the suite, set when this module is imported: before Django reads its settings.

A throw-away home, a real broker, the database that EASEL_TEST_DATABASE names (sqlite or postgres), and nothing of what
the developer's own environment says about an installation. Worker processes of the run find it all set and share it.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from config.env import Env
from tests.servers import broker, postgres

_MARK = "EASEL_TEST_HOME"


def _prepare() -> None:
    kept = {"REDIS_URL", "REDIS_BIN"}
    for field in Env.model_fields.values():
        if field.alias not in kept:
            os.environ.pop(field.alias or "", None)
    home = os.environ.get(_MARK)
    if home is None:
        os.environ[_MARK] = home = tempfile.mkdtemp(prefix="easel-test-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["EASEL_HOME"] = str(Path(home) / "home")
    os.environ["EASEL_SECRET_KEY"] = "a key for tests, long enough for every signature that is made with it"
    os.environ["EASEL_SIGN_INS_PER_MINUTE"] = "1000"  # the cast shares one address and signs in again and again
    os.environ["EASEL_ALLOW_PRIVATE_URLS"] = "true"  # the pictures that tests fetch lie on loopback
    broker.ensure(Path(home))
    match os.environ.setdefault("EASEL_TEST_DATABASE", "sqlite"):
        case "postgres":
            database = os.environ.setdefault("EASEL_TEST_DATABASE_NAME", f"easel_{secrets.token_hex(4)}")
            os.environ["DATABASE_URL"] = postgres.rename(postgres.ensure(), database)
        case "sqlite":
            Path(os.environ["EASEL_HOME"]).mkdir(exist_ok=True)
        case other:
            raise ValueError(f"EASEL_TEST_DATABASE is sqlite or postgres, not {other}")


_prepare()
