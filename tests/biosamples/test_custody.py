"""The chain of custody: one way to move, whoever moves it; the row is always what its ledger adds up to."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent, Instruction, SamplingRequest, Specimen
from pv.biosamples.rules import Broken, State, What, after
from pv.biosamples.services import Part
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.core.partial import PartialDate
from pv.deadlines.models import Deadline
from pv.patients.models import Patient
from tests.biosamples.conftest import Asker
from tests.support.factories import CustodyEventFactory, PartyFactory, SpecimenFactory, TreatmentFactory
from tests.support.people import make_user, setting_up

pytestmark = pytest.mark.django_db

ML = {"quantity": Decimal("20"), "unit": "mL"}


def fresh(specimen: Specimen) -> Specimen:
    specimen.refresh_from_db()
    return specimen


def refusal(act: Callable[[], object], kind: type[DomainError] = DomainError) -> DomainError:
    with pytest.raises(kind) as refused:
        act()
    return refused.value


def in_state(state: str, **more: Any) -> Specimen:
    return SpecimenFactory(state=state, **more)


# ---------------------------------------------------------------------------------------------- coming into the ledger
def register(by: User, patient: Patient, **changes: Any) -> Specimen:
    given = {
        "code": "S-1",
        "timing": "before_treatment",
        "material": "apheresis",
        "temperature": "vapour",
        "collected": PartialDate(2023, 5),
        "place": "tank 2",
        **ML,
    } | changes
    return services.register_specimen(by=by, organisation=patient.organisation_id, patient_id=patient.pk, **given)


def test_a_retain_found_in_the_store_is_entered_as_it_stands(as_manager: User, patient: Patient) -> None:
    centre = PartyFactory()
    tube = register(as_manager, patient, holder_id=centre.pk, thaws=2, compromised=True, note="old label")
    assert (tube.state, tube.place, tube.holder, tube.thaws, tube.compromised) == ("stored", "tank 2", centre, 2, True)
    assert (tube.collected_on, tube.collected_precision) == (date(2023, 5, 1), "month")
    (entry,) = CustodyEvent.objects.filter(specimen=tube)
    assert (entry.no, entry.what, entry.by, entry.change, entry.note) == (1, "registered", as_manager, 20, "old label")
    assert (tube.events, tube.version) == (1, 1)
    assert services.differs(fresh(tube)) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": " "}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"timing": "later"}, "timing"),
        ({"material": "hair"}, "material"),
        ({"temperature": "cold"}, "temperature"),
        ({"state": "lost"}, "state"),
        ({"route": "somehow"}, "route"),
        ({"unit": ""}, "unit"),
        ({"quantity": None}, "unit"),
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"quantity": Decimal("1e15")}, "quantity"),
        ({"thaws": -1}, "thaws"),
        ({"collected": PartialDate(2190)}, "collected"),
        ({"place": "x" * 121}, "place"),
    ],
)
def test_what_is_wrong_with_a_new_specimen_is_named(
    as_manager: User, patient: Patient, changes: dict[str, Any], field: str
) -> None:
    assert refusal(lambda: register(as_manager, patient, **changes)).field == field
    assert not Specimen.objects.exists()


def test_a_number_is_given_once(as_manager: User, patient: Patient) -> None:
    register(as_manager, patient)
    assert refusal(lambda: register(as_manager, patient)).field == "code"


def test_another_patients_treatment_is_refused(as_manager: User, patient: Patient) -> None:
    theirs = TreatmentFactory()
    assert refusal(lambda: register(as_manager, patient, treatment_id=theirs.pk)).field == "treatment_id"
    own = patient.treatments.get()
    assert register(as_manager, patient, treatment_id=own.pk).treatment == own


def test_what_is_registered_after_the_malignancy_is_held_and_meets_what_waits(
    ask: Asker, patient: Patient, cause: UUID, as_manager: User
) -> None:
    request = ask()[0]
    tube = register(as_manager, patient)
    assert (tube.on_hold, tube.hold_cause, tube.request) == (True, cause, request)
    request.refresh_from_db()
    assert (request.state, request.touched) == ("met", True)
    assert Deadline.objects.get(subject=request.pk).outcome == "met"
    spoilt = register(as_manager, patient, code="S-2", material="product", compromised=True)
    assert (spoilt.on_hold, spoilt.request) == (True, None)
    later = register(as_manager, patient, code="S-3", timing="at_event", material="blood")
    assert not later.on_hold
    for one in (tube, spoilt, later):
        assert services.differs(fresh(one)) == {}


def test_after_a_stand_down_nothing_new_is_held(ask: Asker, patient: Patient, cause: UUID, as_head: User) -> None:
    ask()
    services.stand_down_requests(cause=cause, by=as_head, reason="benign")
    assert not register(as_head, patient).on_hold


def test_a_specimen_collected_for_a_request_meets_it(ask: Asker, as_manager: User, patient: Patient) -> None:
    request, taken = ask()[5], clock.now() - timedelta(hours=3)
    block = services.collect(by=as_manager, code="T-1", request_id=request.pk, at=taken, version=request.version)
    assert (block.timing, block.material, block.temperature) == ("at_event", "tumour_ffpe", "room")
    assert (block.patient, block.request, block.state) == (patient, request, "collected")
    request.refresh_from_db()
    assert (request.state, request.ended_at, request.touched) == ("met", taken, True)
    met = Deadline.objects.get(subject=request.pk)
    assert (met.outcome, met.met_at) == ("met", taken)
    second = services.collect(by=as_manager, code="T-2", request_id=request.pk, **ML)
    assert second.request == request
    assert refusal(lambda: services.collect(by=as_manager, code="T-3", request_id=request.pk, version=1), Conflict)


def test_nobody_may_travel_so_the_site_keeps_it(ask: Asker, as_manager: User) -> None:
    block = services.collect(by=as_manager, code="T-1", request_id=ask()[5].pk, kept_at_site=True)
    assert [one.what for one in CustodyEvent.objects.filter(specimen=block)] == ["collected", "kept"]
    assert (block.state, services.differs(fresh(block))) == ("at_site", {})


def test_a_specimen_may_be_collected_without_a_request(as_manager: User, patient: Patient) -> None:
    tube = services.collect(
        by=as_manager,
        code="B-1",
        patient_id=patient.pk,
        organisation=patient.organisation_id,
        timing="after_event",
        material="blood",
        temperature="vapour",
        **ML,
    )
    assert (tube.collected_on, tube.state) == (clock.today(), "collected")
    assert refusal(lambda: services.collect(by=as_manager, code="B-2")).field == "patient_id"
    tomorrow = clock.now() + timedelta(days=1)
    assert (
        refusal(
            lambda: services.collect(
                by=as_manager, code="B-2", patient_id=patient.pk, organisation=patient.organisation_id, at=tomorrow
            )
        ).field
        == "at"
    )


def test_nothing_is_collected_for_what_is_no_longer_asked(
    ask: Asker, cause: UUID, as_head: User, stranger: Patient
) -> None:
    request = ask()[5]
    other = {"timing": "at_event", "request_id": request.pk}
    assert refusal(lambda: register(as_head, stranger, **other)).field == "request_id"
    services.stand_down_requests(cause=cause, by=as_head, reason="benign")
    refusal(lambda: services.collect(by=as_head, code="T-1", request_id=request.pk), Conflict)


# ---------------------------------------------------------------------------------------------- moving
def test_a_tube_on_its_way_through_the_world(as_manager: User) -> None:
    tube, laboratory = in_state("at_site", place="ward 3"), PartyFactory(laboratory=True)

    def go(what: str, **more: Any) -> CustodyEvent:
        return services.move(by=as_manager, specimen_id=tube.pk, what=what, **more)

    sent = go("sent", holder_id=laboratory.pk, document="SF-001", celsius=Decimal("-78.5"))
    assert (sent.to_holder, sent.place, sent.document, sent.celsius) == (laboratory, "", "SF-001", Decimal("-78.5"))
    assert fresh(tube).state == "in_transit"
    go("received", place="reception")
    go("stored", place="freezer 4, box 2")
    moved = go("moved", place="freezer 5, box 1")
    assert (moved.no, moved.state_after, moved.to_holder) == (5, "stored", laboratory)
    go("thawed")
    go("analysed", change=Decimal("-1.5"))
    back = go("stored", place="freezer 5, box 1")
    assert (back.quantity_after, back.thaws_after) == (Decimal("3.5"), 1)
    go("sent")
    assert fresh(tube).holder is None
    go("received"), go("exhausted")
    fresh(tube)
    assert (tube.state, tube.quantity, tube.events, tube.version) == ("exhausted", 0, 11, 11)
    assert [one.no for one in CustodyEvent.objects.filter(specimen=tube)] == list(range(1, 12))
    assert services.differs(tube) == {}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", services.MOVABLE)
def test_every_move_from_every_state_through_the_service(as_head: User, what: str, state: State) -> None:
    make_user(Role.SAMPLE_MANAGER, email=as_head.email)
    tube = in_state(state)
    go = lambda: services.move(by=as_head, specimen_id=tube.pk, what=what, place="somewhere", document="D-1")  # noqa: E731
    if after(What(what), state) is None:
        refusal(go, Conflict)
        assert fresh(tube).events == 1
    else:
        assert go().state_after == after(What(what), state)
        assert services.differs(fresh(tube)) == {}


def test_on_hold_it_is_used_but_never_destroyed(as_manager: User, ask: Asker, patient: Patient) -> None:
    tube = SpecimenFactory(patient=patient)
    ask()
    held = refusal(lambda: services.move(by=as_manager, specimen_id=tube.pk, what="disposed", document="certificate 7"))
    assert (held.code, held.field) == ("on_hold", "what")
    services.move(by=as_manager, specimen_id=tube.pk, what="analysed", change=Decimal(-1))
    services.release_hold(by=as_manager, specimen_id=tube.pk, reason="all results are in")
    assert refusal(lambda: services.move(by=as_manager, specimen_id=tube.pk, what="disposed")).field == "document"
    services.move(by=as_manager, specimen_id=tube.pk, what="disposed", document="certificate 7")
    assert (fresh(tube).state, tube.quantity, services.differs(tube)) == ("disposed", 0, {})


@pytest.mark.parametrize(
    ("what", "change", "field"),
    [
        ("analysed", "-5.001", "change"),
        ("analysed", "1", "change"),
        ("moved", "-1", "change"),
        ("analysed", "0", None),
        ("analysed", "-5", None),
    ],
)
def test_a_quantity_never_becomes_less_than_nothing(
    as_manager: User, what: str, change: str, field: str | None
) -> None:
    tube = SpecimenFactory()
    go = lambda: services.move(  # noqa: E731
        by=as_manager, specimen_id=tube.pk, what=what, change=Decimal(change), place="tank 1"
    )
    if field:
        assert refusal(go).field == field
        assert fresh(tube).quantity == 5
    else:
        assert go().quantity_after == 5 + Decimal(change)


def test_nothing_is_taken_from_what_was_never_measured(as_manager: User) -> None:
    block = SpecimenFactory(quantity=None, unit="")
    taken = {"by": as_manager, "specimen_id": block.pk, "what": "analysed"}
    assert refusal(lambda: services.move(**taken, change=Decimal(-1))).field == "change"
    services.move(**taken)
    services.move(by=as_manager, specimen_id=block.pk, what="exhausted")
    assert services.differs(fresh(block)) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"what": "held"}, "what"),
        ({"what": "registered"}, "what"),
        ({"what": "flown"}, "what"),
        ({"what": "stored", "place": ""}, "place"),
        ({"what": "moved", "place": " "}, "place"),
        ({"what": "thawed", "celsius": Decimal("-300")}, "celsius"),
        ({"what": "thawed", "celsius": Decimal("1000")}, "celsius"),
        ({"what": "thawed", "note": "x" * 301}, "note"),
        ({"what": "thawed", "document": "x" * 201}, "document"),
    ],
)
def test_what_is_wrong_with_a_move_is_named(as_manager: User, changes: dict[str, Any], field: str) -> None:
    tube = SpecimenFactory()
    assert refusal(lambda: services.move(by=as_manager, specimen_id=tube.pk, **changes)).field == field
    assert CustodyEvent.objects.filter(specimen=tube).count() == 1


def test_hands_follow_one_another_in_time(as_manager: User) -> None:
    tube, now = SpecimenFactory(), clock.now()
    services.move(by=as_manager, specimen_id=tube.pk, what="thawed", at=now - timedelta(hours=2))
    services.hold(by=as_manager, specimen_id=tube.pk, cause=uuid4())
    earlier = {"by": as_manager, "specimen_id": tube.pk, "what": "thawed"}
    assert refusal(lambda: services.move(**earlier, at=now - timedelta(hours=3))).field == "at"
    assert refusal(lambda: services.move(**earlier, at=now + timedelta(hours=1))).field == "at"
    services.move(**earlier, at=now - timedelta(hours=1))  # before the hold was written down, after the last hand


def test_a_foreign_party_needs_the_route_with_its_evidence(as_manager: User) -> None:
    abroad, here = PartyFactory(laboratory=True, foreign=True), PartyFactory(laboratory=True)
    for lacking in ({}, {"route": "permit"}, {"route_evidence": "HGR 2026-1"}):
        tube = SpecimenFactory(**lacking)
        refused = refusal(
            lambda: services.move(by=as_manager, specimen_id=tube.pk, what="sent", holder_id=abroad.pk)  # noqa: B023
        )
        assert (refused.code, refused.field) == ("no_route", "holder_id")
        services.move(by=as_manager, specimen_id=tube.pk, what="sent", holder_id=here.pk)
    allowed = SpecimenFactory(route="permit", route_evidence="HGR 2026-1")
    assert services.move(by=as_manager, specimen_id=allowed.pk, what="sent", holder_id=abroad.pk).to_holder == abroad


def test_too_warm_is_kept_and_marked(as_manager: User) -> None:
    tube = SpecimenFactory()
    entry = services.excursion(
        by=as_manager, specimen_id=tube.pk, celsius=Decimal("-95.5"), minutes=40, at=clock.now() - timedelta(days=2)
    )
    assert (entry.what, entry.minutes, entry.celsius) == ("excursion", 40, Decimal("-95.5"))
    assert (fresh(tube).compromised, tube.state, services.differs(tube)) == (True, "stored", {})
    wrong = {"by": as_manager, "specimen_id": tube.pk, "celsius": Decimal(-95)}
    assert refusal(lambda: services.excursion(**wrong, minutes=0)).field == "minutes"
    gone = {"by": as_manager, "specimen_id": in_state("returned").pk, "celsius": Decimal(1), "minutes": 5}
    refusal(lambda: services.excursion(**gone), Conflict)


def test_who_saw_an_older_state_does_not_move_it(as_manager: User) -> None:
    tube = SpecimenFactory()
    services.move(by=as_manager, specimen_id=tube.pk, what="thawed", version=1)
    for act in (
        lambda: services.move(by=as_manager, specimen_id=tube.pk, what="thawed", version=1),
        lambda: services.hold(by=as_manager, specimen_id=tube.pk, cause=uuid4(), version=1),
        lambda: services.excursion(by=as_manager, specimen_id=tube.pk, celsius=Decimal(1), minutes=1, version=1),
        lambda: services.aliquot(by=as_manager, specimen_id=tube.pk, parts=[Part("A", Decimal(1))], version=1),
    ):
        refusal(act, Conflict)


# ---------------------------------------------------------------------------------------------- hold
def test_a_hold_is_put_on_once_a_cause_and_ends_for_that_cause(as_manager: User) -> None:
    tube, first, second = SpecimenFactory(), uuid4(), uuid4()
    hold = lambda cause: services.hold(by=as_manager, specimen_id=tube.pk, cause=cause, note="look-back")  # noqa: E731
    hold(first)
    refusal(lambda: hold(first), Conflict)
    hold(second)
    assert fresh(tube).hold_cause == second
    services.release_hold(by=as_manager, specimen_id=tube.pk, reason="closed", cause=first)
    assert (fresh(tube).on_hold, tube.hold_cause) == (True, second)
    refusal(lambda: services.release_hold(by=as_manager, specimen_id=tube.pk, reason="x", cause=first), Conflict)
    assert refusal(lambda: services.release_hold(by=as_manager, specimen_id=tube.pk, reason="")).field == "reason"
    services.release_hold(by=as_manager, specimen_id=tube.pk, reason="closed")
    assert (fresh(tube).on_hold, services.differs(tube)) == (False, {})
    refusal(lambda: services.release_hold(by=as_manager, specimen_id=tube.pk, reason="again"), Conflict)
    refusal(lambda: services.hold(by=as_manager, specimen_id=in_state("exhausted").pk, cause=first), Conflict)


# ---------------------------------------------------------------------------------------------- aliquots
def test_parts_carry_their_parents_past_and_its_hold(as_manager: User, ask: Asker, patient: Patient) -> None:
    tube = SpecimenFactory(patient=patient, thaws=1)
    ask(cause=uuid4()), ask(cause=uuid4())
    parts = [Part("S-A", Decimal("2")), Part("S-B", Decimal("1.5"), place="tank 9")]
    first, second = services.aliquot(by=as_manager, specimen_id=tube.pk, parts=parts)
    assert fresh(tube).quantity == Decimal("1.5")
    for child, place in ((first, tube.place), (second, "tank 9")):
        fresh(child)
        assert (child.parent, child.patient, child.state, child.place) == (tube, patient, "stored", place)
        assert (child.thaws, child.on_hold, child.hold_cause) == (1, True, tube.hold_cause)
        assert services.differs(child) == {}
        assert CustodyEvent.objects.filter(specimen=child, what="held").count() == 2
    assert services.differs(tube) == {}


def test_what_cannot_be_divided_stays_whole(as_manager: User) -> None:
    tube = SpecimenFactory()
    divide = lambda parts: services.aliquot(by=as_manager, specimen_id=tube.pk, parts=parts)  # noqa: E731
    assert refusal(lambda: divide([])).field == "parts"
    assert refusal(lambda: divide([Part("A", Decimal(0))])).field == "parts"
    assert refusal(lambda: divide([Part("A", Decimal(3)), Part("B", Decimal(3))])).field == "change"
    assert refusal(lambda: divide([Part("A", Decimal(1)), Part("A", Decimal(1))])).field == "code"
    assert refusal(lambda: divide([Part(tube.code, Decimal(1))])).field == "code"
    assert (fresh(tube).quantity, tube.events) == (5, 1)
    unmeasured = SpecimenFactory(quantity=None, unit="")
    assert (
        refusal(lambda: services.aliquot(by=as_manager, specimen_id=unmeasured.pk, parts=[Part("A", Decimal(1))])).field
        == "parts"
    )
    refusal(
        lambda: services.aliquot(by=as_manager, specimen_id=in_state("lost").pk, parts=[Part("A", Decimal(1))]),
        Conflict,
    )


# ---------------------------------------------------------------------------------------------- who may
def allows(person: User, act: Callable[[User], object], organisation: UUID) -> bool:
    """Whether this person may; what was done is taken back."""
    try:
        with acting_as(person, organisation=organisation):
            act(person)
            transaction.set_rollback(True)
    except NotAllowed:
        return False
    return True


def test_who_may_do_what_with_a_specimen(holder_a: UUID, patient: Patient) -> None:
    tube, cause = SpecimenFactory(), uuid4()
    acts: dict[str, Callable[[User], object]] = {
        "write": lambda by: services.move(by=by, specimen_id=tube.pk, what="thawed"),
        "excursion": lambda by: services.excursion(by=by, specimen_id=tube.pk, celsius=Decimal(1), minutes=1),
        "register": lambda by: register(by, patient),
        "hold": lambda by: services.hold(by=by, specimen_id=tube.pk, cause=cause),
        "dispose": lambda by: services.move(by=by, specimen_id=tube.pk, what="disposed", document="D"),
    }
    may = {
        Role.SAMPLE_MANAGER: set(acts),
        Role.QA_CMC: {"dispose"},
        Role.MEDICAL_REVIEWER: {"hold"},
        Role.SITE_COORDINATOR: {"write", "excursion", "register"},
        Role.INSPECTOR: set(),
        Role.RECORDER: set(),
    }
    for role, allowed in may.items():
        person = make_user(role)
        for name, act in acts.items():
            assert allows(person, act, holder_a) == (name in allowed), (role, name)


def test_another_holders_specimen_is_not_there(as_manager: User, holder_b: UUID) -> None:
    theirs, their_party = SpecimenFactory(organisation_id=holder_b), PartyFactory(organisation_id=holder_b)
    tube = SpecimenFactory()
    for act in (
        lambda: services.move(by=as_manager, specimen_id=theirs.pk, what="thawed"),
        lambda: services.hold(by=as_manager, specimen_id=theirs.pk, cause=uuid4()),
        lambda: services.release_hold(by=as_manager, specimen_id=theirs.pk, reason="x"),
        lambda: services.excursion(by=as_manager, specimen_id=theirs.pk, celsius=Decimal(1), minutes=1),
        lambda: services.aliquot(by=as_manager, specimen_id=theirs.pk, parts=[Part("A", Decimal(1))]),
        lambda: services.move(by=as_manager, specimen_id=tube.pk, what="sent", holder_id=their_party.pk),
    ):
        refusal(act, NotFound)


# ---------------------------------------------------------------------------------------------- the ledger is the truth
ACTS = st.one_of(
    st.tuples(st.sampled_from(services.MOVABLE), st.decimals(-7, 1, places=3, allow_nan=False) | st.just(Decimal(0))),
    st.tuples(st.sampled_from(["hold", "release", "excursion", "divide"]), st.decimals(0, 3, places=3)),
)


@given(st.lists(ACTS, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_the_row_is_what_its_ledger_adds_up_to(
    as_manager: User, acts: list[tuple[str, Decimal]]
) -> None:
    tube, causes = SpecimenFactory(), [UUID(int=1), UUID(int=2)]
    tubes = [tube]
    for no, (what, amount) in enumerate(acts):
        try:
            _do(as_manager, tube, what, amount, causes[no % 2], tubes)
        except DomainError:
            continue  # refused; nothing of it may stay
    for one in tubes:
        fresh(one)
        assert services.differs(one) == {}
        assert one.quantity >= 0
        assert one.events == one.version == CustodyEvent.objects.filter(specimen=one).count()
        assert not (one.on_hold and one.state == "disposed")
    assert sum(one.quantity for one in tubes) <= 5


def _do(by: User, tube: Specimen, what: str, amount: Decimal, cause: UUID, tubes: list[Specimen]) -> None:
    named = {"by": by, "specimen_id": tube.pk}
    match what:
        case "hold":
            services.hold(**named, cause=cause)
        case "release":
            services.release_hold(**named, reason="done", cause=cause)
        case "excursion":
            services.excursion(**named, celsius=Decimal(-20), minutes=5)
        case "divide":
            code = f"{tube.code}-{uuid4().hex[:8]}"
            tubes += services.aliquot(**named, parts=[Part(code, amount)])
        case _:
            services.move(**named, what=what, change=amount, place="tank 1", document="D-1")


def test_a_row_changed_behind_its_ledger_is_found(holder_a: UUID) -> None:
    tube = SpecimenFactory()
    with setting_up():
        Specimen.objects.filter(pk=tube.pk).update(quantity=9, place="my own freezer")
        found = services.differs(fresh(tube))
    assert found == {"quantity": (Decimal(9), Decimal(5)), "place": ("my own freezer", "tank 2, rack 4, box 7")}


def test_an_entry_slipped_into_the_ledger_is_found(holder_a: UUID) -> None:
    tube = SpecimenFactory()
    CustodyEventFactory(specimen=tube, no=3, what="thawed", change=0, thaws_after=1)
    with setting_up(), pytest.raises(Broken):
        services.rebuild(tube)


def test_rebuilding_tells_how_it_stands(as_manager: User, ask: Asker, patient: Patient, cause: UUID) -> None:
    tube = SpecimenFactory(patient=patient)
    ask()
    standing = services.rebuild(tube)
    assert (standing.state, standing.quantity, standing.causes) == ("stored", 5, (cause,))
    assert Instruction.objects.get().cause == cause
    assert SamplingRequest.objects.filter(state="met").count() == 1
