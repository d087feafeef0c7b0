"""Reads the visit plans from their file, strictly: which visits a class of product has on each duty line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from pv.core.reference import Bilingual, Report, YamlRecord, check_unique, read_yaml
from pv.followup.rules import VectorClass

LONGEST_CODE, LONGEST_NAME, LONGEST_VISIT = 40, 120, 8


class PlanStatus(StrEnum):
    GUIDANCE = "guidance"
    DEFAULT = "default"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class VisitText:
    """One visit as the file states it: months after the infusion, days around it."""

    code: str
    months: int
    early: int
    grace: int
    late: int
    in_person: bool
    repeat: int | None


@dataclass(frozen=True, slots=True)
class VisitPlan:
    code: str
    version: int
    name: Bilingual
    classes: tuple[VectorClass, ...]
    protocol_years: int
    protocol_rule: str
    lifelong_rule: str
    status: PlanStatus
    source: Bilingual
    protocol: tuple[VisitText, ...]
    lifelong: tuple[VisitText, ...]


def read_visit_plans(path: Path) -> tuple[VisitPlan, ...]:
    """Read the plans, or raise a ReferenceFault that lists every mistake with its line."""
    report = Report()
    document = read_yaml(path, report)
    records = document.only("plans").children("plans") if document else []
    plans = tuple(_plan(record) for record in records)
    check_unique(records, "code", "version")
    _check_classes_have_one_plan(records, plans)
    report.finish()
    return plans


def _plan(record: YamlRecord) -> VisitPlan:
    record.only(
        *("code", "version", "name_en", "name_zh", "classes", "protocol_years", "protocol_rule", "lifelong_rule"),
        *("status", "source_en", "source_zh", "protocol", "lifelong"),
    )
    record.fit({
        "code": LONGEST_CODE,
        "name_en": LONGEST_NAME,
        "name_zh": LONGEST_NAME,
        "protocol_rule": LONGEST_CODE,
        "lifelong_rule": LONGEST_CODE,
    })  # fmt: skip
    years = record.count("protocol_years", at_least=1)
    return VisitPlan(
        code=record.code("code"),
        version=record.count("version", at_least=1),
        name=record.pair("name"),
        classes=_classes(record),
        protocol_years=years,
        protocol_rule=record.text("protocol_rule", required=False),
        lifelong_rule=record.text("lifelong_rule", required=False),
        status=record.choice("status", PlanStatus),
        source=record.pair("source"),
        protocol=_line(record, "protocol", most_months=12 * years),
        lifelong=_line(record, "lifelong", most_months=None),
    )


def _classes(record: YamlRecord) -> tuple[VectorClass, ...]:
    known = {str(one) for one in VectorClass}
    words = record.words("classes")
    for word in words:
        record.known("classes", word, known, "class of product")
    if not words:
        record.fault("classes", "names no class of product")
    return tuple(VectorClass(word) for word in words if word in known)


def _line(record: YamlRecord, name: str, *, most_months: int | None) -> tuple[VisitText, ...]:
    records = record.children(name)
    visits = tuple(_visit(one) for one in records)
    if all(one.clean for one in records):
        check_unique(records, "code")
        _check_order(records, visits)
        _check_end(records, visits, most_months)
    return visits


def _visit(record: YamlRecord) -> VisitText:
    record.only("code", "months", "early", "grace", "late", "in_person", optional=("repeat",))
    record.fit({"code": LONGEST_VISIT})
    visit = VisitText(
        code=record.text("code"),
        months=record.count("months", at_least=1),
        early=record.count("early"),
        grace=record.count("grace"),
        late=record.count("late"),
        in_person=record.flag("in_person"),
        repeat=record.integer("repeat", required=False, at_least=1),
    )
    if record.clean and visit.grace > visit.late:
        record.fault("grace", "reaches past the day on which the window closes")
    return visit


def _check_order(records: Sequence[YamlRecord], visits: Sequence[VisitText]) -> None:
    for record, (earlier, later) in zip(records[1:], pairwise(visits), strict=True):
        if later.months <= earlier.months:
            record.fault("months", f"{later.months} does not come after the visit before it, month {earlier.months}")


def _check_end(records: Sequence[YamlRecord], visits: Sequence[VisitText], most_months: int | None) -> None:
    """A lifelong line repeats its last visit and so never ends; a protocol's ends with its years."""
    for record, visit in zip(records, visits, strict=True):
        last = record is records[-1]
        if most_months is None and last and visit.repeat is None:
            record.fault("repeat", "is missing: the last visit of the lifelong line repeats for ever")
        if visit.repeat is not None and not (most_months is None and last):
            record.fault("repeat", "only the last visit of the lifelong line repeats")
        if most_months is not None and visit.months > most_months:
            record.fault("months", f"{visit.months} lies after the protocol's years, {most_months} months")


def _check_classes_have_one_plan(records: Sequence[YamlRecord], plans: Sequence[VisitPlan]) -> None:
    owners: dict[tuple[VectorClass, int], str] = {}
    for record, plan in zip(records, plans, strict=True):
        for kind in plan.classes:
            owner = owners.setdefault((kind, plan.version), plan.code)
            if owner != plan.code:
                record.fault("classes", f"{str(kind)!r} is followed by the plan {owner} already")
