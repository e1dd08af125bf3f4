"""Make, or find, the demo workspace."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.staff.demo import seed_demo


class Command(BaseCommand):
    help = "Makes a demo workspace with credits and API keys, once, and prints how to use it, as often as it is asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: Any) -> None:  # what the parser read
        demo = {"url": settings.EASEL_BASE_URL, **asdict(seed_demo(secret=settings.SECRET_KEY, now=timezone.now()))}
        if options["json"]:
            self.stdout.write(json.dumps(demo))
            return
        for name, value in demo.items():
            self.stdout.write(f"{name.replace('_', ' '):>13}  {value}")
