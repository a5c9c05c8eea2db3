"""Settings: from the environment (and a `.env` file), read once. docs/settings.md lists every variable.

Three ways to run: unset `DEBUG` is an installation on this machine (its own secret key, loopback hosts); `DEBUG=1` is
the same with technical error pages; `DEBUG=0` is production and demands `SECRET_KEY` and `ALLOWED_HOSTS`.
"""

from __future__ import annotations

import logging
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from summarizer import logs
from summarizer.engines.catalog import Catalog
from summarizer.env import Env
from summarizer.errors import InvalidInput
from summarizer.local import local_secret_key, local_socket
from summarizer.transcripts import cookies

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env.load(BASE_DIR / ".env")

# -- where it runs

VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"), "Folder for the database, the key and the embedded broker."))
# Not HOST: some systems export that with the machine's name, which would open the app to the network unasked.
BIND_ADDRESS = env.text("BIND_ADDRESS", "127.0.0.1", "Where `make run` listens. 0.0.0.0: on every address.")
PORT = env.integer("PORT", 8000, "Port of `make run`. 0: any free one.", low=0, high=65_535)
_debug = env.flag("DEBUG", None, "1: technical error pages. 0: production. Empty: a local installation.")
DEBUG = bool(_debug)
PRODUCTION = _debug is False

SECRET_KEY = env.text("SECRET_KEY", "", "Signs sessions. Demanded in production; made and kept in VAR_DIR otherwise.")
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", (), "Host names that are served, with commas. Demanded in production.")
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS", (), "Origins such as https://example.org, with commas.")
if PRODUCTION and not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. In production (DEBUG=0) write a long random value.")
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set. In production (DEBUG=0) write the host names to serve.")
OWN_SECRET_KEY = not SECRET_KEY
try:
    SECRET_KEY = SECRET_KEY or local_secret_key(VAR_DIR)
except OSError as error:
    raise ImproperlyConfigured(f"{VAR_DIR} cannot be written: {error.strerror}. Choose one with VAR_DIR=…") from error
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "accounts",
    "batches",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "csp",
]

MIDDLEWARE = [
    "summarizer.middleware.request_ids",
    "summarizer.health.probes",
    "django.middleware.security.SecurityMiddleware",
    "summarizer.staticfiles.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.track_sessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "summarizer.middleware.permissions_policy",
]

ROOT_URLCONF = "summarizer.urls"
ASGI_APPLICATION = "summarizer.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# -- database

_sqlite_url = f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES = {"default": env.database("DATABASE_URL", _sqlite_url, "postgres://… replaces the embedded SQLite.")}
SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
SLOTS = env.integer("SLOTS", 16, "Videos worked on at once by one worker process: its threads.", low=1, high=256)
if SQLITE:
    DATABASES["default"]["ENGINE"] = "summarizer.sqlite"
    # Measured under six processes: 0 “database is locked”; with the defaults 9,998 in ten seconds.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000;"
            "PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=67108864;"
        ),
    }
else:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": SLOTS + 8, "timeout": 20}}
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # the pool keeps them
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # and hands out none that was cut while nobody used it
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Redis: broker, channel layer and cache

REDIS_URL = env.text("REDIS_URL", "", "redis://host:6379/0 replaces the embedded broker.")
REDIS_PREFIX = env.text(
    "REDIS_PREFIX", "ys", "What all keys begin with. Another installation on the same Redis needs another."
)
EMBEDDED_BROKER = not REDIS_URL
BROKER_SOCKET = local_socket(VAR_DIR)
_redis_url = REDIS_URL or f"unix://{BROKER_SOCKET}?db=0"

CHANNEL_LAYERS = {
    "default": {
        # The core layer loses events and never recovers from a broker restart; docs/adr/0004.
        "BACKEND": "summarizer.channel_layer.GroupLayer",
        "CONFIG": {"hosts": [_redis_url], "prefix": f"{REDIS_PREFIX}:asgi"},
    }
}
CACHES = {
    "default": {
        "BACKEND": "summarizer.cache.ForgivingRedisCache",
        "LOCATION": _redis_url,
        "KEY_PREFIX": REDIS_PREFIX,
        # Longer than a healthy server ever takes; a hung one must not hang the pages.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}?virtual_host=0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_connections": 200,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "retry_on_timeout": True,
    # A publish must fail at once when the broker is away: the sweeper rings again, nobody waits.
    "max_retries": 0,
    "global_keyprefix": f"{REDIS_PREFIX}:",
    # A message that its worker has taken is not kept in Redis as well: what is lost, the sweeper rings for again.
    "ack_emulation": False,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = SLOTS
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_DB_REUSE_MAX = 10_000 if SQLITE else None  # reconnecting around each task costs 3 ms on SQLite
CELERY_TIMEZONE = "UTC"

SWEEP_SECONDS = env.number("SWEEP_SECONDS", 5, "How often forgotten work is looked for, in seconds.", low=0.2, high=60)
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "batches.tasks.sweep", "schedule": SWEEP_SECONDS}}
CELERY_BEAT_SCHEDULER = "batches.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# -- batches

