"""What comes in at record_visits, and what it answers: values that doors and imports fill in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.core.errors import DomainError
from pv.core.partial import PartialDate
from pv.followup.models import Visit, VisitRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One adverse event told at a visit, in the reporter's words and judgement."""

    kind: str
    verbatim: str
    onset: PartialDate | None = None
    grade: int | None = None
    seriousness: tuple[str, ...] = ()
    hospital_from: date | None = None
    hospital_to: date | None = None
    treatment_given: str = ""
    dechallenge: str = ""
    outcome: str = "unknown"
    reporter_causality: str = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeath:
    """What is known of a death, with `alive="no"`."""

    died: PartialDate | None = None
    cause: str = ""
    suspected: str = ""
    autopsy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """What was learnt of one patient at one visit or contact.

    Names a visit, or a patient (then windows decide which visits it meets). `submission` is made by the form or the
    sender once: sent again, it is answered again and nothing is written twice. `version` is the visit's as its reader
    saw it. known_to_holder_on is today unless said. Partial dates keep their precision.
    """

    submission: UUID
    kind: str  # VisitRecord.Kind: full, minimal, missed
    visit_id: UUID | None = None
    patient_id: UUID | None = None
    corrects_id: UUID | None = None
    version: int | None = None
    way: str = "in_person"
    source: str = "visit"
    seen: PartialDate | None = None
    alive: str = "unknown"
    reachable_at: str = ""
    known_to_site_on: date | None = None
    known_to_delegate_on: date | None = None
    known_to_holder_on: date | None = None
    malignancy: str = "not_asked"
    diagnosis: str = ""
    lineage: str = ""
    onset: PartialDate | None = None
    biopsy: str = ""
    biopsy_on: date | None = None
    diagnosed_by: str = ""
    death: NewDeath | None = None
    events: tuple[NewEvent, ...] = ()
    disease_status: str = ""
    ecog: int | None = None
    new_therapy: str = ""
    new_therapy_on: date | None = None
    leukocytes: Decimal | None = None
    neutrophils: Decimal | None = None
    haemoglobin: Decimal | None = None
    platelets: Decimal | None = None
    b_cells: Decimal | None = None
    igg: Decimal | None = None
    transgene_copies: Decimal | None = None
    missed_reason: str = ""
    reporter_name: str = ""
    reporter_profession: str = ""
    reporter_institution: str = ""
    reporter_phone: str = ""
    reporter_consents: str = ""
    note: str = ""


# Columns that go over as they are; the rest is split into date and precision, or names another row.
PLAIN = (
    *("kind", "way", "source", "alive", "reachable_at", "known_to_site_on", "known_to_delegate_on"),
    *("malignancy", "diagnosis", "lineage", "biopsy", "biopsy_on", "diagnosed_by"),
    *("disease_status", "ecog", "new_therapy", "new_therapy_on"),
    *("leukocytes", "neutrophils", "haemoglobin", "platelets", "b_cells", "igg", "transgene_copies"),
    *("missed_reason", "reporter_name", "reporter_profession", "reporter_institution", "reporter_phone"),
    *("reporter_consents", "note"),
)
EVENT_PLAIN = (
    *("kind", "verbatim", "grade", "hospital_from", "hospital_to", "treatment_given", "dechallenge", "outcome"),
    "reporter_causality",
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one NewRecord: the row, the visits it met, and what the rooms above opened.

    again: this submission had been saved before; nothing was written, and `opened` is empty.
    """

    record: VisitRecord
    visit: Visit | None
    visits_met: list[Visit] = field(default_factory=list)
    opened: list[object] = field(default_factory=list)
    again: bool = False


class BadRecords(DomainError):
    """Of several records some cannot be saved, so none was: `faults` says which (by place in the list) and why."""

    def __init__(self, faults: Mapping[int, DomainError]) -> None:
        first = min(faults)
        super().__init__(
            _("%(count)s records cannot be saved as they stand. The first is number %(number)s: %(why)s"),
            params={"count": len(faults), "number": first + 1, "why": faults[first]},
        )
        self.faults = dict(faults)
