"""Writing letters: rendered at once and kept in the caller's transaction, so that a letter is true or is not there."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template import Context, engines
from django.template.backends.django import DjangoTemplates

from apps.mail import dispatch, letterhead
from apps.mail.models import Letter

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

LONGEST_SUBJECT: Final = 150
LONGEST_ADDRESS: Final = 254  # source: RFC 5321, erratum 1690
_NO_ADDRESS: Final = "This is not an address."
_SUBJECT: Final = "Subject: "
# Line breaks and other control characters, and those that turn the direction of the text after them.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_BLANKS: Final = re.compile(r"\n{3,}")

log = structlog.get_logger(__name__)


def post(*, key: str, template: str, to: str, context: Mapping[str, Json], now: datetime) -> bool:
    """Write a letter and have it sent once this transaction has committed; tell whether this call wrote it.

    ``key`` names the fact and the reader, in at most 200 characters: with a key that was used before nothing is
    written. ``template`` is the name of ``templates/email/<template>.txt``, whose first line is ``Subject: …``, and of
    the ``.html`` that says the same. They see ``context``, in which every string is one line (control characters become
    blanks), and ``base_url``. Several lines are a list.

    A letter to what is no address is kept, never sent, and reported in the log: the caller's fact is true all the same.
    """
    if Letter.objects.filter(key=key).exists():
        return False
    values = {
        **{name: _in_one_line(value) for name, value in context.items()},
        "base_url": letterhead.current().base_url,
    }
    subject, text = _split(_render(f"email/{template}.txt", values, is_html=False))
    html = _render(f"email/{template}.html", {**values, "subject": subject}, is_html=True)
    address = str(_in_one_line(to)).strip()
    fault = _fault_of(to)
    letter = Letter(
        key=key,
        to=address[:LONGEST_ADDRESS],
        template=template,
        subject=subject,
        text=text,
        html=html,
        created_at=now,
        due_at=None if fault else now,
        last_error=fault,
    )
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    if not Letter.objects.filter(pk=letter.pk).exists():
        return False
    if fault:
        log.error("letter_without_address", letter=str(letter.pk), template=template)
    else:
        dispatch.wake()
    return True


def _render(name: str, values: Mapping[str, Json], *, is_html: bool) -> str:
    """Fill in a template; in text nothing is escaped."""
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)
    return engine.engine.get_template(name).render(Context(dict(values), autoescape=is_html))


def _split(rendered: str) -> tuple[str, str]:
    """Part the subject, which is the first line, from the text."""
    first, _, rest = rendered.lstrip().partition("\n")
    assert first.startswith(_SUBJECT), "the first line of a letter is its subject"
    subject = " ".join(first.removeprefix(_SUBJECT).split())
    if len(subject) > LONGEST_SUBJECT:
        subject = f"{subject[: LONGEST_SUBJECT - 1].rstrip()}…"
    lines = "\n".join(line.rstrip() for line in rest.splitlines())
    return subject, _BLANKS.sub("\n\n", lines).strip() + "\n"


def _in_one_line(value: Json) -> Json:
    match value:
        case str():
            return _CONTROL.sub(" ", value)
        case list():
            return [_in_one_line(one) for one in value]
        case dict():
            return {name: _in_one_line(one) for name, one in value.items()}
    return value


def _fault_of(to: str) -> str:
    """Say what is wrong with an address; nothing is wrong with a good one."""
    try:
        validate_email(to)
    except ValidationError:
        return _NO_ADDRESS
    return _NO_ADDRESS if len(to) > LONGEST_ADDRESS else ""
