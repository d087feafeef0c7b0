"""How a table is declared: one migration operation adds keys, policy, grants and history (design decision 1).

`TenantTable`       rows of one organisation, changed by services, with history
`LedgerTable`       rows of one organisation, written once, never changed: their own history
`OperationalTable`  rows of one organisation that machines write (alarms, notices), without history
`GlobalTable`       rows of no organisation (log-ins, calendar days)

A test reads the catalogue and refuses a table that none of them declared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from pv.core.roles import role

PUBLIC = "00000000-0000-0000-0000-000000000000"
READ = "organisation_id = ANY ((SELECT core_organisations())::uuid[])"
# The public register is written by its owner alone, whatever a session claims to be.
WRITE = f"organisation_id = (SELECT core_organisation()) AND organisation_id <> '{PUBLIC}'"


@dataclass(frozen=True)
class _Declared:
    table: str
    parents: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    app: str = "SELECT, INSERT, UPDATE"
    clock: str = ""
    sealer: str = ""


def _grants(it: _Declared) -> list[str]:
    wanted = {"app": it.app, "clock": it.clock, "sealer": it.sealer}
    return [f"GRANT {verbs} ON {it.table} TO {role(name)}" for name, verbs in wanted.items() if verbs]


def _policies(it: _Declared) -> list[str]:
    """Row-level security, forced: the owner too needs a policy, and says so."""
    sql = [
        f"ALTER TABLE {it.table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {it.table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {it.table} TO {role('app')} USING ({READ}) WITH CHECK ({WRITE})",
        f"CREATE POLICY migrations ON {it.table} TO {role('owner')} USING (true) WITH CHECK (true)",
    ]
    if "DELETE" in it.app:  # USING alone would let a reader of several organisations delete in each of them
        sql.append(f"CREATE POLICY own_only ON {it.table} AS RESTRICTIVE FOR DELETE TO {role('app')} USING ({WRITE})")
    if it.clock:
        sql.append(f"CREATE POLICY clock ON {it.table} TO {role('clock')} USING (true) WITH CHECK (true)")
    if it.sealer:
        sql.append(f"CREATE POLICY sealer ON {it.table} TO {role('sealer')} USING (true) WITH CHECK (true)")
    return sql


def _keys(it: _Declared) -> list[str]:
    """Composite foreign keys, so that a child cannot name another holder's parent; shared ones may be public."""
    sql = [
        f"ALTER TABLE {it.table} ADD CONSTRAINT {it.table}_organisation_exists FOREIGN KEY (organisation_id) "
        f"REFERENCES accounts_organisation (id)"
    ]
    for column, parent in it.parents.items():
        sql += [
            f"CREATE UNIQUE INDEX IF NOT EXISTS {parent}_of_organisation ON {parent} (organisation_id, id)",
            f"ALTER TABLE {it.table} ADD CONSTRAINT {it.table}_{column}_same_organisation "
            f"FOREIGN KEY (organisation_id, {column}) REFERENCES {parent} (organisation_id, id)",
            f"CREATE INDEX {it.table}_{column}_idx ON {it.table} (organisation_id, {column})",
        ]
    for column, parent in it.shared.items():
        sql += [
            f"ALTER TABLE {it.table} ADD CONSTRAINT {it.table}_{column}_exists "
            f"FOREIGN KEY ({column}) REFERENCES {parent} (id)",
            f"CREATE INDEX {it.table}_{column}_idx ON {it.table} (organisation_id, {column})",
            f"CREATE TRIGGER {it.table}_{column}_own_or_public BEFORE INSERT OR UPDATE OF {column}, organisation_id "
            f"ON {it.table} FOR EACH ROW WHEN (NEW.{column} IS NOT NULL) "
            f"EXECUTE FUNCTION core_own_or_public('{column}', '{parent}')",
        ]
    return sql


def _fixed(table: str, columns: Sequence[str]) -> list[str]:
    """An identity never changes: history follows a row by it."""
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return [
        f"CREATE TRIGGER {table}_identity_is_fixed BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({changed}) "
        f"EXECUTE FUNCTION core_refuse('the identity of a row never changes')"
    ]


def _history(table: str) -> list[str]:
    spec = {
        "INSERT": "REFERENCING NEW TABLE AS new_rows",
        "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
        "DELETE": "REFERENCING OLD TABLE AS old_rows",
    }
    sql = [
        f"CREATE TRIGGER {table}_history_{verb.lower()} AFTER {verb} ON {table} {transition} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION audit_{verb.lower()}()"
        for verb, transition in spec.items()
    ]
    return [
        *sql,
        f"CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION core_refuse('rows of record are never truncated')",
    ]


def _append_only(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION core_refuse('a ledger is only ever added to')"
    ]


class _TableOperation(Operation):
    """Runs the SQL that declares a table; the table itself was made by CreateModel just before."""

    reversible = True
    elidable = False

    def __init__(self, table: str, **options: Any) -> None:
        self.declared = _Declared(table, **options)
        self._constructor_args = ((table,), options)

    def statements(self) -> list[str]:
        raise NotImplementedError

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__name__, self._constructor_args[0], self._constructor_args[1]

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models are as CreateModel left them."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in [*self.statements(), f"COMMENT ON TABLE {self.declared.table} IS '{type(self).__name__}'"]:
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """DeleteModel drops the table with everything that hangs on it."""

    def describe(self) -> str:
        return f"Declare {self.declared.table} as {type(self).__name__}"


class TenantTable(_TableOperation):
    """Rows of one organisation, with history.

    parents: column -> table of the same organisation; shared: column -> table whose row may also be public;
    app, clock, sealer: what these roles may do.
    """

    def statements(self) -> list[str]:
        it = self.declared
        fixed = _fixed(it.table, ["id", "organisation_id"])
        return [*_policies(it), *_grants(it), *_keys(it), *fixed, *_history(it.table)]


class LedgerTable(_TableOperation):
    """Rows of one organisation, only ever added to, by whatever role."""

    def __init__(self, table: str, **options: Any) -> None:
        super().__init__(table, **{"app": "SELECT, INSERT"} | options)
        self._constructor_args = ((table,), options)

    def statements(self) -> list[str]:
        it = self.declared
        return [*_policies(it), *_grants(it), *_keys(it), *_append_only(it.table), *_history(it.table)]


class OperationalTable(_TableOperation):
    """Rows of one organisation that the tick and the sender write; hot, without history."""

    def statements(self) -> list[str]:
        it = self.declared
        return [*_policies(it), *_grants(it), *_keys(it)]


class GlobalTable(_TableOperation):
    """Rows of no organisation. `history=True` keeps their changes too."""

    def __init__(self, table: str, *, history: bool = False, **options: Any) -> None:
        super().__init__(table, **options)
        self.history = history
        self._constructor_args = ((table,), options | ({"history": True} if history else {}))

    def statements(self) -> list[str]:
        it = self.declared
        return [*_grants(it), *([*_fixed(it.table, ["id"]), *_history(it.table)] if self.history else [])]
