"""The headers of a job: durations, preferences, amounts."""

from datetime import timedelta

import pytest

from apps.api.faults import Faults
from apps.api.job_headers import Preference, read_headers, read_preference
from apps.ids import to_public, uuid7


@pytest.mark.parametrize(
    ("text", "preference", "applied"),
    [
        ("", Preference(), None),
        ("wait=10", Preference(10), "wait=10"),
        ("WAIT = 10", Preference(10), "wait=10"),
        ('wait="10"', Preference(10), "wait=10"),
        ("wait=10; foo=bar", Preference(10), "wait=10"),
        ("return=minimal, wait=5, respond-async", Preference(5, is_async=True), "wait=5"),
        ("wait", Preference(60), "wait=60"),
        ("wait=600", Preference(60), "wait=60"),
        ("wait=0", Preference(0), "wait=0"),
        ("wait=5, wait=9", Preference(5), "wait=5"),
        ("respond-async", Preference(is_async=True), "respond-async"),
        ("wait=-1", Preference(), None),
        ("wait=soon", Preference(), None),
        ("wait=" + "9" * 5000, Preference(), None),
        (",,;=", Preference(), None),
    ],
)
def test_preferences_are_read_and_never_refused(text: str, preference: Preference, applied: str | None) -> None:
    assert read_preference(text) == preference
    assert preference.applied == applied


def test_every_header_is_read() -> None:
    quote_id, faults = uuid7(), Faults()
    headers = read_headers(
        {
            "Prefer": "wait=3",
            "Idempotency-Key": "order 66",
            "X-Max-Credits": "10.6",
            "X-Quote-Id": to_public("quote", quote_id),
            "Cancel-After": "1h30m",
        },
        faults,
    )
    assert not faults
    assert headers.preference.wait_seconds == 3
    assert (headers.key, headers.max_mc, headers.quote_id) == ("key:order 66", 10_600, quote_id)
    assert headers.cancel_after == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("text", "patience"),
    [
        ("90", timedelta(seconds=90)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        (" 5S ", timedelta(seconds=5)),
    ],
)
def test_cancel_after_is_a_time(text: str, patience: timedelta) -> None:
    faults = Faults()
    assert read_headers({"Cancel-After": text}, faults).cancel_after == patience
    assert not faults


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "x" * 201),
        ("Idempotency-Key", "schlüssel"),
        ("Idempotency-Key", "a\x00b"),
        ("X-Max-Credits", ""),
        ("X-Max-Credits", "-1"),
        ("X-Max-Credits", "1.2345"),
        ("X-Max-Credits", "NaN"),
        ("X-Max-Credits", "1e3"),
        ("X-Max-Credits", "9" * 400),
        ("X-Quote-Id", "quote_1"),
        ("X-Quote-Id", to_public("job", uuid7())),
        ("Cancel-After", ""),
        ("Cancel-After", "4s"),
        ("Cancel-After", "8d"),
        ("Cancel-After", "soon"),
        ("Cancel-After", "1s1m"),
        ("Cancel-After", "999999d"),
        ("Cancel-After", "-5m"),
    ],
)
def test_what_cannot_be_read_is_a_fault(name: str, text: str) -> None:
    faults = Faults()
    read_headers({name: text}, faults)
    assert [(fault["path"], fault["code"]) for fault in faults.fields] == [(name, "invalid_header")]
