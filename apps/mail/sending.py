"""Sending letters: claimed by a condition in an UPDATE, sent outside any transaction, at least once.

A process that dies between sending and marking sends again when the lease ends, with the same Message-ID, by which mail
servers and readers know it for the same letter.
"""

import hashlib
import random
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

import structlog
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F

from apps.mail import letterhead
from apps.mail.models import Letter

Clock = Callable[[], datetime]

_LEASE: Final = timedelta(minutes=5)  # longer than one letter may take: settings/mail.py limits each step of it
_ROUND: Final = timedelta(minutes=4)  # then no further letter is begun: a task may not run much longer
_FIRST_PAUSE: Final = timedelta(minutes=1)  # doubled after each failure
_LONGEST_PAUSE: Final = timedelta(hours=2)
_GIVE_UP: Final = timedelta(hours=24)
_PERMANENT: Final = 500  # from here on a server says that asking again is of no use. Source: RFC 5321, 4.2.1

log = structlog.get_logger(__name__)


def send_due(*, clock: Clock, limit: int = 100) -> int:
    """Send the letters whose time has come, at most ``limit``; return how many were sent.

    Safe at any time, any number of times, beside others. A server that cannot be reached ends the round: one letter has
    then been tried, and the others wait for the next. What fails is tried again for about a day, then given up.
    """
    sent, began_at = 0, clock()
    connection = get_connection()
    try:
        for letter in Letter.objects.due(began_at).order_by("due_at", "pk")[:limit]:
            now = clock()
            if now - began_at > _ROUND:
                break
            if not _claim(letter, now):
                continue
            if not _open(connection, letter, clock):
                break
            sent += _send(connection, letter, clock)
    finally:
        _close(connection)
    return sent


def _claim(letter: Letter, now: datetime) -> bool:
    """Take a letter, unless another process has it: then it is not due any more."""
    claimed = Letter.objects.due(now).filter(pk=letter.pk, attempts=letter.attempts)
    if not claimed.update(due_at=now + _LEASE, attempts=F("attempts") + 1):
        return False
    letter.attempts += 1
    return True


def _open(connection: BaseEmailBackend, letter: Letter, clock: Clock) -> bool:
    """Reach the server, once a round; where that cannot be, the letter at hand is tried again later."""
    try:
        connection.open()
    except OSError as fault:  # smtplib's own faults, and those of sockets and TLS
        _put_off(letter, fault, clock())
        return False
    return True


def _send(connection: BaseEmailBackend, letter: Letter, clock: Clock) -> bool:
    try:
        connection.send_messages([_message_of(letter)])
    except (OSError, ValueError) as fault:  # ValueError: what cannot be written as a message
        _close(connection)  # whatever state it is in; the next letter opens a fresh one
        if _is_permanent(fault):
            _give_up(letter, fault)
        else:
            _put_off(letter, fault, clock())
        return False
    Letter.objects.filter(pk=letter.pk).update(sent_at=clock(), due_at=None, last_error="")
    log.info("letter_sent", letter=str(letter.pk), template=letter.template, attempts=letter.attempts)
    return True


def _message_of(letter: Letter) -> EmailMultiAlternatives:
    sender = letterhead.current().sender
    domain = parseaddr(sender)[1].rpartition("@")[2]
    name = hashlib.sha256(letter.key.encode()).hexdigest()[:32]
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=sender,
        to=[letter.to],
        # Auto-Submitted keeps absent readers' programs from answering. Source: RFC 3834, section 5
        headers={"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def _is_permanent(fault: Exception) -> bool:
    """Whether a letter will never be taken: its reader or its content is refused for good, or it is no message."""
    match fault:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= _PERMANENT for code, _ in fault.recipients.values())
        case smtplib.SMTPDataError():
            return fault.smtp_code >= _PERMANENT
    return isinstance(fault, ValueError)


def _put_off(letter: Letter, fault: Exception, now: datetime) -> None:
    """Try a letter again later, each time after a longer pause; after a day, never."""
    if now - letter.created_at >= _GIVE_UP:
        _give_up(letter, fault)
        return
    pause = min(_FIRST_PAUSE * 2 ** min(letter.attempts - 1, 10), _LONGEST_PAUSE)
    pause *= random.uniform(0.75, 1.25)  # noqa: S311  # spreads attempts, hides nothing
    _write_failure(letter, fault, due_at=now + pause)
    log.warning("letter_put_off", letter=str(letter.pk), template=letter.template, fault=repr(fault)[:200])


def _give_up(letter: Letter, fault: Exception) -> None:
    _write_failure(letter, fault, due_at=None)
    log.error("letter_given_up", letter=str(letter.pk), template=letter.template, fault=repr(fault)[:200])


def _write_failure(letter: Letter, fault: Exception, *, due_at: datetime | None) -> None:
    """Note why it failed, unless the lease ended meanwhile and another process has tried it since."""
    text = repr(fault).replace("\x00", " ")[:2000]
    mine = Letter.objects.filter(pk=letter.pk, attempts=letter.attempts, sent_at=None)
    mine.update(due_at=due_at, last_error=text)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as fault:
        log.info("mail_server_hung_up", fault=str(fault))
