"""Reads the ladders from their file, strictly: which rungs a kind of deadline climbs, and who is told at each.

The instants themselves are computed in one place, the database's `deadlines_instant`; here only their order is checked,
because of several rungs passed the one with the highest number rings.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from pv.core.reference import Bilingual, Report, YamlRecord, check_unique, read_yaml
from pv.deadlines.reference.rules import RuleStatus

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
NINE_O_CLOCK = 9
LONGEST_CODE, LONGEST_NAME, LAST_HOUR = 40, 120, 23
# Days a month has at least and at most.
MONTH = (28, 31)
# The longest stretch of public holidays, with the weekends around it: what n working days may lie further back.
HOLIDAYS = 14

# The owner of the deadline, two entries of the rota, and the roles of a holder.
AUDIENCES = frozenset({
    *("owner", "on_call", "deputy"),
    *("recorder", "site_coordinator", "pv_officer", "pv_head", "medical_reviewer", "regulatory_affairs"),
    *("clinical_operations", "qa_cmc", "sample_manager", "hgr_owner", "legal_representative", "laboratory"),
})  # fmt: skip
CHANNELS = frozenset({"in_app", "email"})


class OffsetUnit(StrEnum):
    MONTHS = "months"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    HOURS = "hours"


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class Tone(StrEnum):
    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Offset:
    """Where a rung lies, seen from the due date."""

    amount: int
    unit: OffsetUnit
    side: Side
    at_hour: int = NINE_O_CLOCK

    def spread(self) -> tuple[int, int]:
        """The earliest and the latest hour it can be, counted from the midnight at which a due day ends."""
        if self.unit is OffsetUnit.HOURS:
            hours = self.amount if self.side is Side.AFTER else -self.amount
            return hours, hours
        shortest, longest = self.amount, self.amount
        if self.unit is OffsetUnit.MONTHS:
            shortest, longest = MONTH[0] * self.amount, MONTH[1] * self.amount
        elif self.unit is OffsetUnit.WORKING_DAYS:
            longest = 2 * self.amount + HOLIDAYS
        if self.side is Side.BEFORE:
            return -24 * (longest + 1) + self.at_hour, -24 * (shortest + 1) + self.at_hour
        return 24 * (shortest - 1) + self.at_hour, 24 * (longest - 1) + self.at_hour

    def surely_before(self, other: Offset) -> bool:
        """Whether it comes first whatever the months' lengths and the holidays."""
        if (self.unit, self.side) == (other.unit, other.side):
            nearer, farther = (other, self) if self.side is Side.BEFORE else (self, other)
            same_day = self.amount == other.amount and self.unit is not OffsetUnit.HOURS
            return farther.amount > nearer.amount or (same_day and self.at_hour < other.at_hour)
        return self.spread()[1] < other.spread()[0]


