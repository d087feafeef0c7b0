"""Every table is declared, and the database keeps what the declaration promises."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

DECLARED = {"TenantTable", "LedgerTable", "OperationalTable", "GlobalTable", "Trail"}


def rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


TABLES = """SELECT c.relname, coalesce(obj_description(c.oid), ''), c.relrowsecurity, c.relforcerowsecurity,
                   EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organisation_id')
            FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            AND NOT c.relispartition"""


def test_every_table_is_declared() -> None:
    undeclared = [name for name, comment, *_ in rows(TABLES) if comment not in DECLARED]
    assert undeclared == []


def test_every_table_with_an_organisation_is_under_forced_row_level_security() -> None:
    open_ones = [name for name, _, on, forced, has in rows(TABLES) if has and not (on and forced)]
    assert open_ones == []


def test_the_tests_connect_as_app_and_app_is_nobody_special() -> None:
    assert rows(
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ) == [("pv_app", False, False, False)]
