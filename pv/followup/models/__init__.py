"""Plans, the two duty lines, visits with their three dates, and the ledgers of what was learnt, tried and decided."""

from pv.followup.models.attempts import ContactAttempt, Excuse
from pv.followup.models.plans import Line, PlannedVisit, VisitPlan
from pv.followup.models.records import ReportedEvent, VisitRecord
from pv.followup.models.visits import DutyLine, Visit

__all__ = [
    "ContactAttempt",
    "DutyLine",
    "Excuse",
    "Line",
    "PlannedVisit",
    "ReportedEvent",
    "Visit",
    "VisitPlan",
    "VisitRecord",
]
