"""Django's settings, all from `environment`."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict

from assay.node import environment, logs
from assay.node.environment import Environment

ASSAY: Final = environment.read(os.environ)


def databases(given: Environment) -> dict[str, dict[str, Any]]:
    """Return what Django calls DATABASES: one, through a pool that looks at a connection before it hands it out."""
    known = conninfo_to_dict(given.database_url) if given.database_url else {"dbname": "assay"}
    named = {ours: str(known.pop(libpqs, "") or "") for ours, libpqs in _NAMES.items()}
    # A little more than threads: the metrics page and a slow answer must not starve the rest.
    pool = {"min_size": 1, "max_size": given.web_threads + 4, "timeout": 5, "max_idle": 300}
    options = {"connect_timeout": 5, **known, "pool": pool}
    return {
        "default": {"ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True, "OPTIONS": options, **named}
    }


def _mail(given: Environment) -> dict[str, Any]:
    """Return Django's settings of the mail server."""
    parts = urlsplit(given.mail_url)
    is_tls = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or (465 if is_tls else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": is_tls,
        "EMAIL_TIMEOUT": 10,
    }


_NAMES: Final = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}

# --- apps: our own first, so that their templates win ----------------------------------------------------------

INSTALLED_APPS = [
    "assay.node.serving",
    "assay.node.pages",
    "assay.node.api",
    "assay.node.portal",
    "assay.node.partnering",
    "assay.node.telling",
    "assay.node.leads",
    "assay.node.access",
    "assay.node.live",
    "assay.node.rulebook",
    "assay.node.intake",
    "assay.node.lake",
    "assay.node.arrivals",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "assay.node.health.requests.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "assay.node.access.admission.AdmissionMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it replaces the answer of the log-in page
]
ROOT_URLCONF = "assay.node.urls"
WSGI_APPLICATION = "assay.node.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "assay.node.pages.navigation.navigation",
            ]
        },
    }
]

# --- where and with what ----------------------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = ASSAY.secret_key
DATABASES = databases(ASSAY)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = [ASSAY.host, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [ASSAY.address]
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # files are served from the installed packages; nothing is collected
WHITENOISE_MAX_AGE = 300
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 << 20
FILE_UPLOAD_HANDLERS = [
    "assay.node.arrivals.bounds.BoundedUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
SILENCED_SYSTEM_CHECKS = ["templates.W003"]

# --- who ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses before a password is looked at
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "assay.node.access.entrance.Entrance"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # with the second factor, where there is one
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]  # keys and passkeys need scripts
MFA_TOTP_ISSUER = "Assay"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # who was invited by a link has the address
# Tries for one user from anywhere, and for anybody from one address; the closer watch is kept below.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,50/h/key"}
# Five wrong passwords for one user from one address: a quarter of an hour of rest. Successes are not written down.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "access/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "assay.node.access.callers.typed_name"
AXES_CLIENT_IP_CALLABLE = "assay.node.access.callers.address"

# --- how browsers are held to the rules -----------------------------------------------------------------------------

SESSION_COOKIE_AGE = 14 * 86400
SESSION_COOKIE_NAME = "__Host-assay" if ASSAY.is_https else "assay"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ASSAY.is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-assay-csrf" if ASSAY.is_https else "assay-csrf"
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 86400 if ASSAY.is_https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ASSAY.is_behind_proxy else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # the picture that a second factor is read from
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- logs ---------------------------------------------------------------------------------------------------------

LOGGING = logs.settings()

# --- mail ---------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ASSAY.mail_url else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ASSAY.mail_from
globals().update(_mail(ASSAY))
