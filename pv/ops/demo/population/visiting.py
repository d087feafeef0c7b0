"""Visits as they went: full, by telephone only, missed, or not entered yet; and what each of them brought."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from pv.core.days import Duration, Unit, add
from pv.ops.demo.plan import Words
from pv.ops.demo.population.blood import Marrow, draw_blood
from pv.ops.demo.population.chance import Dice, last_working_day, working_day
from pv.ops.demo.population.events import draw_event, early_history, handle_event
from pv.ops.demo.population.fates import Fate
from pv.ops.demo.population.products import Made
from pv.ops.demo.population.stories import Handling, Record, days

# Month -> days of the window on each side, as the visit plan of the product says (fixtures/visit_plans).
GRID = {1: 14, 3: 14, 6: 14, 9: 14, 12: 14} | dict.fromkeys(range(18, 61, 6), 30)
YEARLY_DAYS = 60
"""Days after the anniversary within which the yearly contact of lifelong monitoring still counts."""
REACHED: tuple[tuple[str, float], ...] = (("full", 0.875), ("minimal", 0.065), ("missed", 0.06))
FORGOTTEN = 0.1
"""Of windows that closed in the last three weeks: not entered at all, so that a few visits are late."""
FORGOTTEN_DAYS = 20

MISSED: tuple[Words, ...] = (
    ("The patient could not travel", "患者无法前来"),
    ("Did not come, appointment not rearranged within the window", "未按约就诊,窗口期内未能改期"),
    ("In hospital elsewhere for another illness", "因其他疾病在外院住院"),
    ("Family asked to postpone", "家属要求推迟"),
)
BY_PHONE: Words = ("Only reached by telephone; no examination within the window", "仅电话联系到,窗口期内未做检查")
LOST: Words = ("Lost to follow-up: attempts are logged", "失访,联系记录见随访记录")
RELAPSE_SEEN: Words = (
    "Relapse on imaging, no tissue taken; the course fits the treated disease",
    "影像学复发,未取组织,病程符合原发疾病",
)


@dataclass(frozen=True, slots=True)
class Course:
    """What decides about a patient's visits."""

    made: Made
    marrow: Marrow
    history: Mapping[str, object]
    infused_on: date
    today: date
    fate: Fate
    quiet_from: date | None = None
    quiet_until: date | None = None
    failing_from: date | None = None
    calm: bool = False
    reserved: tuple[str, ...] = field(default=())

    def is_lost(self, day: date) -> bool:
        """Whether nobody reaches the patient on this day."""
        if self.quiet_from is None or day < self.quiet_from:
            return False
        return self.quiet_until is None or day < self.quiet_until


@dataclass(frozen=True, slots=True)
class Slot:
    """A visit of the plan with its window."""

    code: str
    months: int
    opens_on: date
    target: date
    closes_on: date


def slots(infused_on: date, until: date) -> Iterator[Slot]:
    """The visits whose window has opened by then."""
    for months, around in GRID.items():
        target = add(infused_on, Duration(months, Unit.MONTHS))
        if target - days(around) > until:
            return
        yield Slot(f"M{months}", months, target - days(around), target, target + days(around))


def tell_visits(dice: Dice, course: Course) -> list[Record]:
    """Every record of the protocol's visits that was entered until today."""
    records: list[Record] = []
    seen_before, told = course.infused_on, False
    for slot in slots(course.infused_on, course.today):
        here = dice.of(slot.code)
        if slot.code in course.reserved or not course.fate.alive_on(slot.opens_on):
            continue
        found = list(_at(here, course, slot, seen_before, relapse_told=told))
        told = told or any(one.unbiopsied_relapse or one.biopsied_relapse for one in found)
        seen_before = max([one.seen_on for one in found if one.seen_on] + [seen_before])
        records += found
    return [one for one in records if one.entered_on <= course.today]


