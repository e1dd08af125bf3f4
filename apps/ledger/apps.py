from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from apps.ledger import triggers


def reinstall_triggers(*, using: str, **_: Any) -> None:  # what else a signal brings
    """Put back what a remade table lost. Where all stand, nothing is locked: others may be at work."""
    if triggers.missing(using):
        triggers.install(using)


class LedgerConfig(AppConfig):
    name = "apps.ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(reinstall_triggers, sender=self)
