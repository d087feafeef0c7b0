"""Rules and ladders, read from their files; plain values, no database."""

from pv.deadlines.reference.ladders import (
    AUDIENCES,
    Ladder,
    Ladders,
    Offset,
    OffsetUnit,
    Rung,
    Side,
    Step,
    Tone,
    read_ladders,
)
from pv.deadlines.reference.rules import (
    Channel,
    Citation,
    DutyKind,
    Jurisdiction,
    Rule,
    RuleBook,
    RuleCertainty,
    RuleStatus,
    RuleUnit,
    read_rules,
)

__all__ = [
    "AUDIENCES",
    "Channel",
    "Citation",
    "DutyKind",
    "Jurisdiction",
    "Ladder",
    "Ladders",
    "Offset",
    "OffsetUnit",
    "Rule",
    "RuleBook",
    "RuleCertainty",
    "RuleStatus",
    "RuleUnit",
    "Rung",
    "Side",
    "Step",
    "Tone",
    "read_ladders",
    "read_rules",
]
