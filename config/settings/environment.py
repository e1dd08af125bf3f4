"""The environment, read once."""

from urllib.parse import quote

from config import home
from config.env import ROOT, read_env

__all__ = ["BROKER_SOCKET", "ENV", "REDIS_URL", "ROOT", "SECRET_KEY"]

ENV = read_env()
SECRET_KEY = ENV.secret_key.get_secret_value() or home.read_secret_key(ENV.home)
# None: someone else's broker. A path: `make run` starts one there, and every command finds it.
BROKER_SOCKET = None if ENV.redis_url else home.broker_socket(ENV.home)
REDIS_URL = ENV.redis_url or f"unix://{quote(str(BROKER_SOCKET))}"
