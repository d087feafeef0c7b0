"""What the simulator answers: plain values, each patient's life with the product as one story."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pv.core.partial import PartialDate
from pv.ops.demo.plan import Words

Answer = Literal["yes", "no", "unknown"]
NOTHING: Words = ("", "")


@dataclass(frozen=True, slots=True)
class Centre:
    """Somebody who looks after patients, tests or carries samples; `foreign` under the genetic-resource rules."""

    key: str
    name: Words
    kind: Literal["hospital", "delegate", "laboratory", "courier"]
    province: Words = NOTHING
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class VectorBatch:
    code: str
    product: str
    manufactured_on: date
    plasmid: str
    key_reagents: str
    site: Words
    process_version: str
    out_of_specification: bool = False
    note: Words = NOTHING


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot; of an autologous product it is one person's."""

    code: str
    vector_batch: str
    manufactured_on: date
    expires_on: date
    process_version: str
    vector_copy_number: Decimal | None
    out_of_specification: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is: the code's part, and what only the vault learns."""

    sex: Literal["female", "male"]
    birth_date: date
    name: Words
    phone: str
    hospital_number: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """From order to infusion or return."""

    product: str
    indication: Words
    programme: Literal["commercial", "confirmatory", "follow_up", "named_patient"]
    study: str
    label_use: Literal["on", "off"]
    ordered_on: date
    apheresis_on: date | None = None
    released_on: date | None = None
    infused_on: date | None = None
    returned_on: date | None = None
    released_out_of_specification: bool = False
    lymphodepletion: str = ""
    dose: Decimal | None = None
    dose_unit: str = ""
    lot: Lot | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    scope: str
    given_on: date
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class Blood:
    """Counts of one visit, in the units of the visit form."""

    leukocytes: Decimal
    neutrophils: Decimal
    haemoglobin: Decimal
    platelets: Decimal
    b_cells: Decimal | None
    igg: Decimal | None
    transgene_copies: Decimal | None


@dataclass(frozen=True, slots=True)
class Event:
    """An adverse event as the reporter told it."""

    kind: str
    verbatim: Words
    onset: PartialDate
    grade: int
    causality: str
    outcome: str
    seriousness: tuple[str, ...] = ()
    hospital_from: date | None = None
    hospital_to: date | None = None
    treatment: Words = NOTHING


@dataclass(frozen=True, slots=True)
class Tumour:
    """A new malignancy, confirmed or suspected."""

    status: Literal["confirmed", "suspected"]
    diagnosis: Words
    lineage: Literal["t_cell", "b_cell", "myeloid", "solid", "unknown"]
    onset: PartialDate
    biopsy: Literal["done", "planned", "not_planned", "unknown"]
    biopsy_on: date | None
    diagnosed_by: Words = NOTHING


@dataclass(frozen=True, slots=True)
class Death:
    died: PartialDate
    cause: Words
    suspected: Answer
    autopsy: Answer
    source: Words
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """How a report goes on in the holder's house: days after it came; None where nobody has done it yet.

    `hours` is how long ago a report of these days came in; without it the report came on its record's day.
    """

    outcome: Literal["case", "not_reportable", "not_valid", ""] = ""
    triaged_after: int | None = None
    taken: bool = True
    causality: str = ""
    assessed_after: int | None = None
    reported_after: int | None = None
    stood_down_after: int | None = None
    reason: Words = NOTHING
    hours: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What was learnt at one visit or contact, and when it was entered."""

    kind: Literal["full", "minimal", "missed"]
    visit: str
    entered_on: date
    seen_on: date | None = None
    way: str = "in_person"
    source: str = "visit"
    disease: str = ""
    ecog: int | None = None
    blood: Blood | None = None
    new_therapy: Words = NOTHING
    new_therapy_on: date | None = None
    unbiopsied_relapse: bool = False
    biopsied_relapse: bool = False
    events: tuple[Event, ...] = ()
    tumour: Tumour | None = None
    death: Death | None = None
    missed_reason: Words = NOTHING
    note: Words = NOTHING
    handling: Handling = field(default_factory=Handling)

    @property
    def reveals(self) -> bool:
        """Whether somebody in the holder's house has to look at it."""
        return bool(self.events or self.tumour or self.death or self.unbiopsied_relapse)


@dataclass(frozen=True, slots=True)
class Attempt:
    on: date
    channel: str
    result: str


@dataclass(frozen=True, slots=True)
class Move:
    """Another place to live; `centre` is empty where the new hospital has no contract."""

    on: date
    centre: str
    text: Words
    reason: Words


@dataclass(frozen=True, slots=True)
class Specimen:
    """A tube, block or set of slides, and what happened to it after it was taken: (day, what, who holds it, more)."""

    code: str
    timing: str
    material: str
    collected_on: date
    quantity: Decimal
    unit: str
    temperature: str
    holder: str
    place: str
    visit: str = ""
    entered_on: date | None = None
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of custody."""

    on: date
    what: str
    holder: str = ""
    place: str = ""
    change: Decimal = Decimal(0)
    celsius: Decimal | None = None
    minutes: int | None = None
    note: Words = NOTHING


@dataclass(frozen=True, slots=True)
class Loan:
    """Pathology material borrowed because of a new tumour."""

    kind: Literal["block", "stained", "unstained", "scroll"]
    pieces: int
    number: str
    lent_on: date
    return_by: date
    returned_on: date | None
    deposit: Decimal | None


@dataclass(frozen=True, slots=True)
class Story:
    """One patient."""

    code: str
    scene: str
    centre: str
    person: Person
    history: Mapping[str, object]
    treatment: Treatment
    consents: tuple[Consent, ...]
    records: tuple[Record, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    lost_on: date | None = None
    found_on: date | None = None
    moves: tuple[Move, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    loans: tuple[Loan, ...] = ()

    @property
    def death(self) -> Death | None:
        return next((one.death for one in self.records if one.death), None)

    @property
    def tumours(self) -> list[tuple[Record, Tumour]]:
        return [(one, one.tumour) for one in self.records if one.tumour]


@dataclass(frozen=True, slots=True)
class Call:
    """A telephone call about somebody who is not matched yet."""

    caller: Words
    hospital: Words
    phone: str
    patient: Words
    product: str
    what: Words
    biopsy: str
    biopsy_on: date | None
    hours: int


@dataclass(frozen=True, slots=True)
class Population:
    """Everything of one holder."""

    holder: Literal["a", "b"]
    centres: tuple[Centre, ...]
    vector_batches: tuple[VectorBatch, ...]
    stories: tuple[Story, ...]
    calls: tuple[Call, ...] = ()

    def centre(self, key: str) -> Centre:
        return next(one for one in self.centres if one.key == key)


def days(number: int) -> timedelta:
    return timedelta(days=number)
