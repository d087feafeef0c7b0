"""Numbers: of the inbox at once, with gaps; of cases without gaps, right after the commit, in order of arrival.

A case's number is given in a short transaction of its own, which the clock repeats for what a crash left without one:
so a number is never taken by something that was not saved, and the report never waits for its number (practice 26).
"""

import logging
import secrets
from datetime import date
from uuid import UUID

from django.db import connection, transaction

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM, Organisation
from pv.core.ids import uuid7
from pv.deadlines.models import Deadline
from pv.safety.models import Case, Counter

log = logging.getLogger(__name__)

SERIES = "CN"
# Without 0 and O, 1 and I and L, and U: read out on the telephone, each is itself.
READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
BATCH = 500


def draw_inbox_number(day: date) -> str:
    """IN-260213-7KQ4. Another one is drawn where it is taken already."""
    return f"IN-{day:%y%m%d}-" + "".join(secrets.choice(READABLE) for _ in range(4))


def case_number(year: int, serial: int) -> str:
    return f"{SERIES}-{year}-{serial:04}"


def number_soon(organisation: UUID) -> None:
    """Give numbers once this transaction is committed. What goes wrong there is left to the clock, not to the user."""
    transaction.on_commit(lambda: give_numbers(organisation), robust=True)


def give_numbers(organisation: UUID) -> int:
    """Number every case that has none, in order of arrival, in a transaction of its own; how many there were."""
    with acting_as(SYSTEM, organisation=organisation, reason="numbers of cases", job="case_numbers"):
        waiting = (
            Case.objects.for_organisations([organisation]).filter(serial=None).order_by("year", "created_at", "id")
        )
        years = sorted({year for (year,) in waiting.values_list("year")[:BATCH]})
        given = 0
        for year in years:
            last = _locked_counter(organisation, year)
            # Asked again under the lock: who held it before may have numbered these.
            rows = list(waiting.filter(year=year).select_for_update(no_key=True)[:BATCH])
            for serial, row in enumerate(rows, start=last + 1):
                row.serial, row.number = serial, case_number(year, serial)
                # Not a new version: who is reading the case at this moment has lost nothing.
                row.save(update_fields=["serial", "number"])
            mine = Counter.objects.filter(organisation_id=organisation, series=SERIES, year=year)
            mine.update(last=last + len(rows))
            _name_in_clocks(organisation, rows)
            given += len(rows)
    return given


# Locks the row in either case: who comes second waits here, and finds what the first has numbered.
COUNTER = """
INSERT INTO safety_counter (id, organisation_id, series, year, last) VALUES (%s, %s, %s, %s, 0)
ON CONFLICT (organisation_id, series, year) DO UPDATE SET last = safety_counter.last RETURNING last
"""


def _locked_counter(organisation: UUID, year: int) -> int:
    """The last number given in this year; locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTER, [uuid7(), organisation, SERIES, year])
        return int(cursor.fetchone()[0])


def _name_in_clocks(organisation: UUID, cases: list[Case]) -> None:
    """Their clocks were opened under the inbox number."""
    numbers = {case.pk: case.number for case in cases}
    for clock in Deadline.objects.for_organisations([organisation]).filter(subject__in=list(numbers), closed_at=None):
        clock.args = clock.args | {"number": numbers[clock.subject]}
        clock.save(update_fields=["args"])


def give_missing_numbers() -> int:
    """The chore: number what is left without one in any organisation."""
    with as_clock():
        mine = list(Organisation.objects.exclude(pk=PUBLIC_ORGANISATION).values_list("pk", flat=True))
    with acting_as(SYSTEM, organisations=mine, job="case_numbers"):
        unnumbered = Case.objects.for_organisations(mine).filter(serial=None)
        waiting = sorted(set(unnumbered.values_list("organisation_id", flat=True)[:BATCH]))
    return sum(give_numbers(organisation) for organisation in waiting)
