"""Asking for samples because of one cause, and taking that back: requests, their clocks, the hold on what is retained.

The cause is an inbox item's id; why it came in is known above. Whoever reports a malignancy asks for samples by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current, writing_for
from pv.accounts.models import User
from pv.accounts.rows import own
from pv.accounts.services import check_may
from pv.biosamples import clocks
from pv.biosamples.models import CustodyEvent, Instruction, PlanItem, SamplingPlan, SamplingRequest, Specimen
from pv.biosamples.rules import RETAINED, State
from pv.biosamples.services.holding import put_on_hold, release_all, retained_before_treatment, save_held
from pv.biosamples.services.ledger import moment
from pv.biosamples.services.plans import ItemDue, dues_of, instruction_due, items_of, plan_for
from pv.core import clock
from pv.core.errors import Conflict, NotFound
from pv.core.typed import said
from pv.deadlines.opening import Wanted, open_deadlines
from pv.patients.models import Patient
from pv.terminology.clinical import Timing

BEFORE = Timing.BEFORE_TREATMENT
Key = tuple[str, str, int]


def ask_for_samples(
    *,
    organisation: UUID,
    cause: UUID,
    patient_id: UUID | None,
    lineage: str,
    day_zero: date,
    by: User,
    words: dict[str, str],
    from_at: datetime | None = None,
) -> list[SamplingRequest]:
    """Ask for everything the lineage's plan wants, start the clocks, and hold what is retained from before treatment.

    A second time for the same cause opens what is missing and nothing twice; with another lineage it adds what only the
    new plan asks for; after a stand-down it asks again. Raises MissingRule without a plan or rule, before anything is
    written: the caller makes that a question beside the saved report, behind a savepoint.
    """
    check_may(by, "intake.write", organisation)
    plan = plan_for(lineage, organisation)
    items = items_of(plan)
    dues = dues_of(items, organisation, day_zero)
    asked = instruction_due(organisation, day_zero, from_at)
    patient = own(Patient, organisation, patient_id) if patient_id else None
    with writing_for(organisation):
        instruction, is_new = _instruction(
            Instruction(
                organisation_id=organisation,
                cause=cause,
                number=words.get("number", ""),
                patient=patient,
                lineage=lineage,
                plan=plan,
                rule=asked.rule,
                working=asked.working,
                day_zero=day_zero,
                due_at=asked.at,
            )
        )
        is_first = instruction.version == 1 and is_new
        before = [] if is_first else _requests(organisation, cause)
        again = _ask_again(before)
        new = [_request(instruction, patient, plan, item, dues[item.pk]) for item in _still_to_ask(items, plan, before)]
        retained = _secure(patient, instruction, by=by, requests=[*before, *new])
        SamplingRequest.objects.bulk_create(new)
        _save_links(retained, new)
        _open_clocks(instruction, [*again, *new], items, patient, with_instruction=is_new)
    place = {item.pk: item.position for item in items}
    return sorted([*before, *new], key=lambda one: (one.timing != BEFORE, place.get(one.item_id, 0), one.due_on))


def _instruction(row: Instruction) -> tuple[Instruction, bool]:
    """The cause's instruction, locked, and whether its clock is to be started; two who ask at once ask once.

    Another lineage's plan is what is advised from then on; one that was stood down stands again.
    """
    Instruction.objects.bulk_create([row], ignore_conflicts=True)
    mine = Instruction.objects.for_organisations([row.organisation_id]).filter(cause=row.cause)
    found: Instruction = mine.select_for_update(no_key=True).get()
    is_new = found.pk == row.pk
    if found.rule_id == row.rule_id:
        found.rule = row.rule
    if found.plan_id != row.plan_id or found.ended_at is not None:
        is_new = is_new or (found.ended_at is not None and found.given_at is None)
        found.lineage, found.plan = row.lineage, row.plan
        found.ended_at, found.reason = None, ""
        found.version += 1
        found.save(update_fields=["lineage", "plan", "ended_at", "reason", "version"])
    return found, is_new


def _ask_again(asked: list[SamplingRequest]) -> list[SamplingRequest]:
    """What was cancelled when the cause was stood down is wanted after all."""
    again = [one for one in asked if one.state == SamplingRequest.State.CANCELLED]
    for request in again:
        request.state, request.ended_at, request.reason = SamplingRequest.State.OPEN, None, ""
        request.version += 1
    if again:
        SamplingRequest.objects.bulk_update(again, ["state", "ended_at", "reason", "version"])
    return again


def _requests(organisation: UUID, cause: UUID) -> list[SamplingRequest]:
    mine = SamplingRequest.objects.for_organisations([organisation]).filter(cause=cause)
    return list(mine.select_for_update(no_key=True).select_related(None).order_by("id"))


def _still_to_ask(items: list[PlanItem], plan: SamplingPlan, asked: list[SamplingRequest]) -> list[PlanItem]:
    """Items nobody has asked for; what another plan asked for in the same words of when and what is not asked again."""
    same_item = {one.item_id for one in asked}
    elsewhere = [one.item_id for one in asked if one.plan_id != plan.pk]
    keys = {_key(item) for item in PlanItem.objects.filter(pk__in=elsewhere)} if elsewhere else set()
    return [item for item in items if item.pk not in same_item and _key(item) not in keys]


def _key(item: PlanItem) -> Key:
    return item.timing, item.material, item.offset_months


def _request(
    instruction: Instruction, patient: Patient | None, plan: SamplingPlan, item: PlanItem, due: ItemDue
) -> SamplingRequest:
    return SamplingRequest(
        organisation_id=instruction.organisation_id,
        cause=instruction.cause,
        patient=patient,
        plan=plan,
        item=item,
        timing=item.timing,
        material=item.material,
        due_on=due.on,
        rule=due.rule,
        working=due.working,
    )


@dataclass(slots=True)
class _Secured:
    """What was found of a patient, the entries to be written, and which request each specimen meets."""

    specimens: list[Specimen]
    entries: list[CustodyEvent]
    met: list[SamplingRequest]


def _secure(
    patient: Patient | None, instruction: Instruction, *, by: User, requests: list[SamplingRequest]
) -> _Secured:
    """Hold what is retained from before the treatment, and let it meet what is asked for. Nothing is saved yet."""
    if patient is None:
        return _Secured([], [], [])
    specimens = retained_before_treatment(patient.pk, patient.organisation_id)
    now = clock.now()
    entries = put_on_hold(specimens, cause=instruction.cause, by=by, note=instruction.number, now=now)
    met = []
    wanted = [one for one in requests if one.timing == BEFORE and one.state == SamplingRequest.State.OPEN]
    for request in wanted:
        fitting = [one for one in specimens if one.material == request.material and is_usable(one)]
        if not fitting:
            continue
        request.state, request.ended_at = SamplingRequest.State.MET, now
        request.patient = patient
        met.append(request)
        for specimen in fitting:
            specimen.request_id = specimen.request_id or request.pk
    return _Secured(specimens, entries, met)


def is_usable(specimen: Specimen) -> bool:
    """Whether an analysis can count on it: at hand or under way, sound, and something left."""
    return State(specimen.state) in RETAINED and not specimen.compromised and specimen.quantity != 0


def _save_links(secured: _Secured, new: list[SamplingRequest]) -> None:
    """Rows and entries in two statements; requests that stood before are met one by one."""
    save_held(secured.specimens, secured.entries, "request")
    fresh = {one.pk for one in new}
    for request in secured.met:
        if request.pk not in fresh:
            _save_met(request)


def _save_met(request: SamplingRequest) -> None:
    request.version += 1
    request.save(update_fields=["state", "ended_at", "patient", "version"])
    if request.ended_at is not None:
        clocks.meet(request.organisation_id, clocks.COLLECTION, request.pk, request.ended_at)


def _open_clocks(
    instruction: Instruction,
    requests: Iterable[SamplingRequest],
    items: list[PlanItem],
    patient: Patient | None,
    *,
    with_instruction: bool,
) -> None:
    facets = clocks.facets_of(patient)
    requests, named = list(requests), {item.pk: item for item in items}
    if elsewhere := [one.item_id for one in requests if one.item_id not in named]:
        named |= {item.pk: item for item in PlanItem.objects.filter(pk__in=elsewhere)}
    wanted: list[Wanted] = [
        clocks.wanted_collection(one, named[one.item_id], instruction.number, facets)
        for one in requests
        if one.state == SamplingRequest.State.OPEN and named[one.item_id].required
    ]
    if with_instruction:
        wanted.append(clocks.wanted_instruction(instruction, facets))
    open_deadlines(instruction.organisation_id, wanted)


def stand_down_requests(*, cause: UUID, by: User, reason: str) -> list[SamplingRequest]:
    """It was no malignancy: what is still open is cancelled with its clocks, and the holds of this cause end.

    What was met or answered stays as it is. Returns what was cancelled; nothing for a cause that asked for nothing.
    """
    instruction = _locked(cause)
    if instruction is None:
        return []
    organisation = instruction.organisation_id
    check_may(by, "case.triage", organisation)
    why = said(reason, "reason")
    now = clock.now()
    with writing_for(organisation, reason=why):
        instruction.ended_at, instruction.reason = now, why
        instruction.version += 1
        instruction.save(update_fields=["ended_at", "reason", "version"])
        still_open = [one for one in _requests(organisation, cause) if one.state == SamplingRequest.State.OPEN]
        for request in still_open:
            request.state, request.ended_at, request.reason = SamplingRequest.State.CANCELLED, now, why
            request.version += 1
        if still_open:
            SamplingRequest.objects.bulk_update(still_open, ["state", "ended_at", "reason", "version"])
        clocks.cancel(organisation, clocks.INSTRUCTION, [cause], why)
        clocks.cancel(organisation, clocks.COLLECTION, [one.pk for one in still_open], why)
        release_all(organisation=organisation, cause=cause, by=by, reason=why)
    return still_open


def instruction_given(*, cause: UUID, by: User, at: datetime | None = None) -> Instruction:
    """Written instruction and kit went to the site: that meets their clock. A second time changes nothing.

    Raises NotFound for a cause that asked for nothing.
    """
    instruction = _locked(cause)
    if instruction is None:
        raise NotFound(_("There is no such record."))
    check_may(by, "intake.write", instruction.organisation_id)
    if instruction.given_at is not None:
        return instruction
    given_at = moment(at)
    instruction.given_at, instruction.given_by = given_at, by
    instruction.version += 1
    with writing_for(instruction.organisation_id):
        instruction.save(update_fields=["given_at", "given_by", "version"])
        clocks.meet(instruction.organisation_id, clocks.INSTRUCTION, cause, given_at)
    return instruction


def attach_patient(*, cause: UUID, patient_id: UUID, by: User) -> list[SamplingRequest]:
    """A report is matched to a patient: the requests are theirs from now on, and what is retained is put on hold.

    Matched to the wrong one before, it can be matched again until somebody acts on a request: what was held of the
    other is released. Raises NotFound for a cause that asked for nothing or another's patient, Conflict after that.
    """
    instruction = _locked(cause)
    if instruction is None:
        raise NotFound(_("There is no such record."))
    organisation = instruction.organisation_id
    check_may(by, "intake.write", organisation)
    patient = own(Patient, organisation, patient_id)
    with writing_for(organisation):
        requests = _requests(organisation, cause)
        if instruction.patient_id not in (None, patient.pk):
            _let_go(instruction, requests, by=by)
        if instruction.patient_id != patient.pk:
            _adopt(instruction, requests, patient)
        if instruction.ended_at is None:
            _save_links(_secure(patient, instruction, by=by, requests=requests), [])
    return requests


def _let_go(instruction: Instruction, requests: list[SamplingRequest], *, by: User) -> None:
    """It was the wrong patient: their specimens are free again, and what they met by themselves is open again."""
    if any(one.touched for one in requests):
        raise Conflict(_("Somebody has acted on these samples for another patient already."))
    organisation = instruction.organisation_id
    release_all(organisation=organisation, cause=instruction.cause, by=by, reason=instruction.number)
    theirs = Specimen.objects.for_organisations([organisation]).filter(request__in=requests)
    theirs.update(request=None, version=F("version") + 1)
    again = [one for one in requests if one.state == SamplingRequest.State.MET]
    for request in again:
        request.state, request.ended_at = SamplingRequest.State.OPEN, None
        request.version += 1
    if again:
        SamplingRequest.objects.bulk_update(again, ["state", "ended_at", "version"])
        _open_clocks(instruction, again, [], None, with_instruction=False)


def _adopt(instruction: Instruction, requests: list[SamplingRequest], patient: Patient) -> None:
    instruction.patient = patient
    instruction.version += 1
    instruction.save(update_fields=["patient", "version"])
    for request in requests:
        request.patient = patient
        request.version += 1
    SamplingRequest.objects.bulk_update(requests, ["patient", "version"])
    found = clocks.running(instruction.organisation_id, clocks.COLLECTION, [one.pk for one in requests])
    found += clocks.running(instruction.organisation_id, clocks.INSTRUCTION, [instruction.cause])
    clocks.set_facets(found, clocks.facets_of(patient))


def _locked(cause: UUID) -> Instruction | None:
    """The cause's instruction among the context's own; its lock is taken before the requests', by everybody."""
    mine = Instruction.objects.for_organisations(list(current().organisations)).filter(cause=cause)
    found: Instruction | None = mine.select_for_update(no_key=True).first()
    return found
