"""Asking a rule for a date: which version applies, what it computes, and how."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pv.deadlines.models import Rule
from pv.deadlines.rules import Length, due_from
from pv.deadlines.services import calendar, rule_for


@dataclass(frozen=True, slots=True)
class ComputedDue:
    """A date, the version of the rule it comes from, and its working: "2023-06-30 + 4 years"."""

    due_on: date
    rule: Rule
    working: str


def is_unconfirmed(rule: Rule) -> bool:
    """Whether the rule was recalled and nobody has confirmed it since."""
    return rule.certainty == Rule.Certainty.RECALLED and rule.confirmed_on is None


def compute_due(code: str, organisation: UUID, start: date) -> ComputedDue:
    """What a rule makes of the day its clock starts, by the version in force on that day; MissingRule if none is."""
    rule = rule_for(code, organisation, start)
    length = Length(rule.amount, rule.unit, rule.day_type, rule.inclusive, rule.fixed_date)
    computed = due_from(start, length, lambda: calendar(rule.calendar))
    return ComputedDue(computed.due_on, rule, computed.working)
