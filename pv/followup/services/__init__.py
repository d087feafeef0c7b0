"""Every write of this room: lines and visits planned, visits recorded, attempts logged, visits excused.

record_visits is the one way in for what is learnt; what it reveals goes through pv.followup.ports in the same
transaction.
"""

from pv.followup.services.daily import plan_all
from pv.followup.services.planning import open_lines, plan_visits, unplanned
from pv.followup.services.plans import plan_for
from pv.followup.services.reaching import excuse_visit, log_attempt, may_be_lost
from pv.followup.services.recording import record_visits, revealed
from pv.followup.services.records import BadRecords, NewDeath, NewEvent, NewRecord, Recorded

__all__ = [
    "BadRecords",
    "NewDeath",
    "NewEvent",
    "NewRecord",
    "Recorded",
    "excuse_visit",
    "log_attempt",
    "may_be_lost",
    "open_lines",
    "plan_all",
    "plan_for",
    "plan_visits",
    "record_visits",
    "revealed",
    "unplanned",
]
