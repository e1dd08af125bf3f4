"""Celery's side of mail: a few lines; the letters are the truth."""

from celery import shared_task
from django.utils import timezone

from apps.mail import dispatch, retention, sending


@shared_task(name=dispatch.SEND)
def send(**_: object) -> None:
    sending.send_due(clock=timezone.now)


@shared_task(name=dispatch.PRUNE)
def prune(**_: object) -> None:
    retention.prune(now=timezone.now())
