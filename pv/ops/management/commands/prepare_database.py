"""Make the roles and the database; a second run changes nothing but passwords that differ."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg import sql

from pv.core.roles import role


def _connect(target: dict[str, Any], database: str) -> psycopg.Connection:
    try:
        return psycopg.connect(
            host=target["HOST"] or None,
            port=target["PORT"] or None,
            user=target["USER"],
            password=target["PASSWORD"] or None,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )
    except psycopg.OperationalError as error:
        raise CommandError(f"The database server does not let the administrator in: {error}") from error


class Command(BaseCommand):
    """Connects as DATABASE_ADMIN_URL, or as the owner where that one may create roles."""

    help = "Makes the database and its roles (owner, app, clock, sealer). Idempotent."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        admin = settings.DATABASE_ADMIN or settings.DATABASE_OWNER
        owner, app = settings.DATABASE_OWNER, settings.DATABASES["default"]
        if not admin or not owner:
            raise CommandError("Set DATABASE_OWNER_URL, and DATABASE_ADMIN_URL where the owner may not create roles.")
        for name, target in (("owner", owner), ("app", app)):
            if target["USER"] != role(name):
                raise CommandError(f"The {name}'s log-in must be {role(name)} (PV_ROLE_PREFIX), not {target['USER']}.")
        with _connect(admin, admin["NAME"]) as connection:
            self._roles(connection, owner["PASSWORD"], app["PASSWORD"])
            self._database(connection, owner["NAME"])
        with _connect(admin, owner["NAME"]) as connection:
            self._schema(connection)
        self.stdout.write(f"Database {owner['NAME']} and its roles are ready.")

    def _roles(self, connection: psycopg.Connection, owner_password: str, app_password: str) -> None:
        plain = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"
        for name, password in (("owner", owner_password), ("app", app_password), ("clock", None), ("sealer", None)):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role(name)]).fetchone()
            log_in = sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("NOLOGIN")
            connection.execute(
                sql.SQL("{} ROLE {} WITH {} {}").format(
                    sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(role(name)), sql.SQL(plain), log_in
                )
            )
        # app may step into clock and sealer, and inherits nothing of theirs; the owner may step down to app, which
        # seed_demo does to write a made-up past under row-level security.
        for name, member in (("clock", "app"), ("sealer", "app"), ("app", "owner")):
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                    sql.Identifier(role(name)), sql.Identifier(role(member))
                )
            )
        settings_of_app = {
            "statement_timeout": "30s",
            "lock_timeout": "5s",
            "idle_in_transaction_session_timeout": "60s",
        }
        for key, value in settings_of_app.items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(role("app")), sql.Identifier(key), sql.Literal(value)
                )
            )

    def _database(self, connection: psycopg.Connection, name: str) -> None:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(name), sql.Identifier(role("owner"))
                )
            )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role("app")))
        )

    def _schema(self, connection: psycopg.Connection) -> None:
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(role("owner"))))
