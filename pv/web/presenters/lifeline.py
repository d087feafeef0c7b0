"""One life on one line: marks placed on lanes, for a wide screen and for a phone. Plain geometry, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from pv.web.presenters.words import places, shorten

LANES = {
    "treatment": _("Treatment"),
    "protocol": _("Protocol follow-up"),
    "lifelong": _("Lifelong monitoring"),
    "events": _("Events"),
    "specimens": _("Specimens"),
}
# Lanes whose marks keep to one line; in the others marks that would meet are put below each other.
ONE_LINE = frozenset({"treatment", "protocol", "lifelong"})
MOST_ROWS = 4
HEAD, ROW, LABEL_LINE = 50, 21, 18
PLACE = 7.4  # width of a half-width place at the picture's 12 px
MARK = 8
FLAG = 128
MARGIN = timedelta(days=30)
LONG_LIFE = timedelta(days=3 * 365)
FIRST_YEAR = timedelta(days=400)
FIRST_YEAR_SHARE = 0.42
YEAR_STEPS = (1, 2, 5, 10)

# Drawn around 0 0, twelve wide.
SHAPES = {
    "apheresis": "M5 0a5 5 0 1 1-10 0 5 5 0 1 1 10 0Z",
    "infusion": "M6 0a6 6 0 1 1-12 0 6 6 0 1 1 12 0Z",
    "returned": "M-5 0h10",
    "transfer": "M-5 0h9M0-4l5 4-5 4",
    "done": "M-5 0l3.5 4 6.5-8",
    "recovered": "M-5 0l3.5 4 6.5-8M-5 7h10",
    "minimal": "M-6 1.5c2-4 4-4 6 0s4 4 6 0",
    "missed": "M-4.5-4.5l9 9M4.5-4.5l-9 9",
    "none": "M-5 0h10",
    "planned": "M5 0a5 5 0 1 1-10 0 5 5 0 1 1 10 0Z",
    "overstayed": "M5 0a5 5 0 1 1-10 0 5 5 0 1 1 10 0Z",
    "late": "M5 0a5 5 0 1 1-10 0 5 5 0 1 1 10 0Z",
    "event": "M0-6l6 10.5h-12Z",
    "serious": "M0-6l6 10.5h-12Z",
    "relapse": "M0-6l6 6-6 6-6-6Z",
    "suspected": "M0-7l7 7-7 7-7-7Z",
    "malignancy": "M0-7l7 7-7 7-7-7Z",
    "death": "M0-8v16M-5-3h10",
    "reported_dead": "M0-8v16M-5-3h10",
    "specimen": "M-5-5h10v10h-10Z",
    "held": "M-5-5h10v10h-10Z",
    "gone": "M-5-5h10v10h-10Z",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened, or will: where it stands on the line, and how the table words it.

    label stands beside the mark; the weightiest labels are placed first. written: the date as far as it is known.
    """

    lane: str
    on: date
    shape: str
    label: str
    words: str
    written: str = ""
    weight: int = 0
    href: str = ""

    @property
    def lane_name(self) -> str:
        return str(LANES[self.lane])

    @property
    def day(self) -> str:
        return self.written or self.on.isoformat()


@dataclass(frozen=True, slots=True)
class Span:
    """How long the life's line is: from, to the end if it has ended, and the infusion that years count from."""

    today: date
    infused_on: date | None = None
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures of one drawing."""

    name: str
    width: int
    left: int
    label_above: bool

    @property
    def right(self) -> int:
        return self.width - 16


WIDE = Frame("wide", 960, 164, label_above=False)
NARROW = Frame("narrow", 350, 14, label_above=True)


@dataclass(frozen=True, slots=True)
class Placed:
    """A mark with its place; the label may have found none."""

    mark: Mark
    x: float
    y: float
    label: str = ""
    dx: float = 0
    dy: float = 0
    anchor: str = "start"

    @property
    def path(self) -> str:
        return SHAPES[self.mark.shape]


@dataclass(frozen=True, slots=True)
class Lane:
    code: str
    y: int
    height: int
    marks: list[Placed]

    @property
    def name(self) -> str:
        return str(LANES[self.code])

    @property
    def is_duty(self) -> bool:
        return self.code in ("protocol", "lifelong")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture, ready for the template."""

    frame: Frame
    lanes: list[Lane]
    ticks: list[tuple[float, str]]
    start: float
    duty_from: float
    alive_until: float
    end: float
    has_ended: bool
    today: float
    today_label: str
    stretched: bool
    height: int

    @property
    def flag(self) -> float:
        """Where the word "today" stands: beside its line, inside the picture."""
        return min(max(self.today - FLAG / 2, 0), self.frame.width - FLAG)


@dataclass(slots=True)
class Scale:
    """Days to places. A long life's first year, in which most happens, is drawn wider."""

    start: date
    end: date
    bend: date | None
    left: float
    right: float

    def __call__(self, day: date) -> float:
        wide = self.right - self.left
        if self.bend is None:
            share = (day - self.start) / (self.end - self.start)
        elif day <= self.bend:
            share = FIRST_YEAR_SHARE * ((day - self.start) / (self.bend - self.start))
        else:
            share = FIRST_YEAR_SHARE + (1 - FIRST_YEAR_SHARE) * ((day - self.bend) / (self.end - self.bend))
        return round(self.left + wide * min(max(share, 0), 1), 1)


