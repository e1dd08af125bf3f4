"""Let interrupted jobs go on at once, after every worker was stopped."""

from django.core.management.base import BaseCommand

from apps.jobs.sweeping import release_leases


class Command(BaseCommand):
    help = "Makes interrupted jobs due at once. Only while no worker runs; otherwise their leases end by themselves."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{release_leases()} interrupted jobs go on.")
