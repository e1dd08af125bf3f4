"""Saying of a picture: this one; and taking it back."""

from datetime import datetime, timedelta
from io import BytesIO

from apps.accounts.tenancy import Workspace
from apps.library.keeping import keep
from apps.library.models import Asset
from apps.library.uploads import receive
from tests.jobs.scripted import png


def build_asset(workspace: Workspace, now: datetime) -> Asset:
    return receive(
        workspace=workspace, file=BytesIO(png()), name="a.png", created_by_id=None, now=now, max_bytes=1_000_000
    )


def test_the_first_moment_stands_until_it_is_taken_back(acme: Workspace, now: datetime) -> None:
    asset, other = build_asset(acme, now), build_asset(acme, now)
    assert asset.kept_at is None
    keep(asset=asset, is_kept=True, now=now)
    assert asset.kept_at == now
    keep(asset=asset, is_kept=True, now=now + timedelta(hours=1))
    assert Asset.objects.get(pk=asset.pk).kept_at == asset.kept_at == now
    keep(asset=asset, is_kept=False, now=now)
    keep(asset=asset, is_kept=False, now=now)
    assert Asset.objects.get(pk=asset.pk).kept_at is None
    keep(asset=asset, is_kept=True, now=now + timedelta(hours=2))
    assert Asset.objects.get(pk=asset.pk).kept_at == now + timedelta(hours=2)
    assert Asset.objects.get(pk=other.pk).kept_at is None
