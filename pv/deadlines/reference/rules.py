"""Reads the rules of law, guidelines and own defaults from their file, strictly.

A rule says what starts its clock, how long it runs and who receives what; which date follows is `pv.core.days`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from pv.core import days
from pv.core.reference import Bilingual, Record, Report, Source, Table, read_csv, read_sources

RULE_ID = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]+)+")
CITED = re.compile(r"([A-Z][A-Z0-9-]*)(?: (\S.*))?")
MONTH_AND_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
# Our own setting: a time that no rule states, or that we chose under a duty without one.
OWN = "OWN"

COLUMNS = (
    *("id", "version", "valid_from", "valid_to", "jurisdiction", "duty_kind", "trigger_en", "trigger_zh"),
    *("clock_start", "clock_start_en", "clock_start_zh", "amount", "unit", "day_type", "calendar", "repeats"),
    *("inclusive", "restart_on_follow_up", "recipient_en", "recipient_zh", "channel", "status", "certainty"),
    *("source", "note_en", "note_zh", "fixed_date"),
)
# As wide as the fields they are loaded into.
LIMITS = {
    **dict.fromkeys(("id", "duty_kind"), 40),
    **dict.fromkeys(("trigger_en", "trigger_zh"), 300),
    **dict.fromkeys(("clock_start_en", "clock_start_zh", "recipient_en", "recipient_zh"), 200),
    "clock_start": 60,
}


class Jurisdiction(StrEnum):
    """Whose rule it is, and whose holidays count."""

    CN = "CN"
    EU = "EU"
    US = "US"


class DutyKind(StrEnum):
    ANNUAL_REPORT = "annual_report"
    ASSAY = "assay"
    CONDITIONAL_CEILING = "conditional_ceiling"
    CONFIRMATORY_TRIAL = "confirmatory_trial"
    DEATH_INVESTIGATION = "death_investigation"
    DECISION = "decision"
    DEFICIENCY_ANSWER = "deficiency_answer"
    DSUR = "dsur"
    EMERGING_SAFETY_ISSUE = "emerging_safety_issue"
    EXTENSION = "extension"
    FOREIGN_ACTION = "foreign_action"
    GROUP_EVENT = "group_event"
    GROUP_INVESTIGATION = "group_investigation"
    HGR_END = "hgr_end"
    HGR_INFORMATION = "hgr_information"
    HGR_PERMIT = "hgr_permit"
    HGR_RENEWAL = "hgr_renewal"
    ICSR = "icsr"
    ICSR_FOLLOW_UP = "icsr_follow_up"
    ISSUE = "issue"
    LIFELONG_MONITORING = "lifelong_monitoring"
    LITERATURE = "literature"
    PBRER = "pbrer"
    PERIODIC_REPORT = "periodic_report"
    PROGRESS_REPORT = "progress_report"
    PROTOCOL_FOLLOW_UP = "protocol_follow_up"
    PSUR = "psur"
    PSUR_PERIOD = "psur_period"
    PV_SUMMARY = "pv_summary"
    RECALL_END = "recall_end"
    RECALL_NOTICE = "recall_notice"
    RECALL_PROGRESS = "recall_progress"
    REGISTRATION_DATA = "registration_data"
    RENEWAL = "renewal"
    RETENTION = "retention"
    REVIEW = "review"
    SAE_TO_SPONSOR = "sae_to_sponsor"
    SAFETY_COMMITTEE = "safety_committee"
    SAFETY_EVENT = "safety_event"
    SALES_SUSPENSION = "sales_suspension"
    SAMPLE_COLLECTION = "sample_collection"
    SAMPLE_INSTRUCTION = "sample_instruction"
    SERIOUS_RISK = "serious_risk"
    SIGNAL_CONFIRMATION = "signal_confirmation"
    SIGNAL_EVALUATION = "signal_evaluation"
    SIGNAL_VALIDATION = "signal_validation"
    SUSAR = "susar"
    SUSAR_FOLLOW_UP = "susar_follow_up"
    SUSAR_PARTIES = "susar_parties"
    TRIAL_RISK = "trial_risk"


class RuleUnit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    NONE = "none"


class Channel(StrEnum):
    """The way a report goes."""

    ARCHIVE = "archive"
    CDE = "cde"
    EUDRAVIGILANCE = "eudravigilance"
    FAERS = "faers"
    FDA = "fda"
    IND = "ind"
    INTERNAL = "internal"
    MARKET = "market"
    NADRMS = "nadrms"
    ONLINE = "online"
    PHONE = "phone"
    PSUR_REPOSITORY = "psur_repository"
    STUDY = "study"
    WRITTEN = "written"


class RuleStatus(StrEnum):
    """How far a rule binds: only binding ones can be overdue."""

    BINDING = "binding"
    GUIDELINE = "guideline"
    GUIDANCE = "guidance"
    DRAFT = "draft"
    DEFAULT = "default"


class RuleCertainty(StrEnum):
    READ = "read"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Citation:
    """A source and the place in it: GVP 49."""

    key: str
    place: str

    def __str__(self) -> str:
        return f"{self.key} {self.place}".rstrip()


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule.

    `amount` is None where the rule states no length (the certificate does, or a `fixed_date` MM-DD each year, or
    nothing: for life). `inclusive` says that the start day itself counts as the first; no rule so far does.
    `valid_from` is the day the text came into force, where known; None leaves that side open.
    """

    id: str
    version: int
    valid_from: date | None
    valid_to: date | None
    jurisdiction: Jurisdiction
    duty_kind: DutyKind
    trigger: Bilingual
    clock_start: str
    clock_start_name: Bilingual
    amount: int | None
    unit: RuleUnit
    day_type: days.DayType
    calendar: Jurisdiction
    repeats: bool
    inclusive: bool
    restart_on_follow_up: bool
    recipient: Bilingual
    channel: Channel | None
    status: RuleStatus
    certainty: RuleCertainty
    source: tuple[Citation, ...]
    note: Bilingual
    fixed_date: str

    @property
    def duration(self) -> days.Duration | None:
        """The length as the arithmetic of legal days takes it."""
        if self.amount is None or self.unit is RuleUnit.NONE:
            return None
        return days.Duration(self.amount, days.Unit(self.unit), self.day_type)


