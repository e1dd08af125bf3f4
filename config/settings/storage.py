"""Where files lie. Pictures: a bucket when the environment names one, else the disk; the same code above both."""

from typing import Any

from config.settings.environment import ENV

_DISK: dict[str, Any] = {  # Django's own shape
    "BACKEND": "apps.library.storage.SignedFileSystemStorage",
    "OPTIONS": {"location": ENV.home / "media", "base_url": "/files/"},
}
_BUCKET: dict[str, Any] = {  # Django's own shape
    "BACKEND": "apps.library.buckets.BucketStorage",
    "OPTIONS": {
        "bucket_name": ENV.s3_bucket,
        "endpoint_url": ENV.s3_endpoint_url or None,
        "region_name": ENV.s3_region,
        "access_key": ENV.s3_access_key.get_secret_value() or None,
        "secret_key": ENV.s3_secret_key.get_secret_value() or None,
        "addressing_style": "path" if ENV.s3_endpoint_url else "auto",
    },
}

STORAGES = {
    "default": _BUCKET if ENV.s3_bucket else _DISK,
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if ENV.static_root
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
STATIC_ROOT = ENV.static_root or None
WHITENOISE_USE_FINDERS = not ENV.static_root  # from the source tree: nothing to build before a first start
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # larger uploads go to a file, never to memory
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000  # JSON bodies with data URIs
