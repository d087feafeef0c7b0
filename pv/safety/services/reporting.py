"""Who reports: a visit's record, somebody in the house, somebody on the telephone."""

from collections.abc import Sequence
from datetime import date
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from pv.accounts.models import User
from pv.accounts.rows import own
from pv.accounts.services import check_may
from pv.core import clock
from pv.core.days import check_plausible
from pv.core.partial import PartialDate
from pv.core.typed import fits, happened, has_begun, one_of, said
from pv.patients.models import Patient, Treatment
from pv.products.models import Product
from pv.safety.models import InboxItem
from pv.safety.services.opening import Facts, Reported, open_report
from pv.terminology.clinical import Biopsy, Causality, Lineage, Malignancy, Outcome, Serious, Source, YesNo

Kind = InboxItem.Kind
MOST_WORDS = 300
REPORTED_AS = (Malignancy.CONFIRMED, Malignancy.SUSPECTED)


class Told(TypedDict):
    """What a report may say besides what it must."""

    source: NotRequired[str]
    product_id: NotRequired[UUID | None]
    product_text: NotRequired[str]
    patient_text: NotRequired[str]
    narrative: NotRequired[str]
    biopsy: NotRequired[str]
    biopsy_on: NotRequired[date | None]
    treatment_planned_on: NotRequired[date | None]
    seriousness: NotRequired[Sequence[str]]
    outcome: NotRequired[str]
    reporter_causality: NotRequired[str]
    known_to_site_on: NotRequired[date | None]
    known_to_delegate_on: NotRequired[date | None]
    reporter_name: NotRequired[str]
    reporter_profession: NotRequired[str]
    reporter_institution: NotRequired[str]
    reporter_phone: NotRequired[str]
    reporter_consents: NotRequired[str]


def report_malignancy(
    *,
    by: User,
    organisation: UUID,
    patient_id: UUID | None,
    diagnosis: str,
    lineage: str,
    status: str,
    onset: PartialDate | None,
    aware_on: date,
    submission: UUID,
    **told: Unpack[Told],
) -> Reported:
    """Report a new malignancy, `status` confirmed or suspected, known to the holder since `aware_on`.

    Raises DomainError naming the field that must change, NotFound for a patient or product of somebody else.
    """
    check_may(by, "intake.write", organisation)
    today = clock.today()
    patient = _patient(organisation, patient_id)
    facts = Facts(
        organisation=organisation,
        kind=Kind.MALIGNANCY,
        submission=submission,
        diagnosis=said(diagnosis, "diagnosis", most=MOST_WORDS),
        malignancy=one_of([str(one) for one in REPORTED_AS], status, "status"),
        lineage=one_of(Lineage.values, lineage, "lineage"),
        patient=patient,
        treatment=last_infusion(patient),
        onset=has_begun(onset, "onset", today=today) if onset else None,
        known_to_holder_on=happened(aware_on, "aware_on", today=today),
        **_told(organisation, told, today=today, source=Source.API),
    )
    return open_report(facts, by=by)


def quick_intake(
    *,
    by: User,
    organisation: UUID,
    submission: UUID,
    what: str,
    malignancy: str = Malignancy.SUSPECTED,
    lineage: str = Lineage.UNKNOWN,
    patient_id: UUID | None = None,
    onset: PartialDate | None = None,
    aware_on: date | None = None,
    serious: bool = True,
    died: PartialDate | None = None,
    death_suspected: str = "",
    death_cause: str = "",
    **told: Unpack[Told],
) -> Reported:
    """Write down a telephone call: what happened is all that must be known. Day 0 is today unless said otherwise.

    `what` may be longer than a diagnosis: then the whole of it stands in the original record as well.
    """
    check_may(by, "intake.write", organisation)
    today = clock.today()
    words = said(what, "what", most=5000)
    if len(words) > MOST_WORDS:
        told["narrative"] = "\n\n".join(part for part in (words, told.get("narrative", "")) if part)
        words = words[: MOST_WORDS - 1] + "…"
    answer = one_of(Malignancy.values, malignancy, "malignancy")
    patient, kind = _patient(organisation, patient_id), _kind_of_call(answer, died, death_suspected)
    if kind == Kind.DEATH:
        told["outcome"] = Outcome.FATAL
        told["seriousness"] = [*told.get("seriousness", ()), Serious.DEATH]
    facts = Facts(
        organisation=organisation,
        kind=kind,
        submission=submission,
        diagnosis=words,
        malignancy=answer,
        lineage=one_of(Lineage.values, lineage, "lineage") if answer in REPORTED_AS else "",
        patient=patient,
        treatment=last_infusion(patient),
        onset=has_begun(onset, "onset", today=today) if onset else None,
        serious=serious,
        died=has_begun(died, "died", today=today) if died else None,
        death_suspected=one_of([*YesNo.values, ""], death_suspected, "death_suspected"),
        death_cause=fits(death_cause, "death_cause", most=MOST_WORDS),
        known_to_holder_on=happened(aware_on or today, "aware_on", today=today),
        **_told(organisation, told, today=today, source=Source.PHONE),
    )
    return open_report(facts, by=by)


