"""The room's kinds of deadline: how a clock is opened, what ought to be open, and how that is set right."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import TypedDict, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.rows import locked
from pv.biosamples.models import Instruction, Loan, PlanItem, SamplingRequest
from pv.core.errors import NotFound
from pv.deadlines import services as deadlines
from pv.deadlines.closing import cancel_many, meet_many
from pv.deadlines.computing import is_unconfirmed
from pv.deadlines.expectations import Expected
from pv.deadlines.kinds import Kind
from pv.deadlines.models import Basis, Deadline
from pv.deadlines.opening import Wanted, open_deadlines
from pv.patients.models import Patient, Treatment

COLLECTION = Kind(
    code="sample_collection",
    label=_("sample to collect"),
    title=_("%(number)s: %(what)s"),
    path="/samples/requests/{subject}/",
    ladder="sample",
    reads="specimen.read",
)
INSTRUCTION = Kind(
    code="sample_instruction",
    label=_("sampling instruction"),
    title=_("%(number)s: written sampling instruction and kit to the site"),
    path="/samples/advice/{subject}/",
    ladder="sample",
    reads="specimen.read",
)
RETURN = Kind(
    code="sample_return",
    label=_("pathology loan to return"),
    title=_("%(patient)s: %(kind)s back to %(lender)s"),
    path="/samples/loans/{subject}/",
    ladder="sample",
    reads="specimen.read",
)
KINDS = (COLLECTION, INSTRUCTION, RETURN)

# A deadline's words are kept in both languages, whoever opened it in whichever.
LOAN_KINDS = {
    Loan.Kind.BLOCK: ("paraffin block", "蜡块"),
    Loan.Kind.STAINED: ("stained slides", "染色切片"),
    Loan.Kind.UNSTAINED: ("unstained sections", "白片"),
    Loan.Kind.SCROLL: ("paraffin scrolls", "蜡卷"),
}
ZONE = ZoneInfo("Asia/Shanghai")
LEFT_OVER = "left over; closed by check_deadlines"
Fact = TypeVar("Fact", SamplingRequest, Instruction, Loan)


class Facets(TypedDict, total=False):
    """By which lists a deadline is found."""

    patient_id: UUID | None
    centre_id: UUID | None
    product_id: UUID | None


def facets_of(patient: Patient | None) -> Facets:
    """By which lists a deadline about this patient is found."""
    if patient is None:
        return {}
    infused = Treatment.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    latest = (
        infused.exclude(infused_on=None).order_by("-infused_on", "-no").values_list("product_id", flat=True).first()
    )
    return {"patient_id": patient.pk, "centre_id": patient.centre_id, "product_id": latest}


def wanted_collection(request: SamplingRequest, item: PlanItem, number: str, facets: Facets) -> Wanted:
    """The clock of one item asked for; the basis is the rule's, ours where months were counted."""
    rule = request.rule
    return Wanted(
        kind=COLLECTION.code,
        subject=request.pk,
        basis=rule.basis if rule else Basis.INTERNAL,
        args={"number": number, "what_en": item.what_en, "what_zh": item.what_zh},
        due_on=request.due_on,
        rule=rule,
        working=request.working,
        unconfirmed=rule is not None and is_unconfirmed(rule),
        **facets,
    )


def wanted_instruction(instruction: Instruction, facets: Facets) -> Wanted:
    """The clock of the written instruction; its page is the advice, found by the cause."""
    rule = instruction.rule
    return Wanted(
        kind=INSTRUCTION.code,
        subject=instruction.cause,
        basis=rule.basis,
        args={"number": instruction.number},
        due_at=instruction.due_at,
        rule=rule,
        working=instruction.working,
        unconfirmed=is_unconfirmed(rule),
        **facets,
    )


def wanted_return(loan: Loan) -> Wanted:
    """The clock of what the hospital wants back: agreed with it, so contractual."""
    english, chinese = LOAN_KINDS[Loan.Kind(loan.kind)]
    return Wanted(
        kind=RETURN.code,
        subject=loan.pk,
        basis=Basis.CONTRACTUAL,
        args={
            "patient": loan.patient.code,
            "kind_en": english,
            "kind_zh": chinese,
            "lender_en": loan.lender.name,
            "lender_zh": loan.lender.name_zh,
        },
        due_on=loan.return_by,
        **facets_of(loan.patient),
    )


def start_of(day: date) -> datetime:
    """The instant a day begins: what is done on the due day is done in time."""
    return datetime.combine(day, time.min, tzinfo=ZONE)


def running(organisation: UUID, kind: Kind, subjects: Iterable[UUID]) -> list[Deadline]:
    """The open clocks of these facts."""
    mine = Deadline.objects.for_organisations([organisation])
    return list(mine.filter(kind=kind.code, subject__in=list(subjects), closed_at=None))


