"""Commands that migrate, load reference data or shift the demo's clock connect as the owner, all others as app."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

_owner: ContextVar[bool] = ContextVar("pv_connected_as_owner", default=False)


def is_owner() -> bool:
    """Whether this is the inside of connected_as_owner()."""
    return _owner.get()


@contextmanager
def connected_as_owner() -> Iterator[None]:
    """Point the default connection at DATABASE_OWNER_URL for the time of a command."""
    if not settings.DATABASE_OWNER:
        raise CommandError("Set DATABASE_OWNER_URL: this command works as the owner of the tables.")
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(settings.DATABASE_OWNER)
    token = _owner.set(True)
    try:
        yield
    finally:
        _owner.reset(token)
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(kept)
