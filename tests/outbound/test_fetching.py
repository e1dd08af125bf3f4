"""fetch_public() calls exactly what it checked, and no server keeps it longer or feeds it more than it was told."""

import io
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.outbound import (
    Fetched,
    OutboundFailed,
    OutboundRefused,
    OutboundTooLarge,
    fetch_public,
)
from tests.emulators.http import Answer, Incoming
from tests.outbound.servers import Names, dribble, fetch, png, redirecting, serving, talking

pytestmark = pytest.mark.once


def test_fetch_writes_the_file_and_tells_what_it_is() -> None:
    with serving(png) as server:
        fetched, content = fetch(f"{server.url}/a.png")
        assert fetched == Fetched("image/png", 7, f"{server.url}/a.png")
        assert content == b"picture"


def test_what_was_checked_is_what_is_called() -> None:
    seen: list[Incoming] = []

    def answer(incoming: Incoming) -> Answer:
        seen.append(incoming)
        return Answer(200, b"x")

    with serving(answer) as server:
        port = server.url.rpartition(":")[2]
        names = Names({"pictures.example": ["127.0.0.1"]})
        url = f"http://pictures.example:{port}/a.png?b=c#d"
        fetch_public(url, into=io.BytesIO(), max_bytes=9, timeout_seconds=5, allow_private=True, resolve=names)
    assert names.asked == ["pictures.example"]  # a second answer could be another address
    assert [(one.path, one.headers["host"]) for one in seen] == [("/a.png?b=c", f"pictures.example:{port}")]
    assert "cookie" not in seen[0].headers
    assert "authorization" not in seen[0].headers


def test_the_next_address_is_tried_when_one_does_not_listen() -> None:
    with serving(png) as server:
        port = server.url.rpartition(":")[2]
        names = Names({"pictures.example": ["127.0.0.2", "127.0.0.1"]})
        url = f"http://pictures.example:{port}/"
        fetched = fetch_public(
            url, into=io.BytesIO(), max_bytes=9, timeout_seconds=5, allow_private=True, resolve=names
        )
    assert fetched.size_bytes == 7


def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    with serving(redirecting(3)) as server:
        assert fetch(f"{server.url}/")[0].final_url == f"{server.url}/end"
    with serving(redirecting(4)) as server, pytest.raises(OutboundRefused):
        fetch(f"{server.url}/")


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://a:b@127.0.0.1/", "http://2130706433/"],
)
def test_a_redirect_is_checked_like_the_first_address(location: str) -> None:
    with serving(redirecting(1, location)) as server, pytest.raises(OutboundRefused):
        fetch(f"{server.url}/")


def test_a_redirect_to_another_name_is_looked_up_and_refused() -> None:
    with serving(redirecting(1, "http://inside.example/")) as server:
        port = server.url.rpartition(":")[2]
        names = Names({"pictures.example": ["127.0.0.1"], "inside.example": ["169.254.169.254"]})
        url = f"http://pictures.example:{port}/"
        with pytest.raises(OutboundRefused):
            fetch_public(url, into=io.BytesIO(), max_bytes=9, timeout_seconds=5, allow_private=True, resolve=names)
    assert names.asked == ["pictures.example", "inside.example"]


def test_tls_names_the_host_and_believes_no_stranger(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pictures.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    now = datetime.now(UTC)
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(certificate.public_bytes(pem) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    asked: list[str] = []

    def note(_: ssl.SSLObject, host: str, __: ssl.SSLContext) -> None:
        asked.append(host)

    context.sni_callback = note
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://pictures.example:{listener.getsockname()[1]}/"
        names = Names({"pictures.example": ["127.0.0.1"]})
        with pytest.raises(OutboundFailed, match="no connection could be made"):
            fetch_public(url, into=io.BytesIO(), max_bytes=9, timeout_seconds=5, allow_private=True, resolve=names)
        thread.join(5)
    assert asked == ["pictures.example"]


def test_an_announced_size_is_refused_before_the_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"
    with talking(lambda connection: dribble(connection, head, b"")) as url:
        started = time.monotonic()
        with pytest.raises(OutboundTooLarge) as refused:
            fetch(url, max_bytes=1000)
    assert time.monotonic() - started < 3
    assert refused.value.code == "url_too_large"


def test_a_body_without_an_announced_size_is_counted() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    with talking(lambda connection: dribble(connection, head, b"x" * 400)) as url, pytest.raises(OutboundTooLarge):
        fetch(url, max_bytes=1000)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b""),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["silence", "status line", "headers", "body", "chunks"],
)
def test_a_server_that_never_ends_is_left(start: bytes, piece: bytes) -> None:
    with talking(lambda connection: dribble(connection, start, piece)) as url:
        started = time.monotonic()
        with pytest.raises(OutboundFailed) as failed:
            fetch(url, max_bytes=10_000_000, seconds=0.3)
        assert time.monotonic() - started < 2
    assert failed.value.code == "url_unreachable"
    assert not failed.value.is_final


def test_redirects_share_one_time_limit() -> None:
    def answer(incoming: Incoming) -> Answer:
        server.wait(0.2)
        return Answer(302, b"", {"Location": f"/{incoming.path}"})

    with serving(answer) as server:
        started = time.monotonic()
        with pytest.raises(OutboundFailed):
            fetch(f"{server.url}/", seconds=0.3)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(("status", "is_final"), [(404, True), (410, True), (403, True), (429, False), (503, False)])
def test_an_answer_that_is_no_file(status: int, is_final: bool) -> None:
    with serving(lambda _: Answer(status, b"no")) as server, pytest.raises(OutboundFailed) as failed:
        fetch(f"{server.url}/")
    assert failed.value.is_final is is_final


def test_a_host_that_does_not_exist_and_a_port_that_is_closed() -> None:
    with pytest.raises(OutboundFailed, match="not known"):
        fetch("http://nowhere.invalid/")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OutboundFailed, match="no connection"):
        fetch(f"http://127.0.0.1:{port}/")


def test_a_packed_answer_is_not_unpacked() -> None:
    answer = Answer(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    with serving(lambda _: answer) as server, pytest.raises(OutboundFailed):
        fetch(f"{server.url}/")
