"""A mail server on loopback that speaks real SMTP: keeps what it takes, and refuses as it is told."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.test import override_settings

from tests.journeys.installation import free_port

OK = "250 OK"


class PostOffice:
    """Takes letters until told otherwise; each answer is given once, in order."""

    def __init__(self, **options: Any) -> None:  # whatever aiosmtpd's own server takes
        self.letters: list[EmailMessage] = []
        self.answers_to_reader: list[str] = []
        self.answers_to_content: list[str] = []
        self.readers: list[str] = []
        self.passwords: list[object] = []  # what was given to prove who sends
        self.port = free_port()
        self._options = options

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()

    def in_use(self, **settings: object) -> override_settings:
        """Let Django's own backend send here."""
        return override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="localhost",
            EMAIL_PORT=self.port,
            **{"EMAIL_USE_TLS": False, **settings},
        )

    # The names and arguments of the two hooks are aiosmtpd's.
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers_to_reader.pop(0) if self.answers_to_reader else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers_to_content.pop(0) if self.answers_to_content else OK
        if answer == OK:
            content = envelope.original_content
            assert content is not None
            self.letters.append(message_from_bytes(content, policy=default))
            self.readers += envelope.rcpt_tos
        return answer