def expected_collections(organisation: UUID) -> Iterator[Expected]:
    """Every required item that is still to be had."""
    rows = SamplingRequest.objects.for_organisations([organisation]).filter(state="open", item__required=True)
    for pk, rule, due_on in rows.values_list("pk", "rule_id", "due_on").iterator():
        yield Expected(COLLECTION.code, pk, rule, due_on)


def expected_instructions(organisation: UUID) -> Iterator[Expected]:
    """Every instruction that has not gone out."""
    rows = Instruction.objects.for_organisations([organisation]).filter(given_at=None, ended_at=None)
    for cause, rule, due_at in rows.values_list("cause", "rule_id", "due_at").iterator():
        yield Expected(INSTRUCTION.code, cause, rule, due_at.astimezone(ZONE).date())


def expected_returns(organisation: UUID) -> Iterator[Expected]:
    """Every loan that is still out."""
    rows = Loan.objects.for_organisations([organisation]).filter(returned_on=None)
    for pk, return_by in rows.values_list("pk", "return_by").iterator():
        yield Expected(RETURN.code, pk, None, return_by)


def repair_collection(organisation: UUID, subject: UUID) -> None:
    """Open, move or close the clock of a request after what the request says."""
    with writing_for(organisation, reason="check_deadlines"):
        row = _as_it_stands(SamplingRequest, subject)
        wanted, met_at = None, None
        if row is not None and row.state == SamplingRequest.State.OPEN and row.item.required:
            wanted = wanted_collection(row, row.item, _number(row), facets_of(row.patient))
        elif row is not None and row.state in (SamplingRequest.State.MET, SamplingRequest.State.AT_SITE):
            met_at = row.ended_at
        _set_right(organisation, COLLECTION, subject, wanted, met_at)


def repair_instruction(organisation: UUID, subject: UUID) -> None:
    """The same for an instruction; its subject is the cause."""
    with writing_for(organisation, reason="check_deadlines"):
        found = Instruction.objects.for_organisations([organisation]).filter(cause=subject).first()
        row = _as_it_stands(Instruction, found.pk) if found else None
        wanted = None
        if row is not None and row.given_at is None and row.ended_at is None:
            wanted = wanted_instruction(row, facets_of(row.patient))
        _set_right(organisation, INSTRUCTION, subject, wanted, row.given_at if row else None)


def repair_return(organisation: UUID, subject: UUID) -> None:
    """The same for a loan."""
    with writing_for(organisation, reason="check_deadlines"):
        row = _as_it_stands(Loan, subject)
        wanted = wanted_return(row) if row is not None and row.returned_on is None else None
        met_at = start_of(row.returned_on) if row is not None and row.returned_on else None
        _set_right(organisation, RETURN, subject, wanted, met_at)


EXPECTATIONS = (
    (COLLECTION, expected_collections, repair_collection),
    (INSTRUCTION, expected_instructions, repair_instruction),
    (RETURN, expected_returns, repair_return),
)


def _number(request: SamplingRequest) -> str:
    mine = Instruction.objects.for_organisations([request.organisation_id])
    return mine.filter(cause=request.cause).values_list("number", flat=True).first() or ""


def _as_it_stands(model: type[Fact], pk: UUID) -> Fact | None:
    """Locked: whoever changes the fact at this moment is waited for, so that nothing older is written over it."""
    try:
        return locked(model, pk)
    except NotFound:
        return None


def _set_right(organisation: UUID, kind: Kind, subject: UUID, wanted: Wanted | None, met_at: datetime | None) -> None:
    found = False
    for clock in running(organisation, kind, [subject]):
        if wanted is not None and clock.rule_id == (wanted.rule.pk if wanted.rule else None):
            found = True
            _move(clock, wanted)
        elif wanted is None and met_at is not None:
            deadlines.meet_deadline(clock.pk, met_at=met_at)
        else:
            deadlines.cancel_deadline(clock.pk, reason=LEFT_OVER)
    if wanted is not None and not found:
        open_deadlines(organisation, [wanted])


def _move(clock: Deadline, wanted: Wanted) -> None:
    if wanted.due_at is not None and clock.due_at != wanted.due_at:
        deadlines.move_deadline(clock.pk, due_at=wanted.due_at, working=wanted.working)
    elif wanted.due_at is None and clock.due_on != wanted.due_on:
        deadlines.move_deadline(clock.pk, due_on=wanted.due_on, working=wanted.working)


def meet(organisation: UUID, kind: Kind, subject: UUID, at: datetime) -> None:
    """Close what runs for this fact: it was done at that instant."""
    meet_many(organisation=organisation, kinds=[kind.code], met_at={subject: at})


def cancel(organisation: UUID, kind: Kind, subjects: Collection[UUID], reason: str) -> None:
    """Close what runs for these facts: they fell away."""
    cancel_many(organisation=organisation, kinds=[kind.code], subjects=subjects, reason=reason)


def set_facets(clocks: Sequence[Deadline], facets: Facets) -> None:
    """Let running clocks be found under a patient who is known only now."""
    if clocks and facets:
        Deadline.objects.filter(pk__in=[clock.pk for clock in clocks]).update(**facets)
