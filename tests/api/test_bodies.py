"""JSON bodies: what is read, and everything that is not."""

import json
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory, override_settings

from apps.api.bodies import read_object
from apps.api.faults import MalformedRequest, RequestTooLarge, UnsupportedMediaType


def request_with(body: bytes, content_type: str = "application/json") -> HttpRequest:
    return RequestFactory().generic("POST", "/v1/jobs/flux_pro", body, content_type=content_type)


def test_an_object_is_read() -> None:
    body = {"prompt": "naïve 🪁", "n": [1, -2, 3.5, 1e3, True, None], "deep": {"er": {}}}
    assert read_object(request_with(json.dumps(body, ensure_ascii=False).encode())) == body


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_object(request_with(b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}


def test_the_charset_of_json_is_utf_8_whatever_is_said() -> None:
    assert read_object(request_with('{"a": "ä"}'.encode(), "application/json; charset=latin-1")) == {"a": "ä"}


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_no_body_is_an_empty_object(body: bytes) -> None:
    assert read_object(request_with(body, "")) == {}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "not JSON"),
        (b"prompt=kite", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1} {"b": 2}', "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b'{"a": [-Infinity]}', "-Infinity is not a JSON value"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": ' + b"9" * 20 + b"}", "a number is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number is too large"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' is there twice"),
        (b'{"x": {"a": 1, "a": 1}}', "'a' is there twice"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\\u0000"}', "a character that cannot be kept"),
        (b'{"\\u0000": 1}', "a character that cannot be kept"),
        (b'{"a": ["\\ud800"]}', "a character that cannot be kept"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "deeper than 32"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deeper than 32"),
        (b'{"a": ' * 100_000 + b"1" + b"}" * 100_000, "deeper than 32"),
        (b'{"a": [' + b",".join([b"1"] * 20_001) + b"]}", "more than 20,000 values"),
    ],
)
def test_what_is_malformed_is_named(body: bytes, word: str) -> None:
    with pytest.raises(MalformedRequest, match=word):
        read_object(request_with(body))


def test_thirty_levels_are_taken() -> None:
    value: Any = 1
    for _ in range(30):
        value = [value]
    assert read_object(request_with(json.dumps({"a": value}).encode())) == {"a": value}


def test_a_long_text_is_taken_up_to_the_limit() -> None:
    text = "x" * 10_000_000
    assert read_object(request_with(json.dumps({"prompt": text}).encode())) == {"prompt": text}


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_past_the_limit_it_is_too_large() -> None:
    assert read_object(request_with(b'{"a": "' + b"x" * 91 + b'"}')) == {"a": "x" * 91}
    with pytest.raises(RequestTooLarge):
        read_object(request_with(b'{"a": "' + b"x" * 92 + b'"}'))


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_only_json_is_read(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_object(request_with(b'{"a": 1}', content_type))
