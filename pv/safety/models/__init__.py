"""InboxItem, Case with its versions and reactions, Assessment, MalignancyProcess, Question; and the ledger of moves."""

from pv.safety.models.cases import Assessment, Case, CaseVersion, Counter, Reaction
from pv.safety.models.inbox import InboxItem
from pv.safety.models.process import MalignancyProcess, Question, SafetyMove

__all__ = [
    "Assessment",
    "Case",
    "CaseVersion",
    "Counter",
    "InboxItem",
    "MalignancyProcess",
    "Question",
    "Reaction",
    "SafetyMove",
]
