"""All settings, from the environment (`.env.example` lists them), checked loudly."""

import contextlib
import socket
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from livechat.database import database
from livechat.env import (
    BadSetting,
    env_bool,
    env_int,
    env_list,
    env_private_key,
    env_secret,
    env_str,
    run_dir,
    var_dir,
)
from livechat.lib import limits
from livechat.lib.static_files import static_headers
from livechat.supervise.instance import running_instance
from livechat.supervise.redis_server import redis_url

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = var_dir()
RUN_DIR = run_dir(VAR_DIR)

# Where the site is reached -----------------------------------------------------

PORT = env_int("PORT", 8000, low=0, high=65535)
BIND = env_str("BIND", "127.0.0.1")


def _own_origins() -> list[str]:
    """The addresses under which a browser reaches this machine without SITE_URL.

    The first is the one that `READY` names, so that commands print the same.
    A command of the shell that names no port means the instance that runs.
    """
    instance = None if env_str("PORT") else running_instance(VAR_DIR)
    port = (urlsplit(instance.url).port if instance else None) or PORT
    ready = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(BIND, BIND)  # noqa: S104 - compared, not bound
    hosts = [f"[{ready}]" if ":" in ready else ready]
    hosts += [host for host in ("127.0.0.1", "localhost", "[::1]") if host not in hosts]
    if ready != BIND:
        hosts += [socket.gethostname().lower(), *_lan_addresses()]
    return [f"http://{host}" + (f":{port}" if port != 80 else "") for host in hosts]


def _lan_addresses() -> list[str]:
    """This machine's addresses: what its name means, and where it speaks from."""
    try:
        _, _, addresses = socket.gethostbyname_ex(socket.gethostname())
    except OSError:
        addresses = []
    # Many systems let the name mean 127.0.1.1. A route is looked up, nothing is sent.
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))
        addresses.append(asked.getsockname()[0])
    return list(dict.fromkeys(addresses))


def _checked_origins(urls: list[str], name: str = "SITE_URL") -> list[str]:
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
            raise BadSetting(
                f"{name}: expected addresses like https://chat.example.org, "
                f"without a path, got {url!r}."
            )
    return urls


SITE_ORIGINS = frozenset(_checked_origins(env_list("SITE_URL", _own_origins())))
SITE_URL = next(iter(env_list("SITE_URL", _own_origins())))
ALLOWED_HOSTS = sorted(
    host if ":" not in (host := urlsplit(origin).hostname or "") else f"[{host}]"
    for origin in SITE_ORIGINS
)
CSRF_TRUSTED_ORIGINS = sorted(SITE_ORIGINS)
HTTPS = SITE_URL.startswith("https://")

# Django ------------------------------------------------------------------------

SECRET_KEY = env_secret("SECRET_KEY", VAR_DIR / "secret_key")
DEBUG = env_bool("DEBUG", False)

INSTALLED_APPS = [
    "livechat.apps.LivechatAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "livechat.push",
    "media",
    "chat",
    "search",
    "assistant",
    "studio",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "livechat.lib.http.security_headers",
    "livechat.lib.languages.in_language_of_browser",
    "livechat.lib.http.known_host",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "livechat.lib.http.no_nul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.http.in_own_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.devices.note_devices",
    "accounts.http.first_run",
    "livechat.lib.http.words_in_pages",
    "livechat.lib.http.storage_away",
    "livechat.lib.http.other_method",
]

ROOT_URLCONF = "livechat.urls"
ASGI_APPLICATION = "livechat.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.http.community",
            ],
            "builtins": ["django.templatetags.i18n", "livechat.lib.icons"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "fragments",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "livechat.lib.jinja.environment"},
    },
]

# What is said outside of a request is English: it may be meant for many people.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# Named, so that they win over those of libraries; the first wins over the others.
LOCALE_PATHS = [BASE_DIR / app / "locale" for app in ("livechat", "accounts", "chat")]
# For whoever has chosen none, and whose browser asks for none of these.
SITE_LANGUAGE = env_str("SITE_LANGUAGE", LANGUAGE_CODE)
if SITE_LANGUAGE not in dict(LANGUAGES):
    codes = " or ".join(dict(LANGUAGES))
    raise BadSetting(f"SITE_LANGUAGE: expected {codes}, got {SITE_LANGUAGE!r}.")
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The database: SQLite under var/, or PostgreSQL by DATABASE_URL ------------------

