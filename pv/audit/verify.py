"""Proof that nobody changed the past: every event's hash, every seal, and every row against its last event.

The canonical form is written out here a second time, with PostgreSQL's own functions only: somebody who replaces the
functions of the trail does not convince this file. Who owns the database can rewrite a whole chain; against that stand
the heads kept outside (`heads`).
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from pv.core.roles import as_role

NAMED = 50
"""So many findings of a kind are named; the rest are counted."""

# Rows of no organisation form a chain of their own.
CHAIN = "coalesce(organisation_id::text, 'installation')"

# ruff: noqa: S608 - every statement is a constant of this file
CHANGED_EVENTS = f"""
SELECT {CHAIN}, table_name, row_id, id FROM audit_event
WHERE hash IS DISTINCT FROM sha256(convert_to(concat(
    'table=', table_name, E'\\naction=', action, E'\\nat=', (extract(epoch FROM at) * 1000000)::bigint,
    E'\\nactor=', actor, E'\\nreason=', to_json(reason), E'\\nrequest=', request, E'\\njob=', to_json(job),
    E'\\ntxid=', txid, E'\\norganisation=', organisation_id, E'\\nrow=', row_id, E'\\nold=', old,
    E'\\nimage=', encode(image_hash, 'hex')), 'UTF8'))
ORDER BY id
"""

# One run of the sealer covers one range of transactions of all organisations; a life is what one server wrote before
# its dump was restored on another (after_id). Every event of a run is read once.
BROKEN_SEALS = f"""
WITH seals AS (
    SELECT *, {CHAIN} AS chain, lag(seal, 1, ''::bytea) OVER w AS seal_before, lag(number, 1, 0::bigint) OVER w AS last
    FROM audit_seal WINDOW w AS (PARTITION BY organisation_id ORDER BY number)),
lives AS (SELECT after_id, lead(after_id) OVER (ORDER BY after_id) AS next FROM audit_seal GROUP BY after_id),
runs AS (
    SELECT DISTINCT s.from_txid, s.to_txid, s.after_id, coalesce(l.next, {2**63 - 1}) AS until_id
    FROM audit_seal AS s JOIN lives AS l USING (after_id)),
events AS (
    SELECT r.from_txid, r.to_txid, r.after_id, e.* FROM runs AS r CROSS JOIN LATERAL (
        SELECT {CHAIN} AS chain, count(*) AS events, string_agg(hash, ''::bytea ORDER BY id) AS hashes
        FROM audit_event WHERE txid >= r.from_txid AND txid < r.to_txid AND id > r.after_id AND id <= r.until_id
        GROUP BY 1) AS e)
SELECT coalesce(s.chain, e.chain), s.number, CASE
    WHEN s.number IS NULL THEN 'its seal is missing'
    WHEN s.number <> s.last + 1 THEN 'the seals before it are missing'
    WHEN e.events IS DISTINCT FROM s.events THEN
        format('it covered %%s events, now there are %%s', s.events, coalesce(e.events, 0))
    ELSE 'it no longer fits its events or the seal before it' END
FROM seals AS s FULL JOIN events AS e USING (from_txid, to_txid, after_id, chain)
WHERE s.number IS NULL OR s.number <> s.last + 1 OR e.events IS DISTINCT FROM s.events
    OR s.seal IS DISTINCT FROM sha256(s.seal_before || e.hashes)
ORDER BY 1, 2
"""

GAPS = """
WITH runs AS (SELECT from_txid, to_txid, after_id, min(id) AS id FROM audit_seal GROUP BY 1, 2, 3),
ordered AS (SELECT *, lag(to_txid) OVER (PARTITION BY after_id ORDER BY id) AS before FROM runs)
SELECT from_txid, id FROM ordered WHERE from_txid <> coalesce(before, 0)
"""

# A row as it stands against the image in its last event; a deleted one must not stand any more. The last line counts.
ROWS = """
WITH images AS MATERIALIZED (
    SELECT name, coalesce(organisation_id::text, 'installation') AS chain, row_id, image
    FROM unnest(%(tables)s::text[]) AS name CROSS JOIN LATERAL audit_images(name)),
last AS (
    SELECT DISTINCT ON (table_name, row_id) table_name AS name, row_id, action, image_hash,
           coalesce(organisation_id::text, 'installation') AS chain
    FROM audit_event WHERE table_name = ANY (%(tables)s) ORDER BY table_name, row_id, id DESC)
