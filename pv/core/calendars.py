"""The public holidays and make-up workdays of China, as the maintained library `chinesecalendar` knows them.

Only the seed of the table of calendar days: from there on the table holds, and people may edit it. The State Council
notifies each year's days in the autumn before; until a new release of the library its year has to be entered by hand.
Days at the end of the last year may still change with the next notice, which also orders the days around New Year.
"""

from datetime import date
from typing import Literal, NamedTuple

import chinese_calendar
from chinese_calendar import Holiday

from pv.core.days import SATURDAY

SOURCE = f"chinesecalendar {chinese_calendar.__version__}"

# As the State Council's notices write them, where the library is shorter.
_NAMES_ZH = {
    Holiday.tomb_sweeping_day: "清明节",
    Holiday.dragon_boat_festival: "端午节",
    Holiday.mid_autumn_festival: "中秋节",
}


class SpecialDay(NamedTuple):
    """A weekday off, or a weekend day worked in exchange for one; named after its festival."""

    day: date
    kind: Literal["holiday", "workday"]
    name_en: str
    name_zh: str


def china_years() -> range:
    """The years the library covers as a whole."""
    return range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)


def china_days() -> list[SpecialDay]:
    """Every day of these years that differs from the plain week of Monday to Friday, in order."""
    off = [_special(day, "holiday", name) for day, name in chinese_calendar.holidays.items()]
    worked = [_special(day, "workday", name) for day, name in chinese_calendar.workdays.items()]
    return sorted(special for special in off + worked if _differs(special))


def _special(day: date, kind: Literal["holiday", "workday"], name: str) -> SpecialDay:
    festival = Holiday(name)
    return SpecialDay(day, kind, name, _NAMES_ZH.get(festival, festival.chinese))


def _differs(special: SpecialDay) -> bool:
    """The library also lists the Saturdays and Sundays inside a festival, which are off anyway."""
    return (special.kind == "workday") == (special.day.weekday() >= SATURDAY)
