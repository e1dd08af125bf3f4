"""PostgreSQL when DATABASE_URL names one, else SQLite in EASEL_HOME. One code path runs on both."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config.settings.environment import ENV


def from_url(url: str) -> dict[str, Any]:  # Django's own shape
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must begin with postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 0,  # the pool keeps them; Django refuses both at once
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": ENV.database_pool, "timeout": 10},
            "options": "-c lock_timeout=5s -c statement_timeout=10s",
            "prepare_threshold": 3,  # for the ledger's own cursor; Django's does not prepare
            **dict(parse_qsl(parts.query)),
        },
    }


SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": ENV.home / "easel.sqlite3",
    "OPTIONS": {
        # IMMEDIATE takes the write lock at BEGIN: read-then-write never meets «database is locked» half way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    },
}

DATABASES = {"default": from_url(ENV.database_url) if ENV.database_url else SQLITE}
