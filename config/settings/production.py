"""Production: secrets from the environment or from files, TLS in front, no demo of any kind."""

from config.settings import env
from config.settings.base import *  # noqa: F403 - a settings leaf is its base plus a few lines

SECRET_KEY = env.read("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
PRODUCTION = True
# A process refuses to start when one of these is set (pv.ops.startup).
DEBUG = env.flag("DEBUG")
DEMO = env.flag("PV_DEMO")

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True
