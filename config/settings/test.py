"""Tests: cheap hashes, mails kept in memory, one database cloned per worker (tests/conftest.py)."""

from config.settings import base
from config.settings.base import *  # noqa: F403 - a settings leaf is its base plus a few lines

SECRET_KEY = "test-only-key-that-production-refuses-to-start-with"  # noqa: S105 - not a secret
VAULT_KEYS = "test-0:dGVzdC1vbmx5LWtleS1vZi10aGUtdmF1bHQtMzItYnk="
VAULT_INDEX_KEY = "test-0:dGVzdC1vbmx5LWluZGV4LW9mLXRoZS12YXVsdC0zMi0="
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = base.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
DATABASES = {"default": base.DATABASES["default"] | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}}
WHITENOISE_AUTOREFRESH = True  # static files come from where they are written; nobody collects them for a test