def drawings(marks: Sequence[Mark], span: Span, frames: Sequence[Frame] = (WIDE, NARROW)) -> list[Drawing]:
    """The same life, drawn for each of these frames; nothing where nothing is known."""
    return [_draw(frame, marks, span) for frame in frames] if marks else []


def _draw(frame: Frame, marks: Sequence[Mark], span: Span) -> Drawing:
    scale = _scale(frame, marks, span)
    lanes, y = [], HEAD
    for code in LANES:
        lane = _lane(code, [one for one in marks if one.lane == code], scale, frame, y)
        lanes.append(lane)
        y += lane.height
    alive_until = span.died_on or span.today
    return Drawing(
        frame=frame,
        lanes=lanes,
        ticks=_ticks(scale),
        start=scale(min(one.on for one in marks)),
        duty_from=scale(span.infused_on or span.today),
        alive_until=scale(alive_until),
        end=scale(span.died_on or scale.end),
        has_ended=span.died_on is not None,
        today=scale(span.today),
        today_label=span.today.isoformat(),
        stretched=scale.bend is not None,
        height=y + 6,
    )


def _scale(frame: Frame, marks: Sequence[Mark], span: Span) -> Scale:
    start = min([one.on for one in marks] + [span.today]) - MARGIN
    end = max([one.on for one in marks] + [span.today]) + MARGIN * 2
    bend = None
    if span.infused_on and end - start > LONG_LIFE:
        bend = span.infused_on + FIRST_YEAR
        bend = bend if start < bend < end - FIRST_YEAR else None
    return Scale(start, end, bend, frame.left, frame.right)


def _lane(code: str, marks: Sequence[Mark], scale: Scale, frame: Frame, y: int) -> Lane:
    above = LABEL_LINE if frame.label_above else 0
    if code in ONE_LINE:
        placed, rows = _on_one_line(marks, scale, frame), 2
    else:
        placed, rows = _in_rows(marks, scale, frame)
    return Lane(code, y + above, above + 10 + ROW * rows, placed)


@dataclass(slots=True)
class Taken:
    """The stretches of one row that are taken already."""

    parts: list[tuple[float, float]] = field(default_factory=list)

    def has_room(self, start: float, end: float) -> bool:
        return all(end < a or start > b for a, b in self.parts)

    def take(self, start: float, end: float) -> None:
        self.parts.append((start, end))


def _on_one_line(marks: Iterable[Mark], scale: Scale, frame: Frame) -> list[Placed]:
    """Marks on the line, labels under them where there is room; the weightiest find theirs first."""
    row, placed = Taken(), []
    for mark in sorted(marks, key=lambda one: (-one.weight, one.on)):
        x, half = scale(mark.on), _wide(mark.label) / 2
        middle = min(max(x, frame.left + half - 8), frame.width - half)
        fits = row.has_room(middle - half, middle + half)
        if fits:
            row.take(middle - half - 5, middle + half + 5)
        placed.append(Placed(mark, x, 12, mark.label if fits else "", middle - x, 22, "middle"))
    return sorted(placed, key=lambda one: one.x)


def _in_rows(marks: Iterable[Mark], scale: Scale, frame: Frame) -> tuple[list[Placed], int]:
    """Marks with their label beside them, in as many rows as they need; past the last row labels fall away."""
    rows: list[Taken] = [Taken()]
    placed = []
    for mark in sorted(marks, key=lambda one: (-one.weight, one.on)):
        x = scale(mark.on)
        label = shorten(mark.label, 22)
        before = x + 12 + _wide(label) > frame.width
        start, end = (x - 12 - _wide(label), x + MARK) if before else (x - MARK, x + 12 + _wide(label))
        at = next((n for n, row in enumerate(rows) if row.has_room(start, end)), None)
        if at is None and len(rows) < MOST_ROWS:
            rows.append(Taken())
            at = len(rows) - 1
        if at is None:
            placed.append(Placed(mark, x, 12 + ROW * (MOST_ROWS - 1)))
            continue
        rows[at].take(start - 3, end + 3)
        y = 12 + ROW * at
        placed.append(Placed(mark, x, y, label, -12 if before else 12, 4, "end" if before else "start"))
    return sorted(placed, key=lambda one: one.x), len(rows)


def _wide(label: str) -> float:
    return places(label) * PLACE


def _ticks(scale: Scale) -> list[tuple[float, str]]:
    """Firsts of January where years fit; quarters in a short life."""
    years = range(scale.start.year + 1, scale.end.year + 1)
    if (scale.end - scale.start).days > 730:
        days = [(date(year, 1, 1), str(year)) for year in years]
        gap = 38.0
    else:
        starts = [date(year, month, 1) for year in (scale.start.year, *years) for month in (1, 4, 7, 10)]
        days = [(day, f"{day:%Y-%m}") for day in starts if scale.start <= day <= scale.end]
        gap = 60.0
    step = next((one for one in YEAR_STEPS if _narrowest(scale, days[::one]) >= gap), 0)
    chosen = days[::step] if step else _apart(scale, days, gap)
    return [(scale(day), label) for day, label in chosen]


def _narrowest(scale: Scale, days: Sequence[tuple[date, str]]) -> float:
    places_ = [scale(day) for day, _label in days]
    return min((b - a for a, b in pairwise(places_)), default=1000.0)


def _apart(scale: Scale, days: Iterable[tuple[date, str]], gap: float) -> list[tuple[date, str]]:
    kept: list[tuple[date, str]] = []
    for day, label in days:
        if not kept or scale(day) - scale(kept[-1][0]) >= gap:
            kept.append((day, label))
    return kept
