"""Every write of the room: a verb, one transaction, the row locked, the move checked, ledger and clock together."""

from pv.biosamples.services.answering import meet_at_site, not_available
from pv.biosamples.services.asking import (
    ask_for_samples,
    attach_patient,
    instruction_given,
    is_usable,
    stand_down_requests,
)
from pv.biosamples.services.holding import hold, release_hold
from pv.biosamples.services.ledger import differs, rebuild
from pv.biosamples.services.loans import lend, return_loan
from pv.biosamples.services.moving import MOVABLE, Part, aliquot, excursion, move
from pv.biosamples.services.pairs import Pair, pair_of
from pv.biosamples.services.plans import advice, plan_for
from pv.biosamples.services.registering import collect, register_specimen

__all__ = [
    "MOVABLE",
    "Pair",
    "Part",
    "advice",
    "aliquot",
    "ask_for_samples",
    "attach_patient",
    "collect",
    "differs",
    "excursion",
    "hold",
    "instruction_given",
    "is_usable",
    "lend",
    "meet_at_site",
    "move",
    "not_available",
    "pair_of",
    "plan_for",
    "rebuild",
    "register_specimen",
    "release_hold",
    "return_loan",
    "stand_down_requests",
]