def _kind_of_call(answer: str, died: PartialDate | None, suspected: str) -> str:
    if answer in REPORTED_AS:
        return Kind.MALIGNANCY
    if died or suspected:
        return Kind.DEATH
    return Kind.RELAPSE if answer == Malignancy.RELAPSE else Kind.ADVERSE_EVENT


class _Checked(TypedDict):
    source: str
    product_id: UUID | None
    product_text: str
    patient_text: str
    narrative: str
    biopsy: str
    biopsy_on: date | None
    treatment_planned_on: date | None
    seriousness: tuple[str, ...]
    outcome: str
    reporter_causality: str
    known_to_site_on: date | None
    known_to_delegate_on: date | None
    reporter_name: str
    reporter_profession: str
    reporter_institution: str
    reporter_phone: str
    reporter_consents: str


def _told(organisation: UUID, told: Told, *, today: date, source: str) -> _Checked:
    product_id = told.get("product_id")
    if product_id:
        own(Product, organisation, product_id)
    seriousness = tuple(one_of(Serious.values, one, "seriousness") for one in told.get("seriousness", ()))
    return _Checked(
        source=one_of(Source.values, told.get("source") or source, "source"),
        product_id=product_id,
        product_text=fits(told.get("product_text", ""), "product_text", most=200),
        patient_text=fits(told.get("patient_text", ""), "patient_text", most=300),
        narrative=fits(told.get("narrative", ""), "narrative", most=20_000),
        biopsy=one_of([*Biopsy.values, ""], told.get("biopsy", ""), "biopsy"),
        biopsy_on=_meant(told.get("biopsy_on"), "biopsy_on"),
        treatment_planned_on=_meant(told.get("treatment_planned_on"), "treatment_planned_on"),
        seriousness=seriousness,
        outcome=one_of(Outcome.values, told.get("outcome") or Outcome.UNKNOWN, "outcome"),
        reporter_causality=one_of(
            Causality.values, told.get("reporter_causality") or Causality.PENDING, "reporter_causality"
        ),
        known_to_site_on=_known(told.get("known_to_site_on"), "known_to_site_on", today),
        known_to_delegate_on=_known(told.get("known_to_delegate_on"), "known_to_delegate_on", today),
        reporter_name=fits(told.get("reporter_name", ""), "reporter_name", most=120),
        reporter_profession=fits(told.get("reporter_profession", ""), "reporter_profession", most=60),
        reporter_institution=fits(told.get("reporter_institution", ""), "reporter_institution", most=200),
        reporter_phone=fits(told.get("reporter_phone", ""), "reporter_phone", most=40),
        reporter_consents=one_of([*YesNo.values, ""], told.get("reporter_consents", ""), "reporter_consents"),
    )


def _meant(day: date | None, field: str) -> date | None:
    return check_plausible(day, field) if day else None


def _known(day: date | None, field: str, today: date) -> date | None:
    return happened(day, field, today=today) if day else None


def _patient(organisation: UUID, patient_id: UUID | None) -> Patient | None:
    return own(Patient, organisation, patient_id) if patient_id else None


def last_infusion(patient: Patient | None) -> Treatment | None:
    """The treatment a report about this patient is likely to be about: the last one infused."""
    if patient is None:
        return None
    mine = Treatment.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    found: Treatment | None = (
        mine.filter(infused_on__isnull=False).select_related("product").order_by("-infused_on", "-no").first()
    )
    return found
