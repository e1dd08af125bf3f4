"""``manage.py sync_catalog``: bring the catalogue's rows to what its data files say."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.catalog.files.faults import InvalidCatalog
from apps.catalog.files.reading import DATA
from apps.catalog.sync import sync_catalog
from apps.errors import NotFound


class Command(BaseCommand):
    help = (
        "Bring providers, models, endpoints, prices and defaults to what the catalogue's data files say, and show the "
        "difference. What staff changed stays. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=DATA, help="Holds providers.yaml and models/.")
        parser.add_argument("--dry-run", action="store_true", help="Show what would change, and change nothing.")
        parser.add_argument(
            "--overwrite",
            nargs="*",
            metavar="MODEL",
            help="Let the files' word count over what staff changed: everywhere, or of these models.",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # Django's own signature
        wanted: list[str] | None = options["overwrite"]
        try:
            report = sync_catalog(
                folder=options["folder"],
                now=timezone.now(),
                overwrite=wanted == [] or frozenset(wanted or ()),
                dry_run=options["dry_run"],
            )
        except (InvalidCatalog, NotFound) as refusal:
            raise CommandError(str(refusal)) from refusal
        for change in report.changes or ("Nothing to change.",):
            self.stdout.write(change)
        if report.kept:
            self.stdout.write("Kept as staff changed it; --overwrite would write:")
        for line in report.kept:
            self.stdout.write(f"  {line}")
        if options["dry_run"] and report.changes:
            self.stdout.write("Nothing was written: this was a dry run.")
