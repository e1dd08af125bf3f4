"""Cookies, transport, passwords, content security policy."""

from csp.constants import NONCE, NONE, SELF

from config.settings.environment import ENV

_HTTPS = ENV.base_url.startswith("https://")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [ENV.base_url]
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
X_FRAME_OPTIONS = "DENY"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Where signed addresses of pictures point to, when they lie in a bucket.
_AMAZON = [f"https://{ENV.s3_bucket}.s3.amazonaws.com", f"https://{ENV.s3_bucket}.s3.{ENV.s3_region}.amazonaws.com"]
_BUCKET = ([ENV.s3_endpoint_url] if ENV.s3_endpoint_url else _AMAZON) if ENV.s3_bucket else []

# Browsers ask it of every address a form is sent on to, too: the pages that buyers pay on and keep their card on.
_CHECKOUT = (
    [ENV.stripe_api_base] if ENV.stripe_api_base else ["https://checkout.stripe.com", "https://billing.stripe.com"]
)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *_BUCKET],
        "media-src": [SELF, "blob:", *_BUCKET],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *_CHECKOUT],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
