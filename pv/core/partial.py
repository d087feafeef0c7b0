"""Dates of which only the year, or year and month, are known. Clinical dates often are, and their precision is kept."""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pv.core.errors import DomainError, gettext_noop

# Wide enough for the oldest patient's birth and the end of any follow-up, narrow enough to catch a slip of the finger.
FIRST_YEAR, LAST_YEAR = 1900, 2199

# What keyboards and word processors put in place of the plain dash. Full-width signs and digits are folded by NFKC.
_DASHES = str.maketrans(dict.fromkeys("‐‒–—―−", "-"))
_AROUND_SIGNS = re.compile(r"\s*([-/.。年月日号號份])\s*")
_FORMS = tuple(
    re.compile(form, re.ASCII | re.VERBOSE)
    for form in (
        r"(?P<year>\d{4}) (?: (?P<sign>[-/.。]) (?P<month>\d{1,2}) (?: (?P=sign) (?P<day>\d{1,2}) )? )?",
        r"(?P<year>\d{4}) (?P<month>\d{2}) (?P<day>\d{2})",
        r"(?P<year>\d{4}) 年 (?: (?P<month>\d{1,2}) 月 (?: 份 | (?P<day>\d{1,2}) [日号號]? )? )?",
        r"(?P<month>\d{1,2}) 月 (?: 份 | (?P<day>\d{1,2}) [日号號]? )?",
    )
)


class Precision(StrEnum):
    """How much of a date is known."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, a month or a year that exists. Equal when the same is known; order is asked with `before`."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise _impossible(
                gettext_noop("The year must lie between %(first)s and %(last)s."), first=FIRST_YEAR, last=LAST_YEAR
            )
        if self.month is None:
            if self.day is not None:
                raise _impossible(gettext_noop("A day needs its month."))
        elif not 1 <= self.month <= 12:
            raise _impossible(gettext_noop("There is no month %(month)s."), month=self.month)
        elif self.day is not None and not 1 <= self.day <= monthrange(self.year, self.month)[1]:
            month = f"{self.year}-{self.month:02}"
            raise _impossible(gettext_noop("%(month)s has no day %(day)s."), month=month, day=self.day)

    @classmethod
    def of(cls, day: date) -> Self:
        """A date that is known to the day."""
        if isinstance(day, datetime):
            raise TypeError("A day is asked for, not an instant: pv.core.days.legal_day().")
        return cls(day.year, day.month, day.day)

    @classmethod
    def parse(cls, text: str, *, year: int | None = None) -> Self:
        """What people write: 2026, 2026-02, 2026/2/13, 2026.02.13, 20260213, 2026年2月13日, in full-width digits too.

        "2月" and "2月13日" are read where `year` is given. Day and month in other orders are refused: 02/03/2026 is two
        different days to two readers.
        """
        plain = _AROUND_SIGNS.sub(r"\1", unicodedata.normalize("NFKC", text).translate(_DASHES)).strip()
        match = next((found for form in _FORMS if (found := form.fullmatch(plain))), None)
        if match is None:
            raise _impossible(gettext_noop("Please write the date as 2026-02-13, or as 2026-02 or 2026."))
        known = {part: int(digits) for part, digits in match.groupdict().items() if digits and part != "sign"}
        if "year" not in known:
            if year is None:
                raise _impossible(gettext_noop("Please give the year as well, as in 2026-02."))
            known["year"] = year
        return cls(**known)

    @property
    def precision(self) -> Precision:
        """How much is known."""
        if self.month is None:
            return Precision.YEAR
        return Precision.MONTH if self.day is None else Precision.DAY

    def earliest(self) -> date:
        """The first day it can have been."""
        return date(self.year, self.month or 1, self.day or 1)

    def latest(self) -> date:
        """The last day it can have been."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def before(self, other: "PartialDate") -> bool | None:
        """Whether it was an earlier day than the other; None where too little is known to say."""
        if self.latest() < other.earliest():
            return True
        return False if self.earliest() >= other.latest() else None

    def sort_key(self) -> tuple[date, date]:
        """For lists: by the first possible day, the more precise one first."""
        return self.earliest(), self.latest()

    def __str__(self) -> str:
        """As ISO 8601 writes it: 2026, 2026-02 or 2026-02-13."""
        parts = [f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part is not None)]
        return "-".join(parts)


def _impossible(message: str, **params: object) -> DomainError:
    return DomainError(message, code="impossible_date", params=params)