@dataclass(frozen=True, slots=True)
class RuleBook:
    rules: tuple[Rule, ...]
    sources: tuple[Source, ...]

    def rule(self, rule_id: str) -> Rule:
        """The latest version of a rule."""
        return max((rule for rule in self.rules if rule.id == rule_id), key=lambda rule: rule.version)


def read_rules(folder: Path) -> RuleBook:
    """Read rules.csv and sources.csv, or raise a ReferenceFault that lists every mistake in both."""
    report = Report()
    sources, source_table = read_sources(folder / "sources.csv", report)
    table = read_csv(folder / "rules.csv", COLUMNS, report, LIMITS)
    rules = tuple(_rule(row) for row in table)
    table.unique("id", "version")
    _check_versions_follow_one_another(table, rules)
    if source_table.complete:
        _check_sources_are_known(table, rules, {source.key for source in sources})
    report.finish()
    return RuleBook(rules, sources)


def _rule(row: Record) -> Rule:
    valid_from, valid_to = row.span()
    rule = Rule(
        id=row.matching("id", RULE_ID, "an id like CN-ICSR-SER"),
        version=row.count("version", at_least=1),
        valid_from=valid_from,
        valid_to=valid_to,
        jurisdiction=row.choice("jurisdiction", Jurisdiction),
        duty_kind=row.choice("duty_kind", DutyKind),
        trigger=row.pair("trigger"),
        clock_start=row.code("clock_start"),
        clock_start_name=row.pair("clock_start"),
        amount=row.integer("amount", required=False),
        unit=row.choice("unit", RuleUnit),
        day_type=row.choice("day_type", days.DayType),
        calendar=row.choice("calendar", Jurisdiction),
        repeats=row.flag("repeats"),
        inclusive=row.flag("inclusive"),
        restart_on_follow_up=row.flag("restart_on_follow_up"),
        recipient=row.pair("recipient", required=False),
        channel=row.optional_choice("channel", Channel),
        status=row.choice("status", RuleStatus),
        certainty=row.choice("certainty", RuleCertainty),
        source=_citations(row),
        note=row.pair("note", required=False),
        fixed_date=row.matching("fixed_date", MONTH_AND_DAY, "a month and a day like 04-30", required=False),
    )
    if row.clean:
        _check_rule_fits_together(row, rule)
    return rule


def _citations(row: Record) -> tuple[Citation, ...]:
    row.text("source")
    found = []
    for part in row.listed("source"):
        if match := CITED.fullmatch(part):
            found.append(Citation(match[1], match[2] or ""))
        else:
            row.fault("source", f"{part!r} is not a source key with its place, like GVP 49")
    return tuple(found)


def _check_rule_fits_together(row: Record, rule: Rule) -> None:
    if not rule.id.startswith(f"{rule.jurisdiction}-"):
        row.fault("id", f"does not begin with its jurisdiction, {rule.jurisdiction}")
    if (rule.amount is None) != (rule.unit is RuleUnit.NONE):
        row.fault("amount", "must be empty where the unit is none, and only there")
    if rule.day_type is days.DayType.WORKING and rule.unit is not RuleUnit.DAYS:
        row.fault("day_type", f"only days can be working days, not {rule.unit}")
    if rule.repeats and not rule.fixed_date and (rule.amount or 0) <= 0:
        row.fault("repeats", "needs a positive amount or a fixed date to repeat by")
    if rule.fixed_date:
        _check_fixed_date(row, rule)
    if (rule.status is RuleStatus.DEFAULT) != any(citation.key == OWN for citation in rule.source):
        row.fault("source", f"must name {OWN} where the status is default, and only there")


def _check_fixed_date(row: Record, rule: Rule) -> None:
    if rule.unit is not RuleUnit.NONE:
        row.fault("fixed_date", "stands beside an amount; a rule has one or the other")
    try:
        # Not a leap year: a date that exists in some years only cannot be fixed.
        date.fromisoformat(f"2023-{rule.fixed_date}")
    except ValueError:
        row.fault("fixed_date", f"'{rule.fixed_date}' is not a day of every year")


def _check_versions_follow_one_another(table: Table, rules: Collection[Rule]) -> None:
    """Of two versions the later must begin after the earlier has ended, or a day would have two answers."""
    earlier: dict[str, Rule] = {}
    for row, rule in zip(table, rules, strict=True):
        before = earlier.get(rule.id)
        if before is not None and before.version < rule.version:
            ended = before.valid_to is not None and rule.valid_from is not None and before.valid_to < rule.valid_from
            if not ended:
                row.fault("valid_from", f"version {before.version} must have ended before the day this one begins")
        elif before is not None and row.clean:
            row.fault("version", f"must be greater than {before.version}, which stands above it")
        earlier[rule.id] = rule


def _check_sources_are_known(table: Table, rules: Collection[Rule], keys: Collection[str]) -> None:
    for row, rule in zip(table, rules, strict=True):
        for citation in rule.source:
            row.known("source", citation.key, keys, "source key")
