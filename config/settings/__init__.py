"""Django's settings, a file a concern. The environment decides, through config/env.py: no local, no production."""

from config.settings.core import *  # noqa: F403
from config.settings.database import *  # noqa: F403
from config.settings.security import *  # noqa: F403
from config.settings.storage import *  # noqa: F403
from config.settings.celery import *  # noqa: F403
from config.settings.mail import *  # noqa: F403
from config.settings.rest import *  # noqa: F403
from config.settings.logs import *  # noqa: F403
from config.settings.product import *  # noqa: F403
