"""Every write of this room: patients, treatments, consent, life and death, transfers.

Each is one transaction: the row locked, the move checked, the ledger written beside it, the rooms above told.
"""

from pv.patients.services.consenting import consents_to, give_consent, give_consents, withdraw_consent
from pv.patients.services.registering import History, record_history, register_patient
from pv.patients.services.transferring import transfer
from pv.patients.services.treating import Facts, advance_treatment, infuse, record_treatment
from pv.patients.services.vital import (
    alive_after_all,
    found_again,
    mark_lost,
    note_alive,
    report_death,
    verify_death,
)

__all__ = [
    "Facts",
    "History",
    "advance_treatment",
    "alive_after_all",
    "consents_to",
    "found_again",
    "give_consent",
    "give_consents",
    "infuse",
    "mark_lost",
    "note_alive",
    "record_history",
    "record_treatment",
    "register_patient",
    "report_death",
    "transfer",
    "verify_death",
    "withdraw_consent",
]
