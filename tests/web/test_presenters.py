"""What pages show, shaped from plain rows: words, measures, pictures, downloads."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from pv.core.days import Calendar
from pv.deadlines.models import Alarm, Basis, Deadline, Rung, Step
from pv.obligations.models import Obligation
from pv.web.export import cell
from pv.web.presenters.clock import Clock, Desk, span
from pv.web.presenters.obligations import Row
from pv.web.presenters.timeline import NARROW, WIDE, timelines
from pv.web.presenters.words import places, shorten
from pv.web.templatetags import portal

# Friday evening in Shanghai, before the Spring Festival of 2026 (practice 12).
FRIDAY = datetime(2026, 2, 13, 10, 40, tzinfo=UTC)
FESTIVAL = {date(2026, 2, day): False for day in range(16, 24)} | {date(2026, 2, 14): True, date(2026, 2, 28): True}


class StillDesk(Desk):
    """A desk that asks no database: its calendar and ladder are given."""

    def __init__(self, now: datetime = FRIDAY, calendar: Calendar | None = None, rungs: Any = ()) -> None:
        super().__init__([], now)
        self._given = calendar or Calendar(FESTIVAL, frozenset({2026}))
        self._rungs = list(rungs)

    def calendar(self, code: str) -> Calendar:
        return self._given

    def load_ladders(self, deadlines: Any) -> None:
        """Nothing to load."""

    def rungs(self, ladder: Any) -> list[Rung]:
        return self._rungs


def clock_due(on: date, desk: Desk | None = None, basis: str = Basis.LEGAL, **more: Any) -> Clock:
    midnight = datetime(on.year, on.month, on.day, 16, tzinfo=UTC)  # the midnight after it, in Shanghai
    wanted = {"due_on": on, "original_due_on": on, "due_at": midnight, "basis": basis} | more
    clock = Clock(Deadline(**wanted), desk or StillDesk())
    clock.alarm = None
    return clock


@pytest.mark.parametrize(
    ("on", "words", "state"),
    [
        (date(2026, 2, 28), "6 working days", "fine"),  # 14, 24 to 28 February
        (date(2026, 2, 22), "1 working day", "soon"),
        (date(2026, 2, 13), "5 h 20", "soon"),
        (date(2026, 2, 14), "29 h 20", "soon"),
        (date(2026, 4, 13), "59 days", "fine"),
        (date(2026, 8, 13), "6 months", "fine"),
        (date(2030, 6, 30), "4 y 4 mo", "fine"),
        (date(2026, 2, 9), "overdue 4 days", "late"),
        (date(2026, 2, 12), "overdue 18 h 40", "late"),
    ],
)
def test_what_remains_is_said_in_the_readers_measure(on: date, words: str, state: str) -> None:
    clock = clock_due(on)
    assert (clock.text, clock.state) == (words, state)


def test_no_working_day_may_be_left_before_the_due_day() -> None:
    saturday = datetime(2026, 2, 14, 16, 30, tzinfo=UTC)  # Sunday 00:30 in Shanghai
    assert clock_due(date(2026, 2, 20), StillDesk(saturday)).text == "no working day left"


@pytest.mark.parametrize("basis", [Basis.CONTRACTUAL, Basis.INTERNAL, Basis.ADVICE])
def test_only_a_legal_one_is_overdue(basis: str) -> None:
    clock = clock_due(date(2026, 2, 9), basis=basis)
    assert clock.text == "late 4 days"
    assert clock.css == f"state-late basis-{basis}"


def test_a_year_nobody_has_entered_is_counted_in_plain_days() -> None:
    clock = clock_due(date(2026, 2, 28), StillDesk(calendar=Calendar()))
    assert clock.text == "15 days"
    assert clock.last_working_day is None


def test_a_legal_deadline_on_a_day_off_names_the_last_working_day() -> None:
    assert clock_due(date(2026, 2, 22)).last_working_day == date(2026, 2, 14)
    assert clock_due(date(2026, 2, 28)).last_working_day is None  # a make-up workday is itself one
    assert clock_due(date(2026, 2, 22), basis=Basis.INTERNAL).last_working_day is None


def test_a_closed_one_says_how_it_ended() -> None:
    closed = datetime(2026, 2, 10, 3, tzinfo=UTC)
    met = clock_due(date(2026, 2, 9), outcome="met", met_at=closed, closed_at=closed)
    assert (met.text, met.state, met.shape) == ("met 2026-02-10", "done", "tick")
    assert clock_due(date(2026, 2, 9), outcome="cancelled", closed_at=closed).text == "cancelled 2026-02-10"


def test_chinese_measures(settings: Any) -> None:
    with translation.override("zh-hans"):
        assert clock_due(date(2026, 2, 28)).text == "6个工作日"
        assert clock_due(date(2026, 2, 9)).text == "逾期4天"
        assert clock_due(date(2026, 2, 9), basis=Basis.INTERNAL).text == "延误4天"


def ladder() -> list[Rung]:
    """A reminder for the owner; then a warning for the owner, and after an hour for the PV head; it repeats."""
    rungs = [Rung(no=1, tone=Rung.Tone.INFO), Rung(no=2, tone=Rung.Tone.WARNING, repeat_days=7)]
    second = Step(nth=2, audience=["pv_head", "deputy"], delay_minutes=60)
    steps = [[Step(nth=1, audience=["owner"])], [Step(nth=1, audience=["owner"]), second]]
    for rung, its in zip(rungs, steps, strict=True):
        rung._prefetched_objects_cache = {"steps": its}  # type: ignore[attr-defined]
    return rungs


def with_alarm(**alarm: Any) -> Clock:
    clock = clock_due(date(2026, 4, 28), StillDesk(rungs=ladder()))
    clock.alarm = Alarm(**({"answered": False} | alarm))
    return clock


def test_who_is_told_next_follows_the_ladder() -> None:
    later = FRIDAY + timedelta(hours=1)
    told = FRIDAY - timedelta(minutes=1)
    first = with_alarm(rung=0, nth=0, next_alert_at=later)
    assert (first.next_told.who, first.next_told.at_once) == ("owner", False)
    climbing = with_alarm(rung=2, nth=1, told_at=told, next_alert_at=told + timedelta(hours=1))
    assert climbing.next_told.who == "PV head, deputy"
    assert (climbing.state, climbing.may_be_taken) == ("soon", True)
    taken = with_alarm(rung=2, nth=1, told_at=told, answered=True, next_alert_at=later)
    assert (taken.next_told.who, taken.may_be_taken) == ("owner", False)
    repeating = with_alarm(rung=5, nth=2, told_at=told, next_alert_at=FRIDAY)
    assert (repeating.next_told.who, repeating.next_told.at_once) == ("owner", True)
    assert with_alarm(rung=2, nth=2, next_alert_at=None).next_told is None


@pytest.mark.parametrize(("days", "words"), [(1, "1 day"), (89, "89 days"), (91, "3 months"), (731, "2 years")])
def test_a_span_is_something_one_can_picture(days: int, words: str) -> None:
    assert span(days) == words


def row(first: date, due: date, forecast: date | None = None, basis: str = "legal", state: str = "open") -> Row:
    obligation = Obligation(
        code="PMR-1", title_en="Trial", title_zh="试验", original_due_on=first, due_on=due, forecast_on=forecast,
        basis=basis, state=state,
    )  # fmt: skip
    return Row(obligation, None, date(2026, 2, 13))


def test_the_time_line_puts_earlier_days_to_the_left() -> None:
    rows = [row(date(2025, 6, 1), date(2026, 6, 1), date(2026, 9, 1)), row(date(2026, 1, 1), date(2026, 1, 1))]
    for drawing in timelines(rows, date(2026, 2, 13), (WIDE, NARROW)):
        risky, late = drawing.lanes
        assert risky.first < late.due < drawing.today < risky.due < risky.forecast
        assert (risky.css, late.css, risky.moved, late.moved) == ("risk", "late", True, False)
        assert all(drawing.frame.label <= x <= drawing.frame.width for x in (risky.first, risky.forecast, drawing.flag))
        assert 2 <= len(drawing.ticks) <= 14
        assert risky.hatch_from == risky.due


def test_a_forecast_before_the_due_day_is_hatched_up_to_it() -> None:
    (drawing,) = timelines([row(date(2026, 6, 1), date(2026, 6, 1), date(2026, 4, 1))], date(2026, 2, 13), (WIDE,))
    assert drawing.lanes[0].hatch_from == drawing.lanes[0].forecast
    assert drawing.lanes[0].hatch_width > 0


def test_no_rows_no_picture_and_forty_years_still_fit() -> None:
    assert timelines([], date(2026, 2, 13)) == []
    wide, narrow = timelines([row(date(2026, 6, 1), date(2066, 6, 1))], date(2026, 2, 13))
    assert len(wide.ticks) <= 12
    assert len(narrow.ticks) <= 6
    assert all(len(tick.label) == 4 for tick in wide.ticks)


def test_slippage_is_counted_from_the_first_promise() -> None:
    assert row(date(2026, 1, 1), date(2026, 6, 1)).slippage == "151 days after the date first promised"
    assert (
        row(date(2026, 6, 1), date(2026, 6, 1), date(2026, 5, 1)).slippage == "31 days before the date first promised"
    )
    assert row(date(2026, 6, 1), date(2026, 6, 1)).slippage == ""


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", " =1", "\u3000+1", "－1"])
def test_no_cell_is_run_as_a_formula(typed: str) -> None:
    assert cell(typed) == f"'{typed}"


def test_cells_that_are_harmless_stay_as_they_are() -> None:
    assert [cell(one) for one in (None, "", "2026-02-13", date(2026, 2, 13), "a=b")] == [
        "", "", "2026-02-13", "2026-02-13", "a=b",
    ]  # fmt: skip


def test_pictures_cut_texts_by_their_width() -> None:
    assert places("确证性 trial") == 12
    assert shorten("确证性临床试验", 14) == "确证性临床试验"
    assert places(shorten("确证性临床试验", 9)) <= 9
    assert shorten("short", 9) == "short"


def test_days_and_moments_carry_their_weekday() -> None:
    assert portal.day(date(2026, 2, 28)) == "2026-02-28 Sat"
    assert portal.moment(FRIDAY) == "2026-02-13 Fri 18:40"
    assert portal.moment(FRIDAY, "UTC") == "2026-02-13 Fri 10:40"
    assert (portal.day(None), portal.moment(None), portal.iso(None)) == ("–", "–", "–")
    with translation.override("zh-hans"):
        assert portal.day(date(2026, 2, 28)) == "2026-02-28 周六"
