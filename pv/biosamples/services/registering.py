"""How a specimen comes into the ledger: collected for a request, or found where it has lain for years."""

from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict, TypeVar, Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import Party, User
from pv.accounts.rows import own
from pv.accounts.services import check_may
from pv.biosamples.clocks import ZONE
from pv.biosamples.models import Instruction, SamplingRequest, Specimen, Temperature
from pv.biosamples.rules import IN_HAND, RequestState, What, can_end
from pv.biosamples.services.answering import end, take_request
from pv.biosamples.services.asking import is_usable
from pv.biosamples.services.holding import put_on_hold, save_held
from pv.biosamples.services.ledger import ZERO, Fact, moment, write
from pv.biosamples.services.moving import CODE_TAKEN
from pv.core import clock
from pv.core.constraints import refusing
from pv.core.days import legal_day
from pv.core.errors import Conflict, DomainError
from pv.core.partial import PartialDate
from pv.core.partial_columns import stored
from pv.core.typed import cleaned, fits, has_begun, one_of, said
from pv.followup.models import Visit
from pv.patients.models import Patient, Treatment
from pv.terminology.clinical import Material, Timing

STATES = tuple(str(state) for state in IN_HAND)
Row = TypeVar("Row", Treatment, Visit)


class Particulars(TypedDict):
    """What may be said of a new specimen. `holder_id`: who has it; nobody named means the organisation itself."""

    treatment_id: NotRequired[UUID | None]
    visit_id: NotRequired[UUID | None]
    holder_id: NotRequired[UUID | None]
    place: NotRequired[str]
    quantity: NotRequired[Decimal | None]
    unit: NotRequired[str]
    description: NotRequired[str]
    route: NotRequired[str]
    route_evidence: NotRequired[str]
    document: NotRequired[str]
    note: NotRequired[str]


def register_specimen(
    *,
    by: User,
    organisation: UUID,
    patient_id: UUID,
    code: str,
    timing: str,
    material: str,
    temperature: str,
    state: str = Specimen.State.STORED,
    collected: PartialDate | None = None,
    at: datetime | None = None,
    request_id: UUID | None = None,
    thaws: int = 0,
    compromised: bool = False,
    **more: Unpack[Particulars],
) -> Specimen:
    """Enter a specimen that was there already, as it stands at `at` (now, if not said).

    One from before the treatment of a patient for whom samples are asked is put on hold at once, and meets what waits
    for it. Raises DomainError naming the field.
    """
    check_may(by, "specimen.write", organisation)
    if collected is not None:
        has_begun(collected, "collected")
    specimen = _specimen(
        own(Patient, organisation, patient_id), code, timing, material, temperature, collected=collected, more=more
    )
    specimen.state = one_of(STATES, state, "state")
    specimen.thaws, specimen.compromised = thaws, compromised
    request = take_request(request_id, by=by, version=None) if request_id else None
    _check_request(request, specimen)
    with writing_for(organisation), refusing(CODE_TAKEN):
        _enter(specimen, What.REGISTERED, by=by, at=moment(at), more=more)
        _follow_up(specimen, request, by=by)
    return specimen


def collect(
    *,
    by: User,
    code: str,
    at: datetime | None = None,
    request_id: UUID | None = None,
    patient_id: UUID | None = None,
    organisation: UUID | None = None,
    timing: str = "",
    material: str = "",
    temperature: str = "",
    kept_at_site: bool = False,
    version: int | None = None,
    **more: Unpack[Particulars],
) -> Specimen:
    """Record that a specimen was taken, for a request (`version` is the request's) or of a patient.

    A request says when, what and how cold unless it is said here, and is met as of `at`. `kept_at_site`: nobody may
    travel, and the site keeps it lawfully. Raises DomainError naming the field.
    """
    request = take_request(request_id, by=by, version=version) if request_id else None
    patient = _patient(by, request, patient_id, organisation)
    item = request.item if request else None
    taken = moment(at)
    specimen = _specimen(
        patient,
        code,
        timing or (request.timing if request else ""),
        material or (request.material if request else ""),
        temperature or (item.temperature if item else ""),
        collected=PartialDate.of(legal_day(taken, ZONE)),
        more=more,
    )
    specimen.state = Specimen.State.COLLECTED
    _check_request(request, specimen)
    with writing_for(patient.organisation_id), refusing(CODE_TAKEN):
        _enter(specimen, What.COLLECTED, by=by, at=taken, more=more)
        if kept_at_site:
            specimen.state = Specimen.State.AT_SITE
            write(specimen, What.KEPT, Fact(by=by, at=taken, from_holder_id=specimen.holder_id))
        _follow_up(specimen, request, by=by, at=taken)
    return specimen


