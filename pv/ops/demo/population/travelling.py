"""Writing history on its day: the product's clock is set back for one transaction, which nobody else can see.

The owner lays a table of this session before the shared one of the clock's shift (core_now() finds it first), and steps
down to the role of app, so that every row is written under row-level security as always. When the transaction ends, in
whatever way, the table is gone, and the clock is right again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from pv.core import clock
from pv.core.roles import as_role, role

OWN_CLOCK = """
CREATE TEMPORARY TABLE core_clockshift ON COMMIT DROP AS SELECT shift FROM public.core_clockshift;
GRANT SELECT ON core_clockshift TO {readers}; GRANT UPDATE ON core_clockshift TO {app}
"""
SET = "UPDATE pg_temp.core_clockshift SET shift = %s::timestamptz - now()"


class Traveller:
    """Sets the clock of this transaction. `now` is the instant by the demo's clock at which the journey began."""

    def __init__(self) -> None:
        self.now = self.shown = clock.now()

    def to(self, moment: datetime) -> None:
        """Let it be that moment, for this transaction alone; never later than the real one."""
        moment = min(moment, self.now)
        if moment != self.shown:
            with connection.cursor() as cursor:
                cursor.execute(SET, [moment])
            self.shown = moment


@contextmanager
def travelling() -> Iterator[Traveller]:
    """Inside connected_as_owner() and a transaction: work as app, at any time of the past; home again on leaving."""
    with connection.cursor() as cursor:
        readers = ", ".join(role(name) for name in ("app", "clock", "sealer"))
        cursor.execute(OWN_CLOCK.format(readers=readers, app=role("app")))
    with as_role("app"):
        traveller = Traveller()
        yield traveller
        traveller.to(traveller.now)
