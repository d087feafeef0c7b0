"""Refusing to serve in the wrong clothes: as superuser or owner of the tables, or in production with the demo's things.

Asked when a process opens its first connection, whatever process it is, and once more by the web server and the
workers before they take work. Only commands that work as the owner (pv.ops.owner) connect without being asked.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from pv.core.roles import role
from pv.ops.owner import is_owner
from pv.patients.vault import problems_of_keys

log = logging.getLogger(__name__)

SHORTEST_KEY = 50

_unasked: ContextVar[bool] = ContextVar("pv_unasked", default=False)

ROLE = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
               AND pg_has_role(r.oid, c.relowner, 'MEMBER')),
       (SELECT count(*) FROM pg_roles AS o WHERE o.rolname = ANY (%s) AND pg_has_role(r.oid, o.oid, 'SET'))
FROM pg_roles AS r WHERE r.rolname = session_user
"""
DEMO_ROWS = (
    ("accounts_user", "SELECT EXISTS (SELECT FROM accounts_user WHERE is_demo AND is_active)"),
    ("core_clockshift", "SELECT EXISTS (SELECT FROM core_clockshift WHERE shift <> '0')"),
)
WORDS = {
    "accounts_user": "Users of the demo are active in this database; production has no room for them.",
    "core_clockshift": "The clock of this database is shifted; only the demo may do so (manage.py demo_clock --reset).",
}


def problems_of_settings() -> list[str]:
    """What production refuses before it has asked the database."""
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on: it shows code and settings to visitors.")
    if settings.DEMO:
        found.append("PV_DEMO is set: the demo's accounts have a known password.")
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_KEY or "demo-only" in key or "test-only" in key:
        found.append(f"SECRET_KEY is the demo's or shorter than {SHORTEST_KEY} characters.")
    return found + problems_of_keys(settings.VAULT_KEYS, settings.VAULT_INDEX_KEY)


def problems_of_role(raw: Any) -> list[str]:
    """What is wrong with the log-in of this connection (psycopg's own, so that nothing else is disturbed)."""
    wanted = [role("clock"), role("sealer")]
    name, superuser, bypasses, owns, steps_into = raw.execute(ROLE, [wanted]).fetchone()
    found = []
    if superuser:
        found.append(f"{name} is a superuser: it reads every organisation's rows. Name the role app in DATABASE_URL.")
    elif bypasses:
        found.append(f"{name} may bypass row-level security. Name the role app in DATABASE_URL.")
    elif owns:
        found.append(f"{name} owns the tables: only migrations work as the owner. Name the role app in DATABASE_URL.")
    if steps_into < len(wanted):
        found.append(f"{name} may not step into {' and '.join(wanted)}: run manage.py prepare_database.")
    return found


def problems_of_rows(raw: Any) -> list[str]:
    """What the demo left in a database that production was pointed at."""
    found = []
    for table, question in DEMO_ROWS:
        if raw.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone()[0] is None:
            continue  # not migrated yet
        if raw.execute(question).fetchone()[0]:
            found.append(WORDS[table])
    return found


def refuse_wrong_role(sender: object = None, connection: Any = None, **more: Any) -> None:
    """Look at a connection just opened; close it and raise ImproperlyConfigured when it must not serve."""
    if connection is None or is_owner() or _unasked.get():
        return
    found = problems_of_role(connection.connection)
    if settings.PRODUCTION:
        found += problems_of_settings() + problems_of_rows(connection.connection)
    if found:
        connection.close()
        raise ImproperlyConfigured(" ".join(found))


@contextmanager
def unasked() -> Iterator[None]:
    """Connect without being refused: for the checks that list what is wrong instead."""
    token = _unasked.set(True)
    try:
        yield
    finally:
        _unasked.reset(token)
        connection.close()


def refuse_to_serve() -> None:
    """Before a server or worker takes work. A database that is away is waited for, and asked when it comes."""
    if settings.PRODUCTION and (found := problems_of_settings()):
        raise ImproperlyConfigured(" ".join(found))
    try:
        connection.ensure_connection()
    except OperationalError as error:
        log.warning("the database is away: %s", error)
    finally:
        connection.close()


def connect() -> None:
    connection_created.connect(refuse_wrong_role, dispatch_uid="pv.ops.startup.refuse_wrong_role")
