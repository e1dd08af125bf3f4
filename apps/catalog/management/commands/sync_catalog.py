"""``manage.py sync_catalog``: bring the catalogue's rows to what its data files say."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.catalog.sync import DATA, InvalidCatalog, sync_catalog


class Command(BaseCommand):
    help = "Bring providers, models, endpoints and prices to what the catalogue's data files say. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=DATA, help="Holds providers.yaml and models/.")

    def handle(self, *args: Any, **options: Any) -> None:  # Django's own signature
        try:
            report = sync_catalog(folder=options["folder"], now=timezone.now())
        except InvalidCatalog as refusal:
            lines = [f"{fault['file']}: {fault['field']}: {fault['message']}" for fault in refusal.details["faults"]]
            raise CommandError("\n".join(["The catalogue was not changed:", *lines])) from refusal
        for change in report.changes or ("Nothing to change.",):
            self.stdout.write(change)