def _patient(by: User, request: SamplingRequest | None, patient_id: UUID | None, organisation: UUID | None) -> Patient:
    if request is not None:
        if request.patient is None:
            raise Conflict(_("The report is not matched to a patient yet. Match it first."))
        return request.patient
    if patient_id is None or organisation is None:
        raise DomainError(_("Say for which request, or of which patient."), field="patient_id")
    check_may(by, "specimen.write", organisation)
    return own(Patient, organisation, patient_id)


def _specimen(
    patient: Patient,
    code: str,
    timing: str,
    material: str,
    temperature: str,
    *,
    collected: PartialDate | None,
    more: Particulars,
) -> Specimen:
    organisation = patient.organisation_id
    quantity, unit = more.get("quantity"), fits(more.get("unit", ""), "unit", most=20)
    if (quantity is None) != (not unit):
        raise DomainError(_("A quantity needs its unit."), field="unit")
    if quantity is not None and quantity < 0:
        raise DomainError(_("A quantity is never below zero."), field="quantity")
    treatment, visit, holder = more.get("treatment_id"), more.get("visit_id"), more.get("holder_id")
    on, precision = stored(collected)
    return Specimen(
        organisation_id=organisation,
        code=said(code, "code", most=40),
        patient=patient,
        treatment=_of(patient, own(Treatment, organisation, treatment), "treatment_id") if treatment else None,
        visit=_of(patient, own(Visit, organisation, visit), "visit_id") if visit else None,
        timing=one_of(Timing.values, timing, "timing"),
        material=one_of(Material.values, material, "material"),
        description=fits(more.get("description", ""), "description", most=200),
        collected_on=on,
        collected_precision=precision,
        quantity=quantity,
        unit=unit,
        temperature=one_of(Temperature.values, temperature, "temperature"),
        route=one_of(Specimen.Route.values, more.get("route", Specimen.Route.UNDECIDED), "route"),
        route_evidence=fits(more.get("route_evidence", ""), "route_evidence", most=200),
        holder=own(Party, organisation, holder) if holder else None,
        place=fits(more.get("place", ""), "place", most=120),
    )


def _of(patient: Patient, row: Row, field: str) -> Row:
    if row.patient_id != patient.pk:
        raise DomainError(_("This belongs to another patient."), field=field)
    return row


def _check_request(request: SamplingRequest | None, specimen: Specimen) -> None:
    """A second tube may come for a request that is met; for one that was cancelled, none."""
    if request is None:
        return
    if request.patient_id != specimen.patient_id:
        raise DomainError(_("This belongs to another patient."), field="request_id")
    state = RequestState(request.state)
    if state != RequestState.MET and not can_end(state, RequestState.MET):
        raise Conflict(_("This is not asked for any more."))
    specimen.request = request


def _enter(specimen: Specimen, what: What, *, by: User, at: datetime, more: Particulars) -> None:
    cleaned(specimen)
    specimen.save(force_insert=True)
    fact = Fact(
        by=by,
        at=at,
        change=ZERO if specimen.quantity is None else specimen.quantity,
        document=fits(more.get("document", ""), "document", most=200),
        note=fits(more.get("note", ""), "note", most=300),
    )
    specimen.version = 0  # the first entry makes it version 1
    write(specimen, what, fact)


def _follow_up(specimen: Specimen, request: SamplingRequest | None, *, by: User, at: datetime | None = None) -> None:
    """Meet the request; where samples are asked of this patient, hold what is from before the treatment."""
    if request is not None and request.state != SamplingRequest.State.MET:
        end(request, RequestState.MET, at=at or clock.now())
    if specimen.timing != Timing.BEFORE_TREATMENT:
        return
    mine = Instruction.objects.for_organisations([specimen.organisation_id])
    live = mine.filter(patient=specimen.patient_id, ended_at=None).order_by("day_zero", "id")
    entries = []
    for instruction in live:
        entries += put_on_hold([specimen], cause=instruction.cause, by=by, note=instruction.number, now=clock.now())
        waiting = _waiting(specimen, instruction)
        if waiting is not None and is_usable(specimen):
            specimen.request = specimen.request or waiting
            end(waiting, RequestState.MET, at=clock.now())
    if entries:
        save_held([specimen], entries, "request")


def _waiting(specimen: Specimen, instruction: Instruction) -> SamplingRequest | None:
    """What this cause still wants of this kind from before the treatment."""
    mine = SamplingRequest.objects.for_organisations([specimen.organisation_id]).select_for_update(no_key=True)
    wanted: SamplingRequest | None = (
        mine.filter(
            cause=instruction.cause, timing=specimen.timing, material=specimen.material, state=RequestState.OPEN
        )
        .order_by("id")
        .first()
    )
    return wanted
