"""One way to move, whoever moves it: checked against the table of moves, on hold, in parts, by who may."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent
from pv.biosamples.rules import State, What, after
from pv.biosamples.services import Part
from pv.core import clock
from pv.core.errors import Conflict, NotAllowed, NotFound
from pv.patients.models import Patient
from tests.biosamples.conftest import Asker, fresh, in_state, refusal, register
from tests.support.factories import PartyFactory, SpecimenFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


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