BATCH_MAX_VIDEOS = env.integer("BATCH_MAX_VIDEOS", 10_000, "Most videos in one batch.", low=1, high=100_000)
CHANNEL_NEWEST = env.integer(
    "CHANNEL_NEWEST", 100, "Videos taken of a channel when nobody says how many.", low=1, high=100_000
)
BATCH_LANES_MAX = env.integer(
    "BATCH_LANES_MAX", 16, "Most videos of one batch at once. 1: one by one.", low=1, high=256
)
LINKS_PER_CHAIN = env.integer("LINKS_PER_CHAIN", 10, "Videos per Celery chain before it starts anew.", low=1, high=100)
LEASE_SECONDS = env.number("LEASE_SECONDS", 30, "A worker unheard for so long loses its videos.", low=1, high=600)
HEARTBEAT_SECONDS = env.number("HEARTBEAT_SECONDS", 2, "How often a worker says it lives.", low=0.1, high=60)
ITEM_DEADLINE_SECONDS = env.number("ITEM_DEADLINE_SECONDS", 1800, "Longest time for one video.", low=5, high=86_400)
SHUTDOWN_GRACE_SECONDS = env.number("SHUTDOWN_GRACE_SECONDS", 5, "Time for videos to end at a stop.", low=0, high=3600)
MAX_LOSSES = env.integer("MAX_LOSSES", 10, "Workers one video may lose before it fails.", low=1, high=100)
MAX_DEFERRALS = env.integer("MAX_DEFERRALS", 12, "How often a video may wait before it fails.", low=1, high=1000)
USER_ACTIVE_BATCHES = env.integer(
    "USER_ACTIVE_BATCHES", 20, "Active batches a user may have. 0: any.", low=0, high=10_000
)
USER_DAILY_VIDEOS = env.integer("USER_DAILY_VIDEOS", 0, "Videos a user may add in 24 hours. 0: any.", low=0, high=10**7)
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", 5 * 2**20, "Largest uploaded file, in bytes.", low=1024, high=2**30)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * UPLOAD_MAX_BYTES
DATA_UPLOAD_MAX_NUMBER_FILES = 1000

# -- YouTube and the engines

YOUTUBE_TIMEOUT = env.number("YOUTUBE_TIMEOUT", 20, "Seconds YouTube may take for one answer.", low=1, high=300)
YOUTUBE_PROXY_URL = env.text("YOUTUBE_PROXY_URL", "", "http://… or socks5h://… for requests to YouTube.")
YOUTUBE_PROXY_ADDRESSES = env.integer(
    "YOUTUBE_PROXY_ADDRESSES",
    1,
    "For a rotating YOUTUBE_PROXY_URL: addresses that may refuse a request before that counts as a block.",
    low=1,
    high=20,
)
YOUTUBE_BASE_URL = env.text("YOUTUBE_BASE_URL", "", "Replaces https://www.youtube.com: a reverse proxy, or a stand-in.")
YOUTUBE_COOKIES_FILE = env.file("YOUTUBE_COOKIES_FILE", "Cookies of a YouTube account (Netscape format), for yt-dlp.")
if YOUTUBE_COOKIES_FILE:
    try:
        cookies.read(YOUTUBE_COOKIES_FILE)
    except InvalidInput as error:
        raise ImproperlyConfigured(f"YOUTUBE_COOKIES_FILE: {error}") from error
YOUTUBE_PER_HOUR = env.integer(
    "YOUTUBE_PER_HOUR",
    0 if YOUTUBE_PROXY_URL else 300,
    "Transcripts fetched an hour by the whole installation; 0: no limit, the default behind YOUTUBE_PROXY_URL.",
    low=0,
    high=1_000_000,
)
YOUTUBE_BURST = env.integer("YOUTUBE_BURST", 10, "Transcripts fetched at once before that pace.", low=1, high=10_000)
YOUTUBE_BACK_OFF = env.number(
    "YOUTUBE_BACK_OFF", 1, "Factor on the waits after a block: 1, 2, 5 … 30 min.", low=0, high=9
)
YOUTUBE_BLOCK_HOURS = env.number("YOUTUBE_BLOCK_HOURS", 6, "Blocked so long, waiting videos fail.", low=0, high=1000)
CAPTION_LANGUAGES = env.listing("CAPTION_LANGUAGES", (), "Preferred caption languages in order, such as en,de.")
DEFAULT_MODEL = env.text("DEFAULT_MODEL", "", "Engine or engine:model when none is chosen.")
ANTHROPIC_API_KEY = env.text("ANTHROPIC_API_KEY", "", "Key for the anthropic engine.")
ANTHROPIC_BASE_URL = env.text("ANTHROPIC_BASE_URL", "", "Another address for the Anthropic API.")
OPENAI_API_KEY = env.text("OPENAI_API_KEY", "", "Key for the openai engine. Any value for servers without keys.")
OPENAI_BASE_URL = env.text("OPENAI_BASE_URL", "", "Another address for the OpenAI API, such as a local server.")
ENGINE_CONCURRENCY = {
    "anthropic": env.integer("ANTHROPIC_CONCURRENCY", 0, "Videos at Anthropic at once. 0: no limit.", low=0, high=1000),
    "openai": env.integer("OPENAI_CONCURRENCY", 0, "Videos at OpenAI at once. 0: no limit.", low=0, high=1000),
}
CATALOG_FILE = env.file("CATALOG_FILE", "A TOML file that adds models and prices; docs/models.md.")
try:
    Catalog.load(override=CATALOG_FILE)
