"""The outer bound of a confirmatory trial: computed by us, shown with its working; the certificate decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pv.core.days import Duration, Unit, add
from pv.core.partial import PartialDate, Precision

# "In principle not over four years from the conditional approval": both drafts of the procedure (CA23, CA25).
YEARS_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class ComputedBound:
    """The latest end the drafts allow for a confirmatory trial, no more precise than the approval date it came from."""

    latest: PartialDate
    start: PartialDate
    years: int

    @property
    def working(self) -> str:
        """How it was computed: "2022-10 + 4 years"."""
        return f"{self.start} + {self.years} years"

    @property
    def month_known_only(self) -> bool:
        return self.start.precision is Precision.MONTH


def computed_bound(approved_on: date | None, precision: str, years: int = YEARS_AT_MOST) -> ComputedBound | None:
    """The bound for an approval date of which the day or only the month is known; none where less is known.

    Where only the month is known, the day in `approved_on` means nothing.
    """
    if approved_on is None or precision not in (Precision.DAY, Precision.MONTH):
        return None
    latest, start = add(approved_on, Duration(years, Unit.YEARS)), approved_on
    if precision == Precision.MONTH:
        return ComputedBound(PartialDate(latest.year, latest.month), PartialDate(start.year, start.month), years)
    return ComputedBound(PartialDate.of(latest), PartialDate.of(start), years)
