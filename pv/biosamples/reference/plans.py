"""Reads the sampling plans from their file, strictly: what is wanted, when, how much and how cold, by lineage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pv.core.reference import Bilingual, Report, YamlRecord, check_unique, read_yaml
from pv.terminology.clinical import Lineage, Material, Timing

STATUSES = ("default", "guidance", "protocol")
TEMPERATURES = ("vapour", "freezer", "fridge", "room")
AFTER, MOST_MONTHS = Timing.AFTER_EVENT.value, 60
PLAN_FITS = {"code": 40, "name_en": 160, "name_zh": 160}
ITEM_FITS = {
    **{f"{stem}_{language}": 160 for stem in ("what", "quantity") for language in ("en", "zh")},
    **{f"handling_{language}": 300 for language in ("en", "zh")},
    "collect_rule": 40,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One specimen that is wanted. It is due by its rule, counted from day 0, or so many months after it."""

    position: int
    timing: str
    offset_months: int
    material: str
    required: bool
    what: Bilingual
    quantity: Bilingual
    handling: Bilingual
    temperature: str
    process_within_hours: int | None
    collect_rule: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted when a malignancy of one of these lineages appears."""

    code: str
    version: int
    name: Bilingual
    lineages: tuple[str, ...]
    status: str
    source: Bilingual
    items: tuple[Item, ...]


def read_sampling_plans(path: Path, rules: Collection[str]) -> tuple[Plan, ...]:
    """Read the plans, or raise a ReferenceFault that lists every mistake; `rules` are the codes an item may name."""
    report = Report()
    document = read_yaml(path, report)
    records = document.only("plans").children("plans") if document else []
    plans = tuple(_plan(record, rules) for record in records)
    check_unique(records, "code", "version")
    if document and document.clean:
        _check_every_lineage_has_one(document, records, plans)
    report.finish()
    return plans


def _plan(record: YamlRecord, rules: Collection[str]) -> Plan:
    record.only("code", "version", "name_en", "name_zh", "lineages", "status", "source_en", "source_zh", "items").fit(
        PLAN_FITS
    )
    items = record.children("items")
    plan = Plan(
        code=record.code("code"),
        version=record.count("version", at_least=1),
        name=record.pair("name"),
        lineages=record.words("lineages"),
        status=_one_of(record, "status", STATUSES),
        source=record.pair("source"),
        items=tuple(_item(item, rules) for item in items),
    )
    for lineage in plan.lineages:
        record.known("lineages", lineage, Lineage.values, "lineage")
    if not plan.lineages:
        record.fault("lineages", "names no lineage")
    for at, (item, read) in enumerate(zip(items, plan.items, strict=True), start=1):
        if item.clean and read.position != at:
            item.fault("position", f"must be {at}: items are numbered 1, 2, 3 in their order")
    return plan


def _item(record: YamlRecord, rules: Collection[str]) -> Item:
    record.only(
        *("position", "timing", "material", "required", "temperature"),
        *("what_en", "what_zh", "quantity_en", "quantity_zh", "handling_en", "handling_zh"),
        optional=("offset_months", "process_within_hours", "collect_rule"),
    )
    record.fit(ITEM_FITS)
    item = Item(
        position=record.count("position", at_least=1),
        timing=_one_of(record, "timing", Timing.values),
        offset_months=record.integer("offset_months", required=False, at_least=1) or 0,
        material=_one_of(record, "material", Material.values),
        required=record.flag("required"),
        what=record.pair("what"),
        quantity=record.pair("quantity"),
        handling=record.pair("handling"),
        temperature=_one_of(record, "temperature", TEMPERATURES),
        process_within_hours=record.integer("process_within_hours", required=False, at_least=1),
        collect_rule=record.text("collect_rule", required=False),
    )
    record.known("collect_rule", item.collect_rule, rules, "rule")
    _check_it_is_due(record, item)
    return item


def _check_it_is_due(record: YamlRecord, item: Item) -> None:
    """Nothing is due at a moment that nobody stated."""
    if item.offset_months > MOST_MONTHS:
        record.fault("offset_months", f"{item.offset_months} months are more than {MOST_MONTHS}")
    if (item.timing == AFTER) != bool(item.offset_months):
        record.fault("offset_months", "is given for what is taken after the event, and for nothing else")
    if not item.collect_rule and not item.offset_months:
        record.fault("collect_rule", "is missing, and no months are given either: it would never be due")


def _one_of(record: YamlRecord, name: str, allowed: Collection[str]) -> str:
    value = record.text(name)
    if value and value not in allowed:
        record.fault(name, f"{value!r} is not one of {', '.join(allowed)}")
    return value


def _check_every_lineage_has_one(document: YamlRecord, records: list[YamlRecord], plans: tuple[Plan, ...]) -> None:
    """A lineage with two plans would be a choice nobody made; one without is a question for somebody's list."""
    owners: dict[str, str] = {}
    for record, plan in zip(records, plans, strict=True):
        for lineage in plan.lineages:
            if owners.setdefault(lineage, plan.code) != plan.code:
                record.fault("lineages", f"{lineage!r} already has the plan {owners[lineage]!r}")
    for lineage in Lineage.values:
        if lineage not in owners:
            document.fault("plans", f"no plan is for the lineage {lineage!r}")
