"""Seeds the holiday table from the maintained library; from there on the table holds, and people may edit it."""

from pv.core.calendars import SOURCE, china_days, china_years
from pv.core.models import CalendarDay, CalendarYear
from pv.core.upsert import Loaded, upsert

CHINA = "CN"
LIBRARY = SOURCE.split()[0]


def load_calendars() -> list[Loaded]:
    """Write the years the library knows.

    A year that people entered or confirmed under their own source is theirs; one that came from this very release of
    the library is not written again, so that a day edited or taken out since stays so. A newer release writes its years
    anew, but for the days that people gave a source of their own.
    """
    known = dict(CalendarYear.objects.filter(calendar=CHINA).values_list("year", "source"))
    ours = [
        year for year in china_years() if known.get(year, LIBRARY).startswith(LIBRARY) and known.get(year) != SOURCE
    ]
    edited = set(
        CalendarDay.objects.filter(calendar=CHINA).exclude(source__startswith=LIBRARY).values_list("day", flat=True)
    )
    days = [
        {"calendar": CHINA, "day": day, "kind": kind, "name_en": en, "name_zh": zh, "source": SOURCE}
        for day, kind, en, zh in china_days()
        if day.year in ours and day not in edited
    ]
    years = [{"calendar": CHINA, "year": year, "source": SOURCE} for year in ours]
    loaded_days = upsert(
        "calendar days",
        CalendarDay.objects.filter(calendar=CHINA, day__year__in=ours).exclude(day__in=edited),
        ["calendar", "day"],
        days,
    )
    loaded_years = upsert(
        "calendar years", CalendarYear.objects.filter(calendar=CHINA, year__in=ours), ["calendar", "year"], years
    )
    return [_counted(loaded_days, CalendarDay.objects.count()), _counted(loaded_years, CalendarYear.objects.count())]


def _counted(loaded: Loaded, total: int) -> Loaded:
    """The whole table's size: of years that need nothing, nothing was listed."""
    return Loaded(loaded.what, total, loaded.new, loaded.changed, loaded.gone)
