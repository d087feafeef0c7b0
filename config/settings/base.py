"""What holds everywhere. The leaves (local, test, production) are thin."""

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from config.settings import env

BASE_DIR = Path(__file__).resolve().parents[2]
RUN_DIR = Path(env.read("PV_RUN_DIR", str(BASE_DIR / ".run")))
FIXTURES_DIR = BASE_DIR / "fixtures"

DEBUG = False
PRODUCTION = False
DEMO = env.flag("PV_DEMO")
DEMO_PATIENTS = int(env.read("PV_DEMO_PATIENTS", "300"))
EXTERNAL_URL = env.read("PV_EXTERNAL_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the default one would put its own admin site in place of ours
    "unfold.contrib.filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "pv.web.apps.AdminConfig",
    "django_htmx",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "csp",
    "django.forms",
    "pv.core",
    "pv.audit",
    "pv.accounts",
    "pv.deadlines",
    "pv.notices",
    "pv.terminology",
    "pv.products",
    "pv.patients",
    "pv.obligations",
    "pv.followup",
    "pv.biosamples",
    "pv.safety",
    "pv.web",
    "pv.api",
    "pv.ops",
]

MIDDLEWARE = [
    "pv.web.middleware.RequestIdMiddleware",
    "pv.ops.middleware.MetricsMiddleware",
    "pv.api.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "pv.web.middleware.AdminPolicyMiddleware",
    "pv.web.middleware.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "pv.accounts.middleware.ContextMiddleware",
    "pv.web.middleware.ReaderLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "pv.web.context_processors.frame",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- database: the context middleware opens the transaction (design decision 3), so ATOMIC_REQUESTS stays off
DATABASES = {
    "default": {
        **env.database(env.read("DATABASE_URL", "postgresql://pv_app@localhost/pv")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"]["OPTIONS"],
    "connect_timeout": "5",
    "application_name": env.read("PV_PROCESS", "pv"),
    "options": "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
}
# The owner migrates and loads reference data; the administrator makes roles and database. Neither ever serves.
DATABASE_OWNER = env.database(url) if (url := env.read("DATABASE_OWNER_URL", "")) else {}
DATABASE_ADMIN = env.database(url) if (url := env.read("DATABASE_ADMIN_URL", "")) else {}
ROLE_PREFIX = env.read("PV_ROLE_PREFIX", "pv")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- log-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["pv.accounts.backends.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# How many proxies stand in front: only they may say where a request came from.
PROXIES = int(env.read("PV_PROXIES", "0"))
LOGIN_URL = "web:login"
LOGIN_REDIRECT_URL = "web:due"
LOGOUT_REDIRECT_URL = "web:login"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "pv.web.views.errors.stale_form"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- the vault of identifiers (pv.patients.vault): "id:base64 of 32 bytes", several with commas, the first one writes
VAULT_KEYS = env.read("PV_VAULT_KEYS", "")
VAULT_INDEX_KEY = env.read("PV_VAULT_INDEX_KEY", "")

# --- languages: both are complete; a person's own choice wins over the browser's
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
FORMAT_MODULE_PATH = ["config.formats"]

# --- files
STATIC_URL = "static/"
STATIC_ROOT = Path(env.read("PV_STATIC_ROOT", str(RUN_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- mail
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.read("EMAIL_HOST", "localhost")
EMAIL_PORT = int(env.read("EMAIL_PORT", "25"))
EMAIL_HOST_USER = env.read("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.read("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.read("DEFAULT_FROM_EMAIL", "tracker@tracker.example")
MAIL_DIR = RUN_DIR / "mail"  # the demo's catcher writes here, and a page reads it

# --- Celery: Redis wakes us, it never knows anything PostgreSQL does not
CELERY_BROKER_URL = env.read("REDIS_URL", "redis://localhost:6379/0")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "health_check_interval": 10,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
}
CELERY_VISIBILITY_TIMEOUT = 600
CELERY_TIMEZONE = "UTC"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE_FILENAME = str(RUN_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "pv.notices.tasks.tick", "schedule": 60.0, "options": {"expires": 55}},
    "send": {"task": "pv.notices.tasks.send", "schedule": 10.0, "options": {"expires": 9}},
    "seal": {"task": "pv.audit.tasks.seal", "schedule": 60.0, "options": {"expires": 55, "queue": "bulk"}},
    "beat": {"task": "pv.notices.tasks.heartbeat", "schedule": 30.0, "options": {"expires": 25}},
    # At night in China; one that was not run is made good by the next, since rows stand 400 days ahead.
    "plan visits": {
        "task": "pv.followup.tasks.plan",
        "schedule": crontab(hour=19, minute=0),
        "options": {"queue": "bulk"},
    },
}

# --- history: the head of every seal is logged, and appended to this file, which should stand on another machine
AUDIT_HEADS_FILE = env.read("PV_AUDIT_HEADS_FILE", "")

# --- REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "pv.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "pv.api.pagination.Cursor",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "pv.api.schema.Described",
    "EXCEPTION_HANDLER": "pv.api.problems.handle",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTO_REFRESH": False}
TOKENS_FOR_ONE_PERSON = 20
SPECTACULAR_SETTINGS = {
    "TITLE": "Pharmacovigilance tracker",
    "DESCRIPTION": "Obligations, studies and every deadline behind them, for the organisations one works for.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "pv.api.schema.describe_refusals",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AuthorisationKind": "pv.products.models.Authorisation.Kind",
        "AuthorisationStatus": "pv.products.models.Authorisation.Status",
        "Certainty": "pv.products.models.Authorisation.Certainty",
        "StudyKind": "pv.products.models.Study.Kind",
        "ObligationKind": "pv.obligations.models.Obligation.Kind",
        "ObligationState": "pv.obligations.models.Obligation.State",
        "MilestoneKind": "pv.obligations.models.Milestone.Kind",
        "ChangeKind": "pv.obligations.models.ObligationChange.What",
        "OrganisationKind": "pv.accounts.models.Organisation.Kind",
        "Progress": "pv.obligations.rules.Progress",
        "Basis": "pv.deadlines.models.Basis",
        "Tone": "pv.deadlines.models.Rung.Tone",
        "Outcome": "pv.deadlines.models.Deadline.Outcome",
        "YesNo": "pv.terminology.clinical.YesNo",
        "KnownTo": "pv.core.partial_columns.KnownTo",
        "ReportSource": "pv.terminology.clinical.Source",
        "EventKind": "pv.terminology.clinical.EventKind",
        "EventOutcome": "pv.terminology.clinical.Outcome",
        "Causality": "pv.terminology.clinical.Causality",
        "PatientState": "pv.patients.models.Patient.State",
        "InboxKind": "pv.safety.models.InboxItem.Kind",
        "InboxState": "pv.safety.models.InboxItem.State",
        "CaseState": "pv.safety.models.Case.State",
        "VisitState": "pv.followup.models.Visit.State",
        "RecordKind": "pv.followup.models.VisitRecord.Kind",
        "SpecimenState": "pv.biosamples.models.Specimen.State",
        "SamplingRequestState": "pv.biosamples.models.SamplingRequest.State",
        "Temperature": "pv.biosamples.models.Temperature",
        "CustodyWhat": "pv.biosamples.models.CustodyEvent.What",
    },
}

# --- headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# --- admin: the portal's colours, navigation by room
UNFOLD = {
    "SITE_TITLE": _("PV tracker"),
    "SITE_HEADER": _("PV tracker"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "pv.web.admin_frame.icon"}],
    "SITE_SYMBOL": "clinical_notes",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "pv.web.admin_frame.language_address"},
    "STYLES": ["pv.web.admin_frame.style_sheet"],
    "SIDEBAR": {"navigation": "pv.web.admin_frame.navigation"},
    "COLORS": {
        "primary": {
            "50": "#eff7f7",
            "100": "#e1eeee",
            "200": "#c0dedd",
            "300": "#93c8c7",
            "400": "#57a6a8",
            "500": "#2b8388",
            "600": "#0d5c63",
            "700": "#0b4d53",
            "800": "#0b4045",
            "900": "#0a3438",
            "950": "#06272a",
        },
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "pv.ops.logs.RequestIdFilter"}},
    "formatters": {"json": {"()": "pv.ops.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would mail a fault with its local variables to the administrators.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["console"], "propagate": False},
    },
}
