"""Celery wakes workers; the truth is in the rows."""

from celery.schedules import crontab

from config.settings import environment

REDIS_URL = environment.REDIS_URL
EASEL_QUEUES = ("providers", "pictures")  # apps/jobs/dispatch.py says what each is for; a test compares
EASEL_BROKER_SOCKET = environment.BROKER_SOCKET
CELERY_BROKER_URL = ("redis+socket" + REDIS_URL.removeprefix("unix")) if REDIS_URL.startswith("unix://") else REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    # A request does not wait for a broker that is away (by default 6 s): its message is only a hint.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A broker that was away is asked again; tasks under way are ours to finish, their rows say what was done.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_DEFAULT_QUEUE = "providers"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "jobs.sweep", "schedule": 5.0, "options": {"queue": "providers", "expires": 5}},
    "expire-credits": {
        "task": "jobs.expire_credits",
        "schedule": 300.0,
        "options": {"queue": "providers", "expires": 300},
    },
    "measure": {"task": "jobs.measure", "schedule": 3600.0, "options": {"queue": "providers", "expires": 3600}},
    "handle-events": {
        "task": "billing.handle_events",
        "schedule": 60.0,
        "options": {"queue": "providers", "expires": 60},
    },
    "sweep-purchases": {
        "task": "billing.sweep_purchases",
        "schedule": 60.0,
        "options": {"queue": "providers", "expires": 60},
    },
    "prune-letters": {
        "task": "mail.prune",
        "schedule": crontab(hour=4, minute=47),
        "options": {"queue": "providers", "expires": 12 * 3600},
    },
    "send-letters": {"task": "mail.send", "schedule": 60.0, "options": {"queue": "providers", "expires": 60}},
    "handle-notices": {
        "task": "billing.handle_notices",
        "schedule": 5.0,
        "options": {"queue": "providers", "expires": 5},
    },
    "lapse-requests": {
        "task": "billing.lapse_requests",
        "schedule": 3600.0,
        "options": {"queue": "providers", "expires": 3600},
    },
    "sweep-top-ups": {
        "task": "billing.sweep_top_ups",
        "schedule": 60.0,
        "options": {"queue": "providers", "expires": 60},
    },
    "check-books": {
        "task": "billing.check_books",
        "schedule": crontab(hour=3, minute=17),
        "options": {"queue": "providers", "expires": 12 * 3600},
    },
    "prune-billing": {
        "task": "billing.prune",
        "schedule": crontab(hour=4, minute=37),
        "options": {"queue": "providers", "expires": 12 * 3600},
    },
    "report-dead": {
        "task": "billing.report_dead",
        "schedule": 600.0,
        "options": {"queue": "providers", "expires": 600},
    },
}
