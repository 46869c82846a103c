"""Django settings of a node. Everything that differs between houses comes from the environment or the data folder.

Environment: `YAKUBA_DATABASE_URL` (the owner's URL, used for migrations), `YAKUBA_APP_DATABASE_URL` (the application's
own role; without it the owner's), `YAKUBA_DATA` (data folder), `YAKUBA_SECRET_KEY`.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

PACKAGE = Path(__file__).resolve().parent.parent


def database_from_url(url: str) -> dict[str, object]:
    """Django's database settings of `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("a database URL starts with postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # Pages are cheap to reach on today's disks, and clerks share the cores: no query takes them all for itself.
        # What is prepared is prepared on purpose (`platform.prepared`) and has one plan; Django's statements carry their
        # values in their text and are planned each time.
        "OPTIONS": {
            "options": "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"
            " -c plan_cache_mode=force_generic_plan",
            "prepare_threshold": 5,  # Django's None forbids it even to those who ask for it; its own cursors never prepare
            **dict(parse_qsl(parts.query)),
        },
    }


DATABASES = {
    "default": database_from_url(
        os.environ.get("YAKUBA_APP_DATABASE_URL")
        or os.environ.get("YAKUBA_DATABASE_URL")
        or "postgresql://yakuba@127.0.0.1/yakuba"
    )
}
DATA = Path(os.environ.get("YAKUBA_DATA", "var"))
SECRET_KEY = os.environ.get("YAKUBA_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "ninja",  # its API pages' templates
    "procrastinate.contrib.django",
    "yakuba.platform.profiles",
    "yakuba.platform.history",
    "yakuba.platform.audit",
    "yakuba.platform.events",
    "yakuba.platform.access",
    "yakuba.platform.vault",
    "yakuba.platform.approvals",
    "yakuba.platform.people",
    "yakuba.platform.linkage",
    "yakuba.platform.handover",
    "yakuba.platform.protection",
    "yakuba.platform.retention",
    "yakuba.platform.printing",
    "yakuba.platform.disclosure",
    "yakuba.platform.ledgers",
    "yakuba.platform.jobs",
    "yakuba.systems.residents",
    "yakuba.systems.seals",
    "yakuba.web",
]
AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
MIDDLEWARE = [
    "yakuba.web.middleware.SecurityHeaders",
    "yakuba.web.clean_text.CleanText",
    "yakuba.web.middleware.DeskMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "yakuba.web.urls"
WSGI_APPLICATION = "yakuba.nodes.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["yakuba.web.context.shell"],
            "builtins": ["yakuba.web.templatetags.yakuba"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "ja"
TIME_ZONE = "Asia/Tokyo"
USE_I18N = True
USE_TZ = True
STATIC_URL = "/static/"

CLOCK = "yakuba.platform.clock.SystemClock"  # dotted name of a class, or a Clock: tests and rehearsals
SELF_CHECK_ITEMS = "yakuba.assurance.self_check.items"  # dotted name: what the yearly self-check asks
AUDIT_OUTSIDE = os.environ.get("YAKUBA_AUDIT_OUTSIDE", "")  # folders on other machines for the log's checkpoints
WEBAUTHN_RP_ID = os.environ.get("YAKUBA_WEBAUTHN_RP_ID", "localhost")  # the domain that security keys are bound to
SIGN_IN_COOKIE = "yakuba_session"
TERMINAL_COOKIE = "yakuba_terminal"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "yakuba.web.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Django's own request log quotes exceptions, and with them a person's record: `yakuba.web` logs breakdowns instead.
    "loggers": {"django.request": {"handlers": ["console"], "level": "CRITICAL", "propagate": False}},
}
