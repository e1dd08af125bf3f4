"""The installation's own settings in the suite's surroundings, with cheap passwords."""

import os

import tests.surroundings
from config.settings import *  # noqa: F403
from config.settings import DATABASES, EASEL_HOME

assert tests.surroundings  # imported first, for what it sets

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if os.environ["EASEL_TEST_DATABASE"] == "sqlite":
    # In a file, as in an installation: threads of one test then meet on the real locks.
    DATABASES["default"]["TEST"] = {"NAME": str(EASEL_HOME / "test.sqlite3")}
