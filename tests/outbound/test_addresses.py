"""Which addresses are public, and that every other one is refused, however it is written."""

import io

import pytest

from apps.outbound import (
    OutboundFailed,
    OutboundRefused,
    fetch_public,
    is_public,
)
from tests.outbound.servers import Names, fetch

pytestmark = pytest.mark.once

PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::101:101", "2002:101:101::1"]
NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("100.64.0.1", "169.254.169.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "3fff::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_every_other_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_host_at_such_an_address_is_refused(address: str) -> None:
    names = Names({"pictures.example": ["93.184.215.14", address]})
    with pytest.raises(OutboundRefused) as refused:
        fetch_public("http://pictures.example/", into=io.BytesIO(), max_bytes=1, timeout_seconds=5, resolve=names)
    assert refused.value.code == "url_refused"
    assert address not in str(refused.value)  # what our name server knows is not told


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST", "anything.localhost"),
        *("2130706433", "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "017700000001", "127.0.0.1."),
        *("169.254.169.254", "[fe80::1]", "[64:ff9b::7f00:1]", "0", "00.0.0.0", "1.2.3.4.5", "256.1.1.1"),
    ],
)
def test_a_url_to_this_machine_is_refused_in_every_dress(host: str) -> None:
    with pytest.raises((OutboundRefused, OutboundFailed)) as refused:
        fetch(f"http://{host}/", is_local=False)
    assert isinstance(refused.value, OutboundRefused) or "not known" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "picture.png", "//pictures.example/a.png", "ftp://pictures.example/a.png", "file:///etc/passwd"),
        *(
            "data:image/png;base64,AAAA",
            "gopher://127.0.0.1/",
            "http://",
            "https:///a.png",
            "http://a b/",
            "http://[::1",
        ),
        *("http://user@pictures.example/", "http://user:secret@pictures.example/", "http://pictures.example:8080/"),
        *("https://pictures.example:6379/", "http://pictures.example:22/", "https://pictures.example/" + "a" * 9000),
    ],
)
def test_a_url_that_needs_no_look_up_to_be_refused(url: str) -> None:
    names = Names({})
    with pytest.raises(OutboundRefused):
        fetch_public(url, into=io.BytesIO(), max_bytes=1, timeout_seconds=5, resolve=names)
    assert names.asked == []


def test_link_local_stays_refused_where_private_addresses_are_allowed() -> None:
    for host in ("169.254.169.254", "[fe80::1]", "0.0.0.0", "224.0.0.1"):
        with pytest.raises(OutboundRefused):
            fetch(f"http://{host}/")
