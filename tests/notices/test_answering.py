""" "I take it": one answer a rung; the climbing stops, later rungs still ring."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotFound
from pv.deadlines import services as deadlines
from pv.deadlines.models import Alarm, Deadline
from pv.notices import services
from tests.support.clocks import ALARM, make_ladder, open_one, told
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def _ladder() -> None:
    make_ladder()


@pytest.fixture
def head() -> User:
    return make_user(Role.PV_HEAD, email="head@a.example")


@pytest.fixture
def late(head: User) -> Deadline:
    """One that rang its late rung just now."""
    deadline = open_one(due_in=timedelta(days=-1), owner=head)
    services.tick(driver="command")
    return deadline


def take(deadline: Deadline, by: User) -> None:
    with acting_as(by, organisation=HOLDER_A):
        services.acknowledge(deadline_id=deadline.pk, by=by, via="app")


def test_taking_stops_the_climbing(late: Deadline, head: User, move_clock: Move) -> None:
    before = told(late)
    take(late, head)
    move_clock(timedelta(hours=80))
    services.tick(driver="command")
    assert told(late) == before


def test_later_rungs_still_ring_after_an_answer(late: Deadline, head: User, move_clock: Move) -> None:
    take(late, head)
    move_clock(timedelta(days=8))
    services.tick(driver="command")
    assert told(late)[-1] == (1, 4, 1)


def test_unanswered_it_climbs(late: Deadline, move_clock: Move) -> None:
    move_clock(timedelta(hours=80))
    for _ in range(3):
        services.tick(driver="command")
    assert told(late) == [(1, 3, 1), (1, 3, 2), (1, 3, 3)]


def test_taking_twice_is_taking_once(late: Deadline, head: User) -> None:
    take(late, head)
    take(late, head)
    with setting_up():
        assert late.acknowledgements.count() == 1


def test_a_second_person_is_told_who_was_first(late: Deadline, head: User) -> None:
    officer = make_user(Role.PV_OFFICER, email="officer@a.example")
    take(late, head)
    with pytest.raises(Conflict, match="head has taken this already"):
        take(late, officer)


def test_what_nobody_was_told_of_cannot_be_taken(head: User) -> None:
    quiet = open_one(due_in=timedelta(days=200), owner=head)
    with pytest.raises(DomainError, match="Nobody has been told"):
        take(quiet, head)


def test_a_closed_deadline_cannot_be_taken(late: Deadline, head: User) -> None:
    with setting_up():
        deadlines.cancel_deadline(late.pk, reason="fell away")
    with pytest.raises(Conflict, match="closed"):
        take(late, head)


def test_another_holder_s_deadline_does_not_exist(late: Deadline) -> None:
    stranger = make_user(Role.PV_HEAD, organisation=HOLDER_B, email="head@b.example")
    with acting_as(stranger, organisation=HOLDER_B), pytest.raises(NotFound):
        services.acknowledge(deadline_id=late.pk, by=stranger, via="app")


def test_an_alarm_is_met_by_taking_it(head: User) -> None:
    alarm = open_one(due_in=timedelta(days=-1), owner=head, kind=ALARM)
    services.tick(driver="command")
    take(alarm, head)
    with setting_up():
        alarm.refresh_from_db()
        assert (alarm.outcome, Alarm.objects.filter(deadline_id=alarm.pk).exists()) == ("met", False)


def test_seeing_answers_nothing(late: Deadline, head: User, move_clock: Move) -> None:
    with acting_as(head, organisation=HOLDER_A):
        mine = list(services.my_notices(head, [HOLDER_A]))
        assert services.mark_seen([one.pk for one in mine], by=head) == 1
        assert services.unseen_count(head, [HOLDER_A]) == 0
    move_clock(timedelta(hours=25))
    services.tick(driver="command")
    assert told(late) == [(1, 3, 1), (1, 3, 2)]


def test_nobody_marks_another_s_notices_seen(late: Deadline) -> None:
    other = make_user(Role.PV_OFFICER, email="officer@a.example")
    with as_clock():
        ids = [one.pk for notice in late.notices.all() for one in notice.deliveries.all()]
    with acting_as(other, organisation=HOLDER_A):
        assert services.mark_seen(ids, by=other) == 0


def test_meeting_in_the_future_is_refused(late: Deadline) -> None:
    with setting_up(), pytest.raises(DomainError, match="future"):
        deadlines.meet_deadline(late.pk, met_at=clock.now() + timedelta(days=1))
