"""Old letters lose their words and never their keys."""

from datetime import datetime, timedelta

import pytest

from apps.mail import letters, retention, tasks
from apps.mail.models import Letter

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def post(key: str, *, now: datetime, to: str = "a@b.example") -> bool:
    return letters.post(key=key, template="test", to=to, context={}, now=now)


def test_words_are_cleared_and_keys_stay(now: datetime) -> None:
    for key in ("sent", "young"):
        post(key, now=now if key == "sent" else now + DAY)
    post("refused", now=now, to="nobody")
    post("waits", now=now)
    Letter.objects.filter(key__in=("sent", "young")).update(sent_at=now, due_at=None)

    assert retention.prune(now=now + 90 * DAY) == 0
    assert [retention.prune(now=now + 90.5 * DAY) for _ in range(2)] == [2, 0]
    assert set(Letter.objects.filter(to="", subject="", text="", html="").values_list("key", flat=True)) == {
        "sent",
        "refused",
    }
    assert Letter.objects.get(key="sent").sent_at == now
    assert [post(key, now=now + 91 * DAY) for key in ("sent", "young", "refused", "waits")] == [False] * 4


def test_the_clock_prunes() -> None:
    post("old", now=datetime.fromisoformat("2020-01-01T00:00Z"))
    Letter.objects.update(due_at=None)
    tasks.prune(added_later=True)
    assert Letter.objects.get().text == ""