@dataclass(frozen=True, slots=True)
class Step:
    """Who is told so many hours after the rung's instant, if nobody has answered by then."""

    nth: int
    delay: int
    audience: tuple[str, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    number: int
    offset: Offset
    repeat_days: int | None
    tone: Tone
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    code: str
    version: int
    name: Bilingual
    applies_to: tuple[str, ...]
    status: RuleStatus
    source: Bilingual
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Ladders:
    ladders: tuple[Ladder, ...]

    def ladder(self, code: str) -> Ladder:
        return next(ladder for ladder in self.ladders if ladder.code == code)

    def ladder_for(self, kind: str) -> Ladder:
        """The ladder that names this kind of deadline, else the default one."""
        return next((ladder for ladder in self.ladders if kind in ladder.applies_to), self.ladder("default"))


def read_ladders(path: Path) -> Ladders:
    """Read the ladders, or raise a ReferenceFault that lists every mistake."""
    report = Report()
    document = read_yaml(path, report)
    records = document.only("ladders").children("ladders") if document else []
    ladders = tuple(_ladder(record) for record in records)
    check_unique(records, "code")
    _check_kinds_have_one_ladder(records, ladders)
    if document and document.clean and "default" not in {ladder.code for ladder in ladders}:
        document.fault("ladders", "has no ladder with the code default")
    report.finish()
    return Ladders(ladders)


def _ladder(record: YamlRecord) -> Ladder:
    record.only("code", "version", "name_en", "name_zh", "applies_to", "status", "source_en", "source_zh", "rungs")
    record.fit({"code": LONGEST_CODE, "name_en": LONGEST_NAME, "name_zh": LONGEST_NAME})
    rungs = record.children("rungs")
    ladder = Ladder(
        code=record.code("code"),
        version=record.count("version", at_least=1),
        name=record.pair("name"),
        applies_to=record.words("applies_to"),
        status=record.choice("status", RuleStatus),
        source=record.pair("source"),
        rungs=tuple(_rung(rung) for rung in rungs),
    )
    for kind in ladder.applies_to:
        if not KIND.fullmatch(kind):
            record.fault("applies_to", f"{kind!r} is not a code of small letters, digits and underscores")
    if all(rung.clean for rung in rungs):
        _check_rungs_follow_one_another(rungs, ladder.rungs)
    return ladder


def _rung(record: YamlRecord) -> Rung:
    record.only("number", "offset", "tone", "steps", optional=("repeat_days",))
    steps = record.children("steps")
    rung = Rung(
        number=record.count("number", at_least=1),
        offset=_offset(record),
        repeat_days=record.integer("repeat_days", required=False, at_least=1),
        tone=record.choice("tone", Tone),
        steps=tuple(_step(step) for step in steps),
    )
    if all(step.clean for step in steps):
        _check_steps_follow_one_another(steps, rung.steps)
    else:
        record.clean = False
    if rung.repeat_days and rung.steps and rung.steps[-1].delay >= 24 * rung.repeat_days:
        record.fault("repeat_days", "comes round before the last step has been told")
    return rung


def _offset(record: YamlRecord) -> Offset:
    child = record.child("offset")
    if child is None:
        return Offset(0, OffsetUnit.HOURS, Side.AFTER)
    child.only("amount", "unit", "side", optional=("at_hour",))
    amount, unit, side = child.count("amount"), child.choice("unit", OffsetUnit), child.choice("side", Side)
    at_hour = child.integer("at_hour", required=False, at_least=0)
    if at_hour is not None and at_hour > LAST_HOUR:
        child.fault("at_hour", f"{at_hour} is not an hour of the day")
    if child.clean and at_hour is not None and unit is OffsetUnit.HOURS:
        child.fault("at_hour", "does not go with hours, which are counted from the instant")
    if child.clean and (unit, side) == (OffsetUnit.WORKING_DAYS, Side.AFTER):
        child.fault("side", "working days are counted before the due date only")
    record.clean = record.clean and child.clean
    return Offset(amount, unit, side, NINE_O_CLOCK if at_hour is None else at_hour)


def _step(record: YamlRecord) -> Step:
    record.only("nth", "delay", "audience", "channels")
    return Step(
        nth=record.count("nth", at_least=1),
        delay=record.count("delay"),
        audience=_some(record, "audience", AUDIENCES),
        channels=_some(record, "channels", CHANNELS),
    )


def _some(record: YamlRecord, name: str, allowed: Collection[str]) -> tuple[str, ...]:
    """A list of at least one of the allowed words."""
    words = record.words(name)
    for word in words:
        if word not in allowed:
            record.fault(name, f"{word!r} is not one of {', '.join(sorted(allowed))}")
    if record.clean and not words:
        record.fault(name, "names nobody" if name == "audience" else "is empty")
    return words


def _check_steps_follow_one_another(records: list[YamlRecord], steps: tuple[Step, ...]) -> None:
    for at, (record, step) in enumerate(zip(records, steps, strict=True), start=1):
        if step.nth != at:
            record.fault("nth", f"must be {at}: steps are numbered 1, 2, 3 in their order")
    if steps and steps[0].delay:
        records[0].fault("delay", "the first step is told at the rung's instant, so its delay is 0")
    for record, (earlier, later) in zip(records[1:], pairwise(steps), strict=True):
        if later.delay <= earlier.delay:
            record.fault("delay", f"{later.delay} is not later than the step before it, {earlier.delay}")


def _check_rungs_follow_one_another(records: list[YamlRecord], rungs: tuple[Rung, ...]) -> None:
    for at, (record, rung) in enumerate(zip(records, rungs, strict=True), start=1):
        if rung.number != at:
            record.fault("number", f"must be {at}: rungs are numbered 1, 2, 3 in their order")
        if rung.repeat_days and at < len(rungs):
            record.fault("repeat_days", "only the last rung may repeat")
    for record, (earlier, later) in zip(records[1:], pairwise(rungs), strict=True):
        if not earlier.offset.surely_before(later.offset):
            record.fault("offset", f"does not surely come after rung {earlier.number}, whatever the holidays")


def _check_kinds_have_one_ladder(records: list[YamlRecord], ladders: tuple[Ladder, ...]) -> None:
    owners: dict[str, str] = {}
    for record, ladder in zip(records, ladders, strict=True):
        for kind in ladder.applies_to:
            if kind in owners:
                record.fault("applies_to", f"{kind!r} already climbs the ladder {owners[kind]!r}")
            owners.setdefault(kind, ladder.code)
