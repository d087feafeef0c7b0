"""The demo and a developer's own machine: made-up people, mails caught locally."""

from config.settings import env
from config.settings.base import *  # noqa: F403 - a settings leaf is its base plus a few lines

SECRET_KEY = env.read("SECRET_KEY", "demo-only-key-that-production-refuses-to-start-with")
