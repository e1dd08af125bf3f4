"""Mail servers that want TLS and a password: believed when their certificate is, and asked for nothing before."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.mail import letters, sending
from apps.mail.models import Letter
from tests.builders import NOW
from tests.mail.post_office import PostOffice

pytestmark = pytest.mark.django_db
USER = {"EMAIL_HOST_USER": "easel", "EMAIL_USE_TLS": True}


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    now = datetime.now(UTC)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "both.pem"
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem) + private)
    return path


@pytest.fixture
def guarded(certificate: Path) -> Iterator[PostOffice]:
    """A server that takes nothing without STARTTLS and the right password."""

    def check(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
        asked.append(given)
        return AuthResult(success=given == LoginPassword(b"easel", b"right"), handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[object] = []
    office = PostOffice(tls_context=context, require_starttls=True, auth_required=True, authenticator=check)
    office.passwords = asked
    office.open()
    yield office
    office.close()


def send() -> Letter:
    letters.post(key="k", template="test", to="a@b.example", context={}, now=NOW)
    sending.send_due(clock=lambda: NOW)
    return Letter.objects.get()


def test_a_letter_leaves_by_tls_with_a_password(
    guarded: PostOffice, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with guarded.in_use(**USER, EMAIL_HOST_PASSWORD="right"):
        assert send().sent_at == NOW
    assert guarded.readers == ["a@b.example"]


def test_a_wrong_password_is_tried_again_later(
    guarded: PostOffice, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with guarded.in_use(**USER, EMAIL_HOST_PASSWORD="wrong"):
        letter = send()
    assert letter.due_at is not None
    assert "SMTPAuthenticationError" in letter.last_error
    assert "wrong" not in letter.last_error


def test_a_stranger_hears_no_password(guarded: PostOffice) -> None:
    with guarded.in_use(**USER, EMAIL_HOST_PASSWORD="right"):
        letter = send()
    assert letter.due_at is not None
    assert "CERTIFICATE_VERIFY_FAILED" in letter.last_error
    assert (guarded.passwords, guarded.letters) == ([], [])


def test_a_server_without_tls_hears_no_password(post_office: PostOffice) -> None:
    with post_office.in_use(**USER, EMAIL_HOST_PASSWORD="right"):
        letter = send()
    assert letter.due_at is not None
    assert "STARTTLS extension not supported" in letter.last_error
