"""Attempts are written down, the family of the dead is left in peace, and excuses are signed."""

from datetime import timedelta
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import Signature, User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.deadlines.models import Deadline
from pv.followup import services
from pv.followup.models import ContactAttempt, Excuse, Visit
from pv.patients.models import Patient
from tests.followup.conftest import Infused, full, save, states, visit_of
from tests.support.people import PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db


def test_an_attempt_is_kept(infused: Infused, as_recorder: User) -> None:
    patient = infused(360)
    visit = visit_of(patient, "M12")
    row = services.log_attempt(
        by=as_recorder, patient_id=patient.pk, visit_id=visit.pk, on=clock.today(), channel="phone", result="no_answer"
    )
    assert (row.visit, row.by) == (visit, as_recorder)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"result": "perhaps"}, "result"),
        ({"on": "later"}, "on"),
        ({"note": "x" * 301}, "note"),
        ({"visit_id": UUID(int=1)}, "visit"),
    ],
)
def test_a_wrong_attempt_names_its_field(
    infused: Infused, as_recorder: User, given: dict[str, object], field: str
) -> None:
    wanted = {"on": clock.today(), "channel": "phone", "result": "no_answer"} | given
    if wanted["on"] == "later":
        wanted["on"] = clock.today() + timedelta(days=1)
    with pytest.raises(DomainError) as refused:
        services.log_attempt(by=as_recorder, patient_id=infused(10).pk, **wanted)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not ContactAttempt.objects.exists()


def test_a_visit_of_another_patient_is_refused(infused: Infused, as_recorder: User) -> None:
    visit = visit_of(infused(360), "M12")
    with pytest.raises(DomainError) as refused:
        services.log_attempt(
            by=as_recorder, patient_id=infused(10).pk, visit_id=visit.pk, on=clock.today(), channel="phone",
            result="reached",
        )  # fmt: skip
    assert refused.value.field == "visit"


@pytest.mark.parametrize("state", ["reported_dead", "died"])
@pytest.mark.parametrize(
    ("channel", "refused"), [("phone", True), ("letter", True), ("message", True), ("registry", False)]
)
def test_nobody_calls_the_family_of_the_dead(
    infused: Infused, as_recorder: User, state: str, channel: str, refused: bool
) -> None:
    patient = infused(100)
    Patient.objects.filter(pk=patient.pk).update(state=state)
    given = {"on": clock.today(), "channel": channel, "result": "not_known"}
    if refused:
        with pytest.raises(Conflict):
            services.log_attempt(by=as_recorder, patient_id=patient.pk, **given)  # type: ignore[arg-type]
    else:
        services.log_attempt(by=as_recorder, patient_id=patient.pk, **given)  # type: ignore[arg-type]


def test_enough_attempts_meet_the_criteria_of_loss(infused: Infused, as_recorder: User, holder_a: UUID) -> None:
    patient = infused(400)
    for ago, channel in ((20, "phone"), (15, "message"), (10, "letter"), (5, "hospital")):
        assert not services.may_be_lost(patient.pk, holder_a)
        services.log_attempt(
            by=as_recorder, patient_id=patient.pk, on=clock.today() - timedelta(days=ago), channel=channel,
            result="no_answer",
        )  # fmt: skip
    assert services.may_be_lost(patient.pk, holder_a)


@pytest.fixture
def visit(infused: Infused) -> Visit:
    patient = infused(400)
    with setting_up():
        return visit_of(patient, "M12")


def excuse(by: User, visit: Visit, holder: UUID, **more: object) -> Excuse:
    wanted = {"password": PASSWORD, "state": "unavailable", "reason": "the hospital closed"} | more
    with acting_as(by, organisation=holder):
        return services.excuse_visit(by=by, visit_id=visit.pk, **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["unavailable", "not_applicable"])
def test_an_excuse_is_signed_and_ends_the_reminders(visit: Visit, pv_head: User, holder_a: UUID, state: str) -> None:
    row = excuse(pv_head, visit, holder_a, state=state)
    with setting_up():
        assert Visit.objects.get(pk=visit.pk).state == state
        assert Deadline.objects.get(subject=visit.pk).outcome == "cancelled"
        assert Signature.objects.get(pk=row.signature_id).signer == pv_head
        assert states(visit.patient)["M18"] == "planned"


@pytest.mark.parametrize(
    ("more", "field"),
    [({"password": "wrong"}, "password"), ({"reason": " "}, "reason"), ({"state": "done"}, "state")],
)
def test_without_password_reason_or_right_state_nothing_is_excused(
    visit: Visit, pv_head: User, holder_a: UUID, more: dict[str, str], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        excuse(pv_head, visit, holder_a, **more)
    assert refused.value.field == field
    with setting_up():
        assert Visit.objects.get(pk=visit.pk).state == "planned"
        assert not Excuse.objects.exists()


def test_what_is_done_is_not_excused_and_what_was_excused_may_still_turn_up(
    visit: Visit, recorder: User, pv_head: User, holder_a: UUID
) -> None:
    excuse(pv_head, visit, holder_a)
    with pytest.raises(Conflict):
        excuse(pv_head, visit, holder_a)
    with acting_as(recorder, organisation=holder_a):
        save(recorder, full(visit, 5))
        assert states(visit.patient)["M12"] == "recovered"
    with pytest.raises(Conflict):
        excuse(pv_head, visit, holder_a, version=1)


def test_only_who_may_excuses(visit: Visit, recorder: User, holder_a: UUID, holder_b: UUID) -> None:
    with pytest.raises(NotAllowed):
        excuse(recorder, visit, holder_a)
    stranger = make_user(Role.PV_HEAD, organisation=holder_b)
    with pytest.raises(NotFound):
        excuse(stranger, visit, holder_b)
