"""Every write of the room."""

from pv.safety.services.asking import answer_question, match_patient
from pv.safety.services.cases import add_version, assess, close_case, record_investigation, record_report
from pv.safety.services.confirming import confirm_suspicion
from pv.safety.services.opening import Facts, Reported, open_report
from pv.safety.services.reporting import last_infusion, quick_intake, report_malignancy
from pv.safety.services.triaging import stand_down, take, triage
from pv.safety.services.visits import handle_trigger

__all__ = [
    "Facts",
    "Reported",
    "add_version",
    "answer_question",
    "assess",
    "close_case",
    "confirm_suspicion",
    "handle_trigger",
    "last_infusion",
    "match_patient",
    "open_report",
    "quick_intake",
    "record_investigation",
    "record_report",
    "report_malignancy",
    "stand_down",
    "take",
    "triage",
]
