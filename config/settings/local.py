"""The demo and a developer's own machine: made-up people, mails caught locally."""

from config.settings import env
from config.settings.base import *  # noqa: F403 - a settings leaf is its base plus a few lines

SECRET_KEY = env.read("SECRET_KEY", "demo-only-key-that-production-refuses-to-start-with")
# In the open, so refused by production; `make demo` makes its own (config/run/demo.py).
VAULT_KEYS = env.read("PV_VAULT_KEYS", "demo-0:ZGVtby1vbmx5LWtleS1vZi10aGUtdmF1bHQtMzItYnk=")
VAULT_INDEX_KEY = env.read("PV_VAULT_INDEX_KEY", "demo-0:ZGVtby1vbmx5LWluZGV4LW9mLXRoZS12YXVsdC0zMi0=")
