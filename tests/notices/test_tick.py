"""The tick: what has come rings once, to the right people, whatever was missed in between."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pv.accounts.context import as_clock
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines import services as deadlines
from pv.deadlines.models import Alarm
from pv.notices import services
from pv.notices.models import Delivery, JobRun, Notice, Rota
from tests.support.clocks import make_ladder, open_one, readers, told
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


@pytest.fixture
def owner() -> User:
    return make_user(Role.CLINICAL_OPERATIONS, email="owner@a.example")


@pytest.fixture
def head() -> User:
    return make_user(Role.PV_HEAD, email="head@a.example")


@pytest.fixture
def ladder() -> None:
    make_ladder()


def tick() -> int:
    return services.tick(driver="command").notices


@pytest.mark.usefixtures("ladder")
class TestRinging:
    def test_nothing_rings_before_the_first_rung(self, owner: User) -> None:
        deadline = open_one(due_in=timedelta(days=90), owner=owner)
        assert tick() == 0
        assert told(deadline) == []

    def test_a_rung_that_has_come_tells_its_audience_by_each_channel(self, owner: User, move_clock: Move) -> None:
        deadline = open_one(due_in=timedelta(days=90), owner=owner)
        move_clock(timedelta(days=65))
        assert tick() == 1
        assert told(deadline) == [(1, 1, 1)]
        assert readers(deadline, "in_app") == readers(deadline, "email") == ["owner@a.example"]

    def test_whoever_owns_it_is_told_as_its_owner_whatever_else_they_are(self, owner: User) -> None:
        make_ladder([(0, "hours", "after", "urgent", None, [(0, ["clinical_operations", "owner"])])], code="mixed")
        deadline = open_one(due_in=timedelta(days=-1), owner=owner, ladder="mixed")
        tick()
        with as_clock():
            assert set(Delivery.objects.filter(notice__deadline=deadline).values_list("why", flat=True)) == {"owner"}

    def test_ticking_again_tells_nobody_again(self, owner: User, move_clock: Move) -> None:
        open_one(due_in=timedelta(days=90), owner=owner)
        move_clock(timedelta(days=65))
        assert [tick(), tick(), tick()] == [1, 0, 0]

    def test_of_several_rungs_missed_only_the_latest_rings_and_the_others_are_recorded(
        self, owner: User, move_clock: Move
    ) -> None:
        deadline = open_one(due_in=timedelta(days=90), owner=owner)
        move_clock(timedelta(days=85))
        assert tick() == 1
        assert told(deadline) == [(1, 2, 1)]
        with as_clock():
            assert Notice.objects.get(deadline_id=deadline.pk).skipped == [1]

    def test_unanswered_the_next_step_tells_the_next_person(self, owner: User, head: User, move_clock: Move) -> None:
        deadline = open_one(due_in=timedelta(days=10), owner=owner)
        move_clock(timedelta(days=11))
        tick()
        move_clock(timedelta(hours=25))
        tick()
        assert told(deadline) == [(1, 3, 1), (1, 3, 2)]
        assert readers(deadline) == ["owner@a.example", "head@a.example"]

    def test_the_last_rung_rings_every_week_for_ever(self, owner: User, head: User, move_clock: Move) -> None:
        deadline = open_one(due_in=timedelta(days=10), owner=owner)
        move_clock(timedelta(days=10 + 8))
        tick()
        for _ in range(3):
            move_clock(timedelta(days=7))
            tick()
        assert [rung for _, rung, _ in told(deadline)] == [4, 5, 6, 7]

    def test_a_week_of_silence_loses_nothing_and_doubles_nothing(
        self, owner: User, head: User, move_clock: Move
    ) -> None:
        several = [open_one(due_in=timedelta(days=3 + n), owner=owner) for n in range(5)]
        move_clock(timedelta(days=10))
        tick(), tick()
        assert all(len(told(deadline)) >= 1 for deadline in several)
        assert all(len(set(told(deadline))) == len(told(deadline)) for deadline in several)

    def test_a_clock_opened_late_rings_at_once(self, owner: User) -> None:
        deadline = open_one(due_in=timedelta(days=-2), owner=owner)
        tick()
        assert told(deadline)[0] == (1, 3, 1)

    def test_a_closed_deadline_is_silent(self, owner: User, move_clock: Move) -> None:
        deadline = open_one(due_in=timedelta(days=90), owner=owner)
        with setting_up():
            deadlines.meet_deadline(deadline.pk, met_at=clock.now())
        move_clock(timedelta(days=100))
        assert tick() == 0
        assert told(deadline) == []

    def test_an_extended_deadline_warns_again(self, owner: User, move_clock: Move) -> None:
        deadline = open_one(due_in=timedelta(days=90), owner=owner)
        move_clock(timedelta(days=65))
        tick()
        with setting_up():
            deadlines.move_deadline(deadline.pk, due_on=clock.today() + timedelta(days=200), reason="granted")
        move_clock(timedelta(days=175))
        tick()
        assert told(deadline) == [(1, 1, 1), (2, 1, 1)]

    def test_each_tick_leaves_its_run(self) -> None:
        tick()
        with as_clock():
            run = JobRun.objects.get(job="tick")
        assert run.ended_at is not None
        assert run.error == ""


@pytest.mark.usefixtures("ladder")
class TestAudience:
    def test_without_an_owner_the_officers_and_the_head_are_told(self, head: User, move_clock: Move) -> None:
        make_user(Role.PV_OFFICER, email="officer@a.example")
        deadline = open_one(due_in=timedelta(days=5), owner=None)
        tick()
        assert readers(deadline) == ["head@a.example", "officer@a.example"]

    def test_a_role_that_nobody_holds_falls_back_to_the_officers_and_the_head(
        self, owner: User, move_clock: Move
    ) -> None:
        make_user(Role.PV_OFFICER, email="officer@a.example")
        deadline = open_one(due_in=timedelta(days=10), owner=owner)
        move_clock(timedelta(days=11))
        tick()
        move_clock(timedelta(hours=25))
        tick()
        assert readers(deadline)[-1] == "officer@a.example"

    def test_a_deputy_is_told_beside_the_person(self, owner: User, move_clock: Move) -> None:
        deputy = make_user(Role.PV_OFFICER, email="deputy@a.example")
        with setting_up():
            Rota.objects.create(
                organisation_id=HOLDER_A,
                kind="deputy",
                person=deputy,
                stands_in_for=owner,
                starts_at=clock.now() - timedelta(days=1),
                ends_at=clock.now() + timedelta(days=400),
            )
        deadline = open_one(due_in=timedelta(days=5), owner=owner)
        tick()
        assert readers(deadline) == ["deputy@a.example", "owner@a.example"]

    def test_somebody_else_s_organisation_hears_nothing(self, owner: User, head: User) -> None:
        make_user(Role.PV_HEAD, organisation=HOLDER_B, email="head@b.example")
        open_one(due_in=timedelta(days=-3), owner=owner)
        tick()
        with as_clock():
            assert not Delivery.objects.filter(recipient__email="head@b.example").exists()

    def test_nobody_at_all_is_said_on_the_notice(self) -> None:
        deadline = open_one(due_in=timedelta(days=5), owner=None)
        tick()
        with as_clock():
            assert Notice.objects.get(deadline_id=deadline.pk).unheard


class TestLadders:
    def test_working_days_count_back_from_the_last_working_day(self, owner: User) -> None:
        make_ladder([(0, "working_days", "before", "info", None, [(0, ["owner"])])])
        deadline = open_one(due_in=timedelta(days=30), owner=owner)
        with setting_up():
            ring = deadlines.schedule(deadline)[0]
            working = deadlines.calendar().assume_weekdays()
        assert ring.at.date() <= deadline.due_on
        assert working.is_working(ring.at.date())
        assert not any(
            working.is_working(ring.at.date() + timedelta(days=n))
            for n in range(1, (deadline.due_on - ring.at.date()).days + 1)
        )

    def test_a_ladder_without_rungs_is_silenced_and_shown(self, owner: User) -> None:
        make_ladder([(0, "hours", "after", "urgent", None, [(0, ["owner"])])])
        deadline = open_one(due_in=timedelta(days=-1), owner=owner)
        empty = make_ladder([], code="empty")
        with setting_up():
            Alarm.objects.filter(deadline_id=deadline.pk).update(ladder_id=empty.pk)
        assert tick() == 0
        with as_clock():
            assert "no rungs" in Alarm.objects.get(deadline_id=deadline.pk).error

    def test_one_alarm_that_cannot_be_computed_is_parked_and_stops_nobody(self, owner: User) -> None:
        make_ladder()
        several = [open_one(due_in=timedelta(days=-1), owner=owner) for _ in range(20)]
        with setting_up():
            Alarm.objects.filter(deadline_id=several[7].pk).update(zone="Mars/Olympus")
        tick()
        assert [len(told(one)) for one in several] == [0 if n == 7 else 1 for n in range(20)]
        with as_clock():
            parked = Alarm.objects.get(deadline_id=several[7].pk)
        assert parked.parked_until is not None
        assert "Mars" in parked.error
