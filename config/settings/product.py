"""What is Easel's own: limits, and values that the edges hand to the domain."""

from config.settings.environment import ENV, ROOT

EASEL_HOME = ENV.home
EASEL_BASE_URL = ENV.base_url
EASEL_ISSUER = [line.strip() for line in ENV.issuer.split("|") if line.strip()] or ["Easel"]
EASEL_PORT = ENV.port
EASEL_TRUSTED_PROXIES = ENV.trusted_proxies
EASEL_CATALOG_FOLDER = ROOT / "apps" / "catalog" / "data"
EASEL_USD_PER_CREDIT = ENV.usd_per_credit
EASEL_MARGIN_FLOOR_PERCENT = ENV.margin_floor_percent
EASEL_MAX_UPLOAD_BYTES = ENV.max_upload_bytes
EASEL_MAX_OUTPUT_BYTES = ENV.max_output_bytes
EASEL_MAX_OPEN_JOBS = ENV.max_open_jobs
EASEL_REQUESTS_PER_MINUTE = ENV.requests_per_minute
EASEL_SIGN_INS_PER_MINUTE = ENV.sign_ins_per_minute
EASEL_ALLOW_PRIVATE_URLS = ENV.allow_private_urls
EASEL_COMMUNITY_URL = ENV.community_url
EASEL_SIGNED_URL_SECONDS = 3600
EASEL_SIGN_UP_CREDITS = 200  # USD 1 at USD 0.005 a credit (catalogue units)
EASEL_TWO_PERSON_CREDITS = ENV.two_person_credits
EASEL_IS_FAKE_STRIPE = ENV.fake_stripe
