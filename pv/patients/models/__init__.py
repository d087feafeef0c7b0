"""Patient, MedicalHistory, Treatment with its bags, Consent, VitalStatus, Transfer, and the vault of identifiers."""

from pv.patients.models.identities import Identity
from pv.patients.models.ledgers import Consent, Transfer, VitalStatus
from pv.patients.models.patients import MedicalHistory, Patient
from pv.patients.models.treatments import Treatment, TreatmentLot

__all__ = [
    "Consent",
    "Identity",
    "MedicalHistory",
    "Patient",
    "Transfer",
    "Treatment",
    "TreatmentLot",
    "VitalStatus",
]
