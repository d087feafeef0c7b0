"""The reviewers' workplace: the triage queue with its records, and the room's other tables to look at."""

from pv.safety.admin.queue import InboxItemAdmin
from pv.safety.admin.tables import (
    AssessmentAdmin,
    CaseAdmin,
    CaseVersionAdmin,
    MalignancyProcessAdmin,
    QuestionAdmin,
    SafetyMoveAdmin,
)

__all__ = [
    "AssessmentAdmin",
    "CaseAdmin",
    "CaseVersionAdmin",
    "InboxItemAdmin",
    "MalignancyProcessAdmin",
    "QuestionAdmin",
    "SafetyMoveAdmin",
]
