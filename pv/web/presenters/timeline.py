"""The time line of obligations as one picture: today, what was first promised, what was granted, what is forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pv.obligations.rules import Progress
from pv.web.presenters.obligations import Row

MARGIN = timedelta(days=45)
FLAG = 128
MONTHS_BETWEEN = (1, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures of one drawing: beside each other on a wide screen, one below the other on a phone."""

    name: str
    width: int
    label: int
    row: int
    head: int
    label_above: bool

    @property
    def has_label(self) -> bool:
        """Whether there is room for the title beside the line."""
        return self.label > 100

    @property
    def plot(self) -> int:
        return self.width - self.label - 14


WIDE = Frame("wide", 960, 300, 36, 50, label_above=False)
SINGLE = Frame("wide", 560, 10, 40, 50, label_above=False)
NARROW = Frame("narrow", 350, 8, 58, 50, label_above=True)


@dataclass(frozen=True, slots=True)
class Lane:
    """One obligation's line."""

    row: Row
    y: int
    first: float
    due: float
    forecast: float | None
    done: float | None

    @property
    def way_from(self) -> float:
        return min(self.first, self.due)

    @property
    def way_to(self) -> float:
        return max(self.first, self.due)

    @property
    def hatch_from(self) -> float:
        return min(self.due, self.forecast or self.due)

    @property
    def hatch_width(self) -> float:
        return round(abs((self.forecast or self.due) - self.due), 1)

    @property
    def moved(self) -> bool:
        return self.first != self.due

    @property
    def css(self) -> str:
        """Red is for what is legally overdue, amber for what will be."""
        legal = self.row.obligation.basis == "legal"
        if not legal:
            return "inside"
        return {Progress.LATE: "late", Progress.AT_RISK: "risk"}.get(self.row.progress, "on")

    @property
    def words(self) -> str:
        return f"{self.row.obligation.code} {self.row.title}"


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """One drawing, ready for the template."""

    frame: Frame
    lanes: list[Lane]
    ticks: list[Tick]
    today: float
    today_label: str

    @property
    def height(self) -> int:
        return self.frame.head + self.frame.row * len(self.lanes) + 8

    @property
    def flag(self) -> float:
        """Where the word "today" stands: beside the line, inside the picture."""
        return min(max(self.today - FLAG / 2, self.frame.label), self.frame.width - FLAG)

    @property
    def hatch(self) -> str:
        return f"hatch-{self.frame.name}"


def timelines(rows: Sequence[Row], today: date, frames: Sequence[Frame] = (WIDE, NARROW)) -> list[Timeline]:
    """The same rows, drawn for each of these frames."""
    if not rows:
        return []
    ends = [day for row in rows for day in (row.dates.original, row.dates.due, row.dates.forecast) if day]
    start, end = min([*ends, today]) - MARGIN, max([*ends, today]) + MARGIN
    return [_draw(frame, rows, start, end, today) for frame in frames]


def _draw(frame: Frame, rows: Sequence[Row], start: date, end: date, today: date) -> Timeline:
    def x(day: date) -> float:
        return round(frame.label + frame.plot * (day - start).days / (end - start).days, 1)

    lanes = []
    for number, row in enumerate(rows):
        done = row.obligation.submitted_on or row.obligation.decided_on
        lanes.append(
            Lane(
                row=row,
                y=frame.head + frame.row * number,
                first=x(row.dates.original),
                due=x(row.dates.due),
                forecast=x(row.dates.forecast) if row.dates.forecast and row.is_running else None,
                done=x(min(max(done, start), end)) if done else None,
            )
        )
    ticks = [Tick(x(day), label) for day, label in _ticks(start, end, frame.plot // 66)]
    return Timeline(frame, lanes, ticks, x(today), today.isoformat())


def _ticks(start: date, end: date, most: int) -> list[tuple[date, str]]:
    """Firsts of months at the narrowest even distance that leaves the labels readable."""
    months = (end.year - start.year) * 12 + end.month - start.month
    every = next((step for step in MONTHS_BETWEEN if months / step <= most), MONTHS_BETWEEN[-1])
    first = start.year * 12 + start.month - 1
    numbers = range(first - first % every + every, end.year * 12 + end.month, every)
    days = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    return [(day, f"{day:%Y}" if every >= 12 else f"{day:%Y-%m}") for day in days if start <= day <= end]