DATABASES = {"default": database(env_str("DATABASE_URL", "sqlite://"), VAR_DIR)}

# What log-ins must remember (tries, used codes), shared by all web processes. Not in
# Redis: people log in while it is away, and emptying it must forget nothing.
CACHES = {
    "default": {
        "BACKEND": "accounts.remembered.SharedCache",
        "LOCATION": "accounts_remembered",
        "OPTIONS": {"MAX_ENTRIES": limits.REMEMBERED_MAX},
    }
}

# Redis: private under var/, or REDIS_URL ------------------------------------------

# A command of the shell finds the private Redis of the running instance.
REDIS_URL = env_str("REDIS_URL", "") or redis_url(VAR_DIR)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "livechat"},
    }
}

# People ---------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignUpForm",
    "add_email": "accounts.forms.ChangeEmailForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "accounts.models.display_name_of"
ACCOUNT_EMAIL_VERIFICATION = env_str("EMAIL_VERIFICATION", "none")
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.mfa.CodeForm",
    "reauthenticate": "accounts.mfa.ConfirmCodeForm",
    "add_webauthn": "accounts.mfa.AddPasskeyForm",
    "authenticate_webauthn": "accounts.mfa.SecondProofForm",
    "login_webauthn": "accounts.mfa.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.mfa.ConfirmPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a site without mail confirms no address
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}  # people of one house share an address
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
# Browsers give passkeys over https and on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
PASSWORD_RESET_TIMEOUT = 3600
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": limits.PASSWORD_MIN_LENGTH},
    },
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation."
        "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
]

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_FAILURE_VIEW = "livechat.lib.http.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = env_int("GATEWAY_TRUSTED_PROXIES", 0, low=0, high=10)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

EMAIL_URL = env_str("EMAIL_URL", "")
ACCOUNT_EMAIL_NOTIFICATIONS = bool(EMAIL_URL)  # of a new password, passkey, browser
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "livechat <livechat@localhost>")


def _email(url: str) -> tuple[str, str, int, str, str, bool]:
    """Mail by smtp://user:password@host:port (smtps:// for TLS); else the console."""
    parts = urlsplit(url)
    if not url:
        backend = "django.core.mail.backends.console.EmailBackend"
        return backend, "", 25, "", "", False
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadSetting(
            "EMAIL_URL: expected smtp://user:password@host:port, "
            f"got one that begins with {parts.scheme!r}."
        )
    return (
        "django.core.mail.backends.smtp.EmailBackend",
        parts.hostname,
        parts.port or 25,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtps",
    )


(
    EMAIL_BACKEND,
    EMAIL_HOST,
    EMAIL_PORT,
    EMAIL_HOST_USER,
    EMAIL_HOST_PASSWORD,
    EMAIL_USE_SSL,
) = _email(EMAIL_URL)
EMAIL_TIMEOUT = 5

# Notifications on devices: web push ---------------------------------------------

VAPID_PRIVATE_KEY = env_private_key("VAPID_PRIVATE_KEY", VAR_DIR / "vapid_key")
# Whom a push service writes to; some refuse an address that no mail can have.
VAPID_SUBJECT = env_str(
    "VAPID_SUBJECT", SITE_URL if HTTPS else f"mailto:{parseaddr(DEFAULT_FROM_EMAIL)[1]}"
)
PUSH_GATEWAYS = frozenset(
    _checked_origins(env_list("PUSH_GATEWAYS", []), "PUSH_GATEWAYS")
)

# Previews of links -----------------------------------------------------------------

LINK_PREVIEWS = env_bool("LINK_PREVIEWS", True)
LINK_ORIGINS = frozenset(_checked_origins(env_list("LINK_ORIGINS", []), "LINK_ORIGINS"))

# The page ---------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# Rates, raised by benchmarks only -----------------------------------------------

RATE_MESSAGES_BURST = env_int(
    "RATE_MESSAGES_BURST", limits.MESSAGE_BURST, low=1, high=1_000_000
)
RATE_MESSAGES_PER_S = env_int(
    "RATE_MESSAGES_PER_S", int(limits.MESSAGE_RATE_PER_S), low=1, high=1_000_000
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env_str("LOG_LEVEL", "INFO")},
}
