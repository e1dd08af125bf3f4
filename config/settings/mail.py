"""How letters leave: by SMTP where a server is named, else they are written to the console."""

from config.settings.environment import ENV

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENV.smtp_host else 'console'}.EmailBackend"
EMAIL_HOST = ENV.smtp_host
EMAIL_PORT = ENV.smtp_port
EMAIL_HOST_USER = ENV.smtp_user
EMAIL_HOST_PASSWORD = ENV.smtp_password.get_secret_value()
EMAIL_USE_TLS = ENV.smtp_tls == "starttls"
EMAIL_USE_SSL = ENV.smtp_tls == "ssl"
EMAIL_TIMEOUT = 15  # seconds, for each step of the conversation
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.mail_from
