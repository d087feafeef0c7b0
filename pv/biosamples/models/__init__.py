"""Rows of the room: what is wanted, what there is and where it was, what is borrowed."""

from pv.biosamples.models.loans import Loan
from pv.biosamples.models.plans import Instruction, PlanItem, SamplingPlan, SamplingRequest, Temperature
from pv.biosamples.models.specimens import CustodyEvent, Specimen

__all__ = [
    "CustodyEvent",
    "Instruction",
    "Loan",
    "PlanItem",
    "SamplingPlan",
    "SamplingRequest",
    "Specimen",
    "Temperature",
]