SELECT name, row_id::text, coalesce(last.chain, images.chain), CASE
    WHEN action IS NULL THEN 'inserted without an event'
    WHEN action = 'D' THEN 'deleted by its history, yet it stands'
    WHEN image IS NULL THEN 'deleted without an event'
    ELSE 'changed without an event' END
FROM images FULL JOIN last USING (name, row_id)
WHERE (image IS NOT NULL OR action <> 'D') AND image IS DISTINCT FROM image_hash
UNION ALL SELECT '', count(*)::text, '', '' FROM images
"""

# Tables that are declared to have history, or have some; and whether what writes it is in its place.
WATCHED = """
SELECT c.relname, (SELECT count(*) FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A')
    AND t.tgfoid IN ('audit_insert'::regproc, 'audit_update'::regproc, 'audit_delete'::regproc))
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND (
    obj_description(c.oid, 'pg_class') IN ('TenantTable', 'LedgerTable')
    OR c.relname IN (SELECT DISTINCT table_name FROM audit_event))
ORDER BY 1
"""

GUARDED = """
SELECT c.relname, count(t.oid) FROM pg_class AS c LEFT JOIN pg_trigger AS t
    ON t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A') AND t.tgfoid = 'core_refuse'::regproc
WHERE c.oid IN ('audit_event'::regclass, 'audit_seal'::regclass) GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit; `chain` is the organisation's id, or "installation"."""

    what: str
    chain: str
    where: str

    def __str__(self) -> str:
        return f"{self.where} ({self.chain}): {self.what}"


@dataclass(slots=True)
class Report:
    """What was looked at, what was found. Unsealed events are younger than the last seal: that is said, not hidden."""

    events: int = 0
    seals: int = 0
    rows: int = 0
    tables: int = 0
    unsealed: int = 0
    findings: list[Finding] = field(default_factory=list)
    unnamed: int = 0

    @property
    def sound(self) -> bool:
        return not self.findings

    def add(self, found: Iterable[Finding]) -> None:
        every = list(found)
        self.findings += every[:NAMED]
        self.unnamed += len(every[NAMED:])


def verify(*, heads: str = "") -> Report:
    """Look at everything, in one snapshot; `heads` is a file of seals kept outside."""
    with _one_snapshot():
        report = Report()
        report.add(
            Finding("the event was changed", chain, f"{table} {row} event {no}")
            for chain, table, row, no in _rows(CHANGED_EVENTS)
        )
        report.add(Finding(what, chain, f"seal {number or '?'}") for chain, number, what in _rows(BROKEN_SEALS))
        report.add(
            Finding("seals before it are missing", "every chain", f"seals from transaction {first}")
            for first, _ in _rows(GAPS)
        )
        _compare_rows(report)
        report.add(
            Finding("its guard is switched off", "every chain", name) for name, guards in _rows(GUARDED) if guards < 2
        )
        if heads:
            report.add(_against(heads))
        (report.events, report.seals, report.unsealed) = _rows(
            "SELECT (SELECT count(*) FROM audit_event), (SELECT count(*) FROM audit_seal),"
            " (SELECT count(*) FROM audit_event AS e, audit_position() AS p"
            "  WHERE e.txid >= p.first_txid AND e.id > p.after_id)"
        )[0]
        return report


def _compare_rows(report: Report) -> None:
    tables = dict(_rows(WATCHED))
    report.tables = len(tables)
    report.add(
        Finding("its history is switched off", "every chain", name) for name, triggers in tables.items() if triggers < 3
    )
    *found, (_, rows, _, _) = sorted(_rows(ROWS, {"tables": list(tables)}), reverse=True)
    report.rows = int(rows)
    report.add(Finding(what, chain, f"{name} {row}") for name, row, chain, what in reversed(found))


def _against(heads: str) -> Iterator[Finding]:
    """Each seal once put outside must still stand, unchanged."""
    stands = {
        (chain, number): seal
        for chain, number, seal in _rows(f"SELECT {CHAIN}, number, encode(seal, 'hex') FROM audit_seal")
    }
    for line in Path(heads).read_text(encoding="utf-8").splitlines():
        head = json.loads(line)
        chain = "installation" if head["organisation"] == "None" else head["organisation"]
        if stands.get((chain, head["number"])) != head["seal"]:
            yield Finding("it is not the one that was put outside", chain, f"seal {head['number']}")


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """As the sealer, who reads every event but no row; writers go on meanwhile and are not seen."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _run("SET LOCAL statement_timeout = 0")
        _run("SET LOCAL search_path = pg_catalog, public")
        with as_role("sealer"):
            yield


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _rows(sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
