"""Lost and found, dead and alive: each move is a row of the ledger, told to the rooms above, and back is signed."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import Signature, User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed
from pv.core.partial import PartialDate
from pv.patients import ports, services
from pv.patients.models import Patient, VitalStatus
from pv.patients.rules import MOVES, Move, State, can_move
from tests.support.factories import PatientFactory, TreatmentFactory
from tests.support.people import PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db

Act = Callable[..., Any]


def day(days_ago: int) -> date:
    return clock.today() - timedelta(days=days_ago)


DIED = PartialDate(2026, 1, 9)
ACTS: dict[Move, tuple[Any, dict[str, Any]]] = {
    Move.LOSE: (services.mark_lost, {"reason": "three calls"}),
    Move.FIND: (services.found_again, {"source": "registry"}),
    Move.REPORT_DEATH: (services.report_death, {"source": "daughter"}),
    Move.VERIFY_DEATH: (services.verify_death, {"source": "certificate", "died": DIED}),
    Move.ALIVE_AFTER_ALL: (services.alive_after_all, {"source": "x", "reason": "mistaken", "password": PASSWORD}),
}


@pytest.fixture
def act(pv_head: User, holder_a: UUID) -> Act:
    def do(move: Move, patient: Patient, **more: Any) -> Any:
        service, given = ACTS[move]
        with acting_as(pv_head, organisation=holder_a):
            return service(by=pv_head, patient_id=patient.pk, **({"learned_on": day(0)} | given | more))

    return do


def stands(patient: Patient) -> Patient:
    with setting_up():
        found: Patient = Patient.objects.get(pk=patient.pk)
    return found


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_every_move_from_every_state(act: Act, told: list[str], state: State, move: Move) -> None:
    patient = PatientFactory(state=state)
    if not can_move(state, move):
        with pytest.raises(Conflict):
            act(move, patient)
        assert (stands(patient).state, told) == (state, [])
        return
    row = act(move, patient)
    assert stands(patient).state == MOVES[move].to
    assert stands(patient).version == 2
    assert row.by.email.startswith("pv_head")
    assert told == ["vital"]
    with setting_up():
        assert VitalStatus.objects.filter(patient=patient).count() == 1


def test_a_report_of_death_keeps_what_is_known_and_how_well(act: Act, told: list[str]) -> None:
    patient = PatientFactory()
    act(Move.REPORT_DEATH, patient, died=PartialDate(2026, 1), cause="sepsis", suspected="unknown", autopsy="no")
    assert (stands(patient).died_on, stands(patient).died_precision) == (date(2026, 1, 1), "month")
    act(Move.REPORT_DEATH, patient, source="hospital", died=DIED)
    assert (stands(patient).died_on, stands(patient).died_precision) == (date(2026, 1, 9), "day")
    act(Move.REPORT_DEATH, patient, source="neighbour")
    assert stands(patient).died_on == date(2026, 1, 9), "who knows less takes nothing away"


def test_alive_after_all_is_signed_and_takes_the_date_back(act: Act, pv_head: User, told: list[str]) -> None:
    patient = PatientFactory(died=True)
    row = act(Move.ALIVE_AFTER_ALL, patient)
    assert (stands(patient).state, stands(patient).died_on) == ("active", None)
    with setting_up():
        assert Signature.objects.get(pk=row.signature_id).act == "alive_after_all"


def test_a_wrong_password_signs_nothing(act: Act, told: list[str]) -> None:
    patient = PatientFactory(died=True)
    with pytest.raises(NotAllowed) as refused:
        act(Move.ALIVE_AFTER_ALL, patient, password="wrong")
    assert refused.value.field == "password"
    assert (stands(patient).state, told) == ("died", [])


@pytest.mark.parametrize(
    ("move", "given", "field"),
    [
        (Move.REPORT_DEATH, {"learned_on": date(2199, 1, 1)}, "learned_on"),
        (Move.REPORT_DEATH, {"source": " "}, "source"),
        (Move.REPORT_DEATH, {"died": PartialDate(2199)}, "died_on"),
        (Move.REPORT_DEATH, {"died": PartialDate(2024)}, "died_on"),
        (Move.REPORT_DEATH, {"learned_on": date(2026, 1, 1), "died": DIED}, "learned_on"),
        (Move.REPORT_DEATH, {"suspected": "perhaps"}, "suspected_reaction"),
        (Move.REPORT_DEATH, {"cause": "x" * 301}, "cause"),
        (Move.LOSE, {"reason": ""}, "reason"),
        (Move.ALIVE_AFTER_ALL, {"reason": ""}, "reason"),
    ],
)
def test_a_wrong_report_names_its_field(
    act: Act, told: list[str], move: Move, given: dict[str, Any], field: str
) -> None:
    patient = PatientFactory(died=move == Move.ALIVE_AFTER_ALL)
    TreatmentFactory(patient=patient, infused_on=date(2025, 6, 1))
    with pytest.raises(DomainError) as refused:
        act(move, patient, **given)
    assert refused.value.field == field
    assert told == []


def test_an_older_version_is_a_conflict(act: Act, told: list[str]) -> None:
    patient = PatientFactory()
    act(Move.LOSE, patient, version=1)
    with pytest.raises(Conflict):
        act(Move.FIND, patient, version=1)


def test_only_who_may_verifies_and_whoever_picks_up_the_telephone_reports(
    recorder: User, holder_a: UUID, told: list[str]
) -> None:
    patient = PatientFactory()
    with acting_as(recorder, organisation=holder_a):
        with pytest.raises(NotAllowed):
            services.verify_death(by=recorder, patient_id=patient.pk, learned_on=day(0), source="x", died=DIED)
    reviewer = make_user(Role.MEDICAL_REVIEWER)
    with acting_as(reviewer, organisation=holder_a):
        services.report_death(by=reviewer, patient_id=patient.pk, learned_on=day(0), source="surgeon")
    assert stands(patient).state == "reported_dead"


def test_seen_alive_is_noted_and_moves_nothing(recorder: User, holder_a: UUID, told: list[str]) -> None:
    patient = PatientFactory(dead=True)
    with acting_as(recorder, organisation=holder_a):
        services.note_alive(
            by=recorder, patient_id=patient.pk, learned_on=day(0), source="clinic", on=PartialDate.of(day(1))
        )
    assert (stands(patient).state, told) == ("reported_dead", [])


def test_without_a_room_that_follows_nothing_is_saved(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.exceptions import ImproperlyConfigured

    monkeypatch.setattr(ports, "_handlers", [])
    patient = PatientFactory()
    with pytest.raises(ImproperlyConfigured):
        act(Move.REPORT_DEATH, patient)
    assert stands(patient).state == "active"
    assert ports.check(None)[0].id == "pv.patients.E001"


def test_a_room_registers_once() -> None:
    before = list(ports._handlers)
    ports.on_change(before[0])
    assert ports._handlers == before
    assert ports.check(None) == []
