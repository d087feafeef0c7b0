"""Every write of this room: opening a promise, its dates, its moves, and the milestones on the way.

Each is one transaction: the row locked, the move checked, the ledger and the clock written beside it.
"""

from pv.obligations.services.dates import change_due, change_forecast, reassign
from pv.obligations.services.milestones import forecast_milestone, move_milestone, plan_milestone, reach_milestone
from pv.obligations.services.moves import fail, fulfil, reopen, return_, submit, waive
from pv.obligations.services.opening import Promise, open_obligation, record_conditional_authorisation
from pv.obligations.services.shared import MOST_EVIDENCE

__all__ = [
    "MOST_EVIDENCE",
    "Promise",
    "change_due",
    "change_forecast",
    "fail",
    "forecast_milestone",
    "fulfil",
    "move_milestone",
    "open_obligation",
    "plan_milestone",
    "reach_milestone",
    "reassign",
    "record_conditional_authorisation",
    "reopen",
    "return_",
    "submit",
    "waive",
]
