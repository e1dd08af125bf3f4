"""Logs: one line an event, with the request id; JSON for collectors when asked."""

import logging

import structlog
from structlog.typing import Processor

from config.settings.environment import ENV

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def _has_cause(record: logging.LogRecord) -> bool:
    return record.exc_info is not None


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"has_cause": {"()": "django.utils.log.CallbackFilter", "callback": _has_cause}},
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer()
            if ENV.log_json
            else structlog.dev.ConsoleRenderer(colors=False),
            "foreign_pre_chain": _SHARED,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": ENV.log_level},
    "loggers": {
        # A line for each request is ours to write (config/request_ids.py): Django adds tracebacks.
        "django.request": {"filters": ["has_cause"]},
        "django.server": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
    },
}
