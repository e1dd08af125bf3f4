"""Saying of a picture: this one."""

from datetime import datetime

from apps.library.models import Asset


def keep(*, asset: Asset, is_kept: bool, now: datetime) -> None:
    """Mark a picture as chosen, or take that back. A second call changes nothing: the first moment stands."""
    if is_kept:
        Asset.objects.filter(pk=asset.pk, kept_at=None).update(kept_at=now)
    else:
        Asset.objects.filter(pk=asset.pk).update(kept_at=None)
    asset.refresh_from_db(fields=["kept_at"])
