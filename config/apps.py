"""What has to be put together in every process: web, worker, beat, commands and tests."""

from celery.signals import heartbeat_sent, setup_logging
from django.apps import AppConfig

from config import heartbeat
from config.celery import app as celery_app
from config.mail import configure_mail
from config.payments import configure_payments
from config.providers import configure_providers
from config.settings.environment import ENV


class CompositionConfig(AppConfig):
    name = "config"
    verbose_name = "Easel"

    def ready(self) -> None:
        """Choose the Celery app that tasks are sent through, hand out what the environment says, connect signals."""
        celery_app.set_default()
        configure_providers(ENV)
        configure_mail(ENV)
        configure_payments(ENV)
        heartbeat_sent.connect(heartbeat.renew)
        setup_logging.connect(_keep_logging)


def _keep_logging(**_: object) -> None:
    """Leave logging as settings/logs.py has it: Celery sets up its own where nobody is connected."""
