"""Sealing the trail, and saying how far it is sealed."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from pv.core.roles import as_role

logger = logging.getLogger(__name__)

MONTHS_AHEAD = 3
MONTHS_MADE = 6


@dataclass(frozen=True, slots=True)
class Head:
    """The latest seal of one organisation's chain: kept outside, it proves that nothing was cut off."""

    organisation: UUID | None
    number: int
    seal: str
    at: datetime


def make_room() -> None:
    """Make the partitions of the coming months, while there is time: three months before they are needed.

    A new partition locks everybody out of the trail for a moment, so it is waited for no longer than two seconds; what
    did not work is tried again at the next seal, and rows without a partition of their own go to the default one.
    """
    try:
        with as_role("sealer"), connection.cursor() as cursor:
            if _has_room(cursor):
                return
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute("SELECT audit_make_partitions(%s)", [MONTHS_MADE])
            trouble = "" if _has_room(cursor) else "events of a coming month stand in the default partition"
    except DatabaseError as error:
        trouble = type(error.__cause__ or error).__name__
    if trouble:
        logger.warning("No new partition for the history: %s.", trouble, extra={"job": "seal"})


def _has_room(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT audit_has_room(%s)", [MONTHS_AHEAD])
    return bool(cursor.fetchone()[0])


def seal() -> int:
    """Seal what every finished transaction wrote since the last time; how many events. Twice at once is harmless."""
    make_room()
    with as_role("sealer"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '110s'")  # the first seal after an import takes its time
        cursor.execute("SELECT coalesce(max(id), 0) FROM audit_seal")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT audit_seal_all()")
        (sealed,) = cursor.fetchone()
        cursor.execute(
            "SELECT organisation_id, number, encode(seal, 'hex'), at FROM audit_seal WHERE id > %s ORDER BY id",
            [before],
        )
        made = [Head(*row) for row in cursor.fetchall()]
    _put_outside(made)
    return int(sealed)


def _put_outside(heads: list[Head]) -> None:
    """A chain alone proves nothing against the database's owner, so its heads leave the database: log, and file."""
    if not heads:
        return
    lines = [
        {"at": head.at.isoformat(), "organisation": str(head.organisation), "number": head.number, "seal": head.seal}
        for head in heads
    ]
    for line in lines:
        logger.info(
            "Sealed the history: number %s, seal %s.",
            line["number"],
            line["seal"],
            extra={"organisation_id": line["organisation"], "job": "seal"},
        )
    if settings.AUDIT_HEADS_FILE:
        with Path(settings.AUDIT_HEADS_FILE).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)


def watermark() -> datetime:
    """Everything before this moment is sealed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_watermark()")
        moment: datetime = cursor.fetchone()[0]
    return moment
