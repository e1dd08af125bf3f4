"""Every letter there is, in text and in HTML, with the worst names that people can have."""

import html
import re
from collections.abc import Iterable
from datetime import datetime
from email import message_from_string
from email.policy import default
from typing import Final

import pytest
from django.conf import settings
from django.core import mail
from django.urls import resolve

from apps.mail import letterhead, letters, sending
from apps.mail.models import Letter
from config.env import ROOT

FOLDER: Final = ROOT / "templates" / "email"
BASES: Final = {"base", "buyers"}
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.txt") if path.stem not in BASES)
HOSTILE: Final = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "lines": "Acme\r\nBcc: everyone@acme.example\r\n\r\n<h1>Hello</h1>",
    "separators": "Acme\x85Bcc: a@b.example\u2028Cc: a@b.example\x0bX: y",
    "nul": "Ac\x00me\x1b[31m",
    "lone surrogate": "Ac\ud800me",
    "right to left": "שלום\u202egnp.exe\u2066",
    "long": "W" * 200,
    "template": "{{ base_url }}{% now 'Y' %}",
    "nothing": "",
}
AMOUNT: Final = 1_234_567
PLAIN: Final[dict[str, letters.Json]] = {
    "currency": "usd",
    "disputed_currency": "jpy",
    "is_whole": True,
    "is_automatic": False,
    "bought_on": "2026-11-21",
    "page": "https://easel.example/books",
    "receipt_url": "https://pay.example/r",
    "invoice_url": "https://pay.example/i",
}


def context(template: str, name: str) -> dict[str, letters.Json]:
    """What a template asks for: amounts and addresses where its words end so, and the hostile name for every text."""
    source = (FOLDER / f"{template}.txt").read_text() + (FOLDER / "buyers.txt").read_text()
    values: dict[str, letters.Json] = dict.fromkeys(re.findall(r"\b[a-z_]+\b", source), name)
    for word in values:
        if word.endswith(("_mc", "_minor")):
            values[word] = AMOUNT
        elif word.endswith(("page", "url")):
            values[word] = f"https://easel.example/{word}"
    return {**values, **PLAIN, "lines": [name, "a line"]}


def test_every_letter_has_both_forms() -> None:
    assert sorted(path.stem for path in FOLDER.glob("[!_]*.html") if path.stem not in BASES) == NAMES
    assert {"test", "alarm", "purchase_paid"} <= set(NAMES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("template", NAMES)
def test_no_name_does_harm(template: str, name: str, now: datetime) -> None:
    assert letters.post(key="k", template=template, to="a@b.example", context=context(template, name), now=now)

    letter = Letter.objects.get()
    assert letter.subject
    assert len(letter.subject) <= letters.LONGEST_SUBJECT
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", letter.subject)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", letter.text + letter.html)
    assert not re.search(r"<script|<img|<h1>Hello", letter.html)
    assert "&lt;" not in letter.text
    assert "\n\n\n" not in letter.text
    assert letter.text.count("\n--\n") == 1

    assert sending.send_due(clock=lambda: now) == 1
    [sent] = mail.outbox
    parsed = message_from_string(sent.message().as_string(), policy=default)
    assert {name for name, _ in parsed.items()} == {
        *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("template", NAMES)
def test_both_forms_tell_the_same_facts(template: str, now: datetime) -> None:
    """Each fact has a value of its own; what one form mentions, the other does, and both lead to the same pages."""
    values = context(template, "")
    for number, (word, value) in enumerate(values.items(), 701):
        if value == "":
            values[word] = f"{word} & söhne"
        elif value == AMOUNT:
            values[word] = number * (100 if word.endswith("_minor") else 1000)
    values["resets"] = values.get("resets", "") and "2026-12-01"
    letters.post(key="k", template=template, to="a@b.example", context=values, now=now)
    letter = Letter.objects.get()
    body = re.sub(r"<(head|style)\b.*?</\1>|</?bdi>", "", letter.html, flags=re.DOTALL)
    shown = f"{letter.subject}\n{html.unescape(re.sub(r'<[^>]+>', ' ', body))}"
    text = f"{letter.subject}\n{letter.text}"
    words = [str(value) for value in values.values() if isinstance(value, str) and not value.startswith("http")]
    facts = [*words, *(str(number) for number in range(701, 701 + len(values)))]
    assert facts_in(text, facts) == facts_in(shown, facts)
    assert set(re.findall(r"https?://\S+", text)) == {
        *re.findall(r'href="([^"]+)"', letter.html),
        *re.findall(r"https?://\S+", shown),
    }
    assert "Sent " in letter.text  # why, and to whom


def facts_in(text: str, facts: Iterable[str]) -> set[str]:
    return {fact for fact in facts if fact and re.search(rf"(?<![\w,.]){re.escape(fact)}(?!\w|,\d)", text)}


@pytest.mark.django_db
def test_every_page_that_letters_lead_to_is_there() -> None:
    parts = {"workspace": "018f0000-0000-7000-8000-000000000000", "purchase": "purchase_1"}
    assert "books" in letterhead.current().pages
    for name in letterhead.current().pages:
        address = letterhead.page(name, **parts)
        assert address.startswith(settings.EASEL_BASE_URL)
        assert resolve(address.removeprefix(settings.EASEL_BASE_URL).partition("?")[0])
