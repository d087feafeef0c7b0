"""The database's roles. Nobody serves as superuser or owner; design decision 4."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import connection, transaction

NAMES = ("owner", "app", "clock", "sealer")

_taken: ContextVar[str] = ContextVar("pv_role", default="")


def role(name: str) -> str:
    """The role's full name in this installation, ready for SQL: prefix and name are plain identifiers."""
    if name not in NAMES:
        raise ValueError(name)
    full = f"{settings.ROLE_PREFIX}_{name}"
    if not full.isidentifier() or not full.islower():
        raise ValueError(f"PV_ROLE_PREFIX must be a short lower-case word, not {settings.ROLE_PREFIX!r}")
    return full


@contextmanager
def as_role(name: str) -> Iterator[None]:
    """Take a role that app may step into (clock, sealer) for the rest of this transaction, and step out on leaving."""
    before = _taken.get()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role(name)}")
        token = _taken.set(name)
        try:
            yield
        finally:
            _taken.reset(token)
        # On an error the savepoint's rollback has put the role back already.
        cursor.execute(f"SET LOCAL ROLE {role(before)}" if before else "RESET ROLE")