except InvalidInput as error:
    raise ImproperlyConfigured(f"CATALOG_FILE: {error}") from error
MONTHLY_BUDGET = env.dollars("MONTHLY_BUDGET", "US dollars the installation may spend on models a month. 0: any.")
MONTHLY_BUDGET_USER = env.dollars("MONTHLY_BUDGET_USER", "US dollars one user may spend on models a month. 0: any.")
ENGINE_TIMEOUT = env.number("ENGINE_TIMEOUT", 300, "Seconds one call of a model may take in all.", low=1, high=3600)

if HEARTBEAT_SECONDS * 2 > LEASE_SECONDS:
    raise ImproperlyConfigured(
        f"HEARTBEAT_SECONDS is {HEARTBEAT_SECONDS:g}, LEASE_SECONDS {LEASE_SECONDS:g}. Write a lease of at least two "
        "heartbeats, or workers lose what they work on."
    )
if ENGINE_TIMEOUT >= ITEM_DEADLINE_SECONDS:
    raise ImproperlyConfigured(
        f"ENGINE_TIMEOUT is {ENGINE_TIMEOUT:g}, ITEM_DEADLINE_SECONDS {ITEM_DEADLINE_SECONDS:g}. Write a longer time "
        "for one video than for one call of a model."
    )

# -- accounts

AUTH_USER_MODEL = "accounts.User"
SIGNUP = env.choice("SIGNUP", "first", ("first", "open"), "first: only the first account may sign up. open: anybody.")
API_TOKEN_DAYS = env.integer("API_TOKEN_DAYS", 7, "Days a token from /api/auth/login lives.", low=1, high=3650)
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "accounts.forms.LogInForm",
    "signup": "accounts.forms.SignUpForm",
    "change_password": "accounts.forms.PasswordForm",
}
ACCOUNT_SESSION_REMEMBER = True
LOGIN_FAILED_SECONDS = 300
ACCOUNT_RATE_LIMITS = {"login_failed": f"10/m/ip,5/{LOGIN_FAILED_SECONDS}s/key"}  # the others are allauth's own
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, "Reverse proxies in front that add X-Forwarded-For.", low=0, high=9)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # no mail server is needed; docs/adr/0006
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# -- API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,  # unset, DRF would believe any X-Forwarded-For
    "EXCEPTION_HANDLER": "summarizer.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "YouTube Summarizer",
    "DESCRIPTION": "Batches of YouTube videos in, one trustworthy summary per video out.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "BatchStatus": "batches.models.Batch.Status",
        "ItemStatus": "batches.models.Item.Status",
        "SummaryLength": "summarizer.records.LENGTHS",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# -- security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
HTTPS = bool(env.flag("HTTPS", PRODUCTION, "1 behind a TLS proxy: secure cookies, HSTS, redirect to https."))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
_hsts_subdomains = bool(
    env.flag("HSTS_SUBDOMAINS", True, "0 where other names below this host's are served without https.")
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS and _hsts_subdomains
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]

# -- static files, language, time, logs

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static"), "Where collectstatic puts its files."))
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "webp", "gz", "woff2", "map"]  # small already, or for debuggers
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "summarizer.staticfiles.StaticStorage"
    },
}
LANGUAGE_CODE = "en"
# English for now. A further language is a line here and a file in locale/: docs/adr/0012-translation.md
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

METRICS_TOKEN = env.text("METRICS_TOKEN", "", "Bearer token that opens /metrics to Prometheus. Empty: no such page.")
LOG_LEVEL = env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error"), "How much is logged.").upper()
LOG_FORMAT = env.choice(
    "LOG_FORMAT",
    "json" if PRODUCTION else "line",
    ("json", "line"),
    "json: an object a line, as when DEBUG=0. line: text.",
)
_keys = [SECRET_KEY, ANTHROPIC_API_KEY, OPENAI_API_KEY, METRICS_TOKEN]
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL, [*_keys, str(DATABASES["default"].get("PASSWORD", ""))])
logging.captureWarnings(PRODUCTION)  # they are lines of the log like any other
