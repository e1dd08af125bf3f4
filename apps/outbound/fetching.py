"""fetch_public(): a file from an address that somebody else chose, without becoming their tool against our network."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import httpx

from apps.errors import DomainError
from apps.outbound.addresses import Resolve, is_disguised, is_public, is_reachable_here, resolve
from apps.outbound.connections import FAULTS, Transport, within

MAX_REDIRECTS = 3
MAX_URL_LENGTH = 8192
CONNECT_SECONDS = 5.0
_HEADERS = {"User-Agent": "Easel", "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f.:]*:[0-9a-f.:]*", re.IGNORECASE)  # a name, or an IPv6 address
_PASSING = frozenset({408, 425, 429})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class OutboundRefused(DomainError):
    """We do not call this address: not public, not plain http or https, or it redirects without end."""

    code = "url_refused"


class OutboundTooLarge(DomainError):
    """The address offers more bytes than we take."""

    code = "url_too_large"


class OutboundFailed(DomainError):
    """The address gave no file. ``is_final``: it said so itself, so asking again is not worth while."""

    code = "url_unreachable"

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched. ``content_type`` is only what the server claims, without parameters, perhaps empty."""

    content_type: str
    size_bytes: int
    final_url: str


def fetch_public(
    url: str,
    *,
    into: IO[bytes],
    max_bytes: int,
    timeout_seconds: float,
    allow_private: bool = False,
    resolve: Resolve = resolve,
) -> Fetched:
    """Write the file at a URL into ``into``; after an error, what stands there is rubbish.

    Only http and https on their own ports, no credentials in the URL, at most three redirects, each looked at anew.
    Every address of the host must be public; what was checked is what is connected to. ``timeout_seconds`` is for
    everything together: names, redirects, a server that dribbles. ``allow_private`` also lets loopback and private
    addresses pass, and any port: for tests, and for pictures on the operator's own network.

    :raises OutboundRefused: we do not go there.
    :raises OutboundTooLarge: more than ``max_bytes``, as announced or as sent.
    :raises OutboundFailed: no file came.
    """

    def find(host: str, port: int, seconds: float) -> Sequence[str]:
        is_allowed = is_reachable_here if allow_private else is_public
        try:
            addresses = resolve(host, port, seconds)
        except OSError as error:
            raise OutboundFailed("The host of this URL is not known.") from error
        if not all(is_allowed(address) for address in addresses):
            raise OutboundRefused("This URL does not lead to a public address.")
        return addresses

    try:
        with within(timeout_seconds), httpx.Client(transport=Transport(find), trust_env=False) as client:
            client.timeout = httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
            return _follow(client, url, into=into, max_bytes=max_bytes, allow_private=allow_private)
    except FAULTS as error:
        raise OutboundFailed(f"No file came from this URL: {_in_words(error)}.") from error


def _follow(client: httpx.Client, url: str, *, into: IO[bytes], max_bytes: int, allow_private: bool) -> Fetched:
    target = _checked(url, allow_private=allow_private)
    for _ in range(MAX_REDIRECTS + 1):
        client.cookies.clear()
        with client.stream("GET", target, headers=_HEADERS) as answer:
            if answer.status_code not in _REDIRECTS:
                return _receive(answer, into=into, max_bytes=max_bytes)
            if "location" not in answer.headers:
                raise OutboundFailed("This URL redirects to nowhere.", is_final=True)
            target = _checked(answer.headers["location"], allow_private=allow_private, base=target)
    raise OutboundRefused(f"This URL redirects more than {MAX_REDIRECTS} times.")


def _checked(url: str, *, allow_private: bool, base: httpx.URL | None = None) -> httpx.URL:
    """Read a URL, from here on only in this form, and refuse what needs no look-up to be refused."""
    if len(url) > MAX_URL_LENGTH:
        raise OutboundRefused(f"A URL may have {MAX_URL_LENGTH} characters.")
    try:
        target = httpx.URL(url) if base is None else base.join(url)
    except (httpx.InvalidURL, UnicodeError) as error:  # idna's faults are UnicodeErrors
        raise OutboundRefused("This is not a URL.") from error
    host = target.raw_host.decode("ascii")
    if target.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        raise OutboundRefused("A URL must begin with https:// or http://.")
    if target.userinfo:
        raise OutboundRefused("A URL must not hold a user name or password.")
    if target.port not in {None, 80, 443} and not allow_private:
        raise OutboundRefused("A URL may name no port other than 80 and 443.")
    if is_disguised(host):
        raise OutboundRefused("An address must be written as four plain numbers.")
    return target


def _receive(answer: httpx.Response, *, into: IO[bytes], max_bytes: int) -> Fetched:
    if answer.status_code != 200:
        is_final = 400 <= answer.status_code < 500 and answer.status_code not in _PASSING
        raise OutboundFailed(f"The server of this URL answers {answer.status_code}.", is_final=is_final)
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise OutboundFailed("The server of this URL packs its answer although we ask it not to.", is_final=True)
    announced = answer.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise OutboundTooLarge(f"A file may have {max_bytes} bytes; this one has {announced}.", max_bytes=max_bytes)
    size = 0
    for part in answer.iter_raw():
        size += len(part)
        if size > max_bytes:
            raise OutboundTooLarge(f"A file may have {max_bytes} bytes; this one has more.", max_bytes=max_bytes)
        into.write(part)
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Fetched(content_type=content_type, size_bytes=size, final_url=str(answer.url))


def _in_words(error: Exception) -> str:
    kind = type(error).__name__
    if "Timeout" in kind:
        return "it took too long"
    return "no connection could be made" if "Connect" in kind else "the server broke off"
