"""The texts that reference data rest on, and how far each was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pv.core.partial import PartialDate
from pv.core.reference.records import Bilingual, Record, Report
from pv.core.reference.tables import Table, read_csv

SOURCE_KEY = re.compile(r"[A-Z][A-Z0-9-]*")
COLUMNS = (
    *("key", "title_en", "title_zh", "issuer_en", "issuer_zh", "issued_on", "in_force_on"),
    *("how_read", "extent_en", "extent_zh", "where"),
)


class HowRead(StrEnum):
    """How we know what a source says."""

    READ = "read"
    PART = "part"
    SECOND_HAND = "second_hand"
    RECALLED = "recalled"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Source:
    """One text, or one of our own settings, that reference data rest on."""

    key: str
    title: Bilingual
    issuer: Bilingual
    issued: PartialDate | None
    in_force: PartialDate | None
    how_read: HowRead
    extent: Bilingual
    where: str


def read_sources(path: Path, report: Report) -> tuple[tuple[Source, ...], Table]:
    """The sources, and the table they stand in (whether it is complete decides what may be checked against it)."""
    table = read_csv(path, COLUMNS, report)
    table.unique("key")
    return tuple(_source(row) for row in table), table


def _source(row: Record) -> Source:
    how_read = row.choice("how_read", HowRead)
    return Source(
        key=row.matching("key", SOURCE_KEY, "a key of capital letters, digits and hyphens"),
        title=row.pair("title"),
        issuer=row.pair("issuer"),
        issued=row.partial("issued_on"),
        in_force=row.partial("in_force_on"),
        how_read=how_read,
        extent=row.pair("extent"),
        # What was read was read somewhere.
        where=row.text("where", required=how_read in (HowRead.READ, HowRead.PART)),
    )