def _at(dice: Dice, course: Course, slot: Slot, since: date, *, relapse_told: bool) -> Iterator[Record]:
    """What became of one visit; nothing where it is still to come, or was forgotten."""
    if course.is_lost(slot.target):
        yield _missed(dice, slot, LOST)
        yield from _lifelong(dice, course, slot, reached=False)
        return
    away = round(dice.around(0, 0.35, -0.8, 0.8) * (slot.closes_on - slot.target).days)
    seen_on = last_working_day(slot.target + days(away))
    closed = (course.today - slot.closes_on).days
    if 1 <= closed <= FORGOTTEN_DAYS and dice.happens(FORGOTTEN):
        return
    if not course.fate.alive_on(seen_on):
        if closed > 0 and course.fate.alive_on(slot.closes_on):
            yield _missed(dice, slot, MISSED[0])
        return
    kind = "full" if slot.months == 1 else dice.weighted(REACHED)
    if kind == "missed":
        yield _missed(dice, slot, dice.one(MISSED))
        yield from _lifelong(dice, course, slot, reached=True)
        return
    if kind == "minimal":
        entered_on, way = working_day(dice.after(seen_on, 0, 4)), dice.one(("phone", "message"))
        yield Record("minimal", "", entered_on, seen_on=seen_on, way=way)
        yield _missed(dice, slot, BY_PHONE)
        return
    yield full_visit(dice, course, slot, seen_on, since, relapse_told=relapse_told)


def _missed(dice: Dice, slot: Slot, why: Words) -> Record:
    return Record("missed", slot.code, working_day(dice.after(slot.closes_on, 1, 3)), missed_reason=why)


def _lifelong(dice: Dice, course: Course, slot: Slot, *, reached: bool) -> Iterator[Record]:
    """Lifelong monitoring wants one contact a year; whoever missed the yearly visit is mostly reached later."""
    if slot.months % 12:
        return
    called_on = working_day(dice.after(slot.target, YEARLY_DAYS - 24, YEARLY_DAYS - 6))
    if reached and course.fate.alive_on(called_on) and not course.is_lost(called_on):
        yield Record("minimal", "", called_on, seen_on=called_on, way="phone")
        return
    closed_on = slot.target + days(YEARLY_DAYS)
    if course.fate.alive_on(closed_on):
        why = dice.one(MISSED) if reached else LOST
        yield Record("missed", f"Y{slot.months // 12}", working_day(dice.after(closed_on, 1, 2)), missed_reason=why)


def full_visit(dice: Dice, course: Course, slot: Slot, seen_on: date, since: date, *, relapse_told: bool) -> Record:
    """A visit with everything that is asked and measured; `since` is the one before it."""
    fate = course.fate
    relapsed = fate.relapsed_on is not None and fate.relapsed_on <= seen_on
    failing = course.failing_from is not None and course.failing_from <= seen_on
    event = None
    if not course.calm:
        event = draw_event(dice, course.made, course.history, slot.months, since, seen_on)
    new = relapsed and not relapse_told
    entered_on = working_day(dice.after(seen_on, 0, 2 if event or (new and not fate.biopsied) else 8))
    record = Record(
        "full",
        slot.code,
        entered_on,
        seen_on=seen_on,
        disease=_disease(dice, course, slot.months, relapsed=relapsed, new=new),
        ecog=dice.weighted(((0, 0.5), (1, 0.4), (2, 0.1)) if not relapsed else ((1, 0.5), (2, 0.4), (3, 0.1))),
        blood=draw_blood(dice, course.marrow, course.made, slot.months, relapsed=relapsed, failing=failing),
        events=(event,) if event else (),
        note=early_history(dice, course.made) if slot.months == 1 else ("", ""),
        handling=handle_event(dice, event) if event else Handling(),
    )
    if new:
        record = replace(record, biopsied_relapse=fate.biopsied, unbiopsied_relapse=not fate.biopsied)
        if not fate.biopsied and not event:
            record = replace(
                record, handling=Handling("not_reportable", triaged_after=dice.number(0, 2), reason=RELAPSE_SEEN)
            )
    elif relapsed and relapse_told and fate.relapsed_on:
        record = replace(record, new_therapy=(fate.rescue, fate.rescue), new_therapy_on=fate.relapsed_on + days(12))
    if record.new_therapy_on and record.new_therapy_on > seen_on:
        record = replace(record, new_therapy=("", ""), new_therapy_on=None)
    return record


def _disease(dice: Dice, course: Course, months: int, *, relapsed: bool, new: bool) -> str:
    if not course.made.autologous:
        return ""
    if new:
        return "progression"
    if relapsed:
        return dice.weighted(
            (("progression", 0.35), ("stable", 0.2), ("partial_response", 0.25), ("complete_response", 0.2))
        )
    if months == 1:
        return dice.weighted((("partial_response", 0.45), ("complete_response", 0.5), ("stable", 0.05)))
    return dice.weighted((("complete_response", 0.86), ("partial_response", 0.14)))
