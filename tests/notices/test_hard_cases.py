"""What once went wrong, or could: each stood red before it was mended."""

from collections.abc import Callable
from datetime import date, timedelta
from threading import Thread

import psycopg
import pytest
from django.core import mail
from django.db import connection

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import Membership, User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import DomainError, MissingRule
from pv.deadlines import services as deadlines
from pv.deadlines.models import Alarm, Basis, Deadline, Rung, Step
from pv.notices import sending, services
from pv.notices.driving import send_waiting
from pv.notices.models import Delivery, Message, Notice, Rota
from tests.support.clocks import ALARM, make_ladder, open_one, readers, told
from tests.support.database import Urls
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

Move = Callable[[timedelta], None]


def tick() -> None:
    services.tick(driver="command")


def send() -> None:
    with as_clock():
        Delivery.objects.filter(state="waiting").update(next_attempt_at="2020-01-01T00:00Z")
    send_waiting(driver="command", seconds=10)


def take(deadline: Deadline, by: User) -> None:
    with acting_as(by, organisation=HOLDER_A):
        services.acknowledge(deadline_id=deadline.pk, by=by, via="app")


@pytest.fixture
def head() -> User:
    return make_user(Role.PV_HEAD, email="head@a.example")


@pytest.mark.django_db
class TestTaking:
    def test_a_rung_that_has_come_but_not_rung_is_not_swallowed(self, head: User, move_clock: Move) -> None:
        make_ladder()
        deadline = open_one(due_in=timedelta(days=20), owner=head)
        tick()
        move_clock(timedelta(days=22))
        take(deadline, head)
        tick()
        assert told(deadline)[:2] == [(1, 1, 1), (1, 3, 1)]

    def test_an_answered_rung_stays_quiet_even_when_it_is_looked_at_early(self, head: User) -> None:
        make_ladder()
        deadline = open_one(due_in=timedelta(hours=-30), owner=head)
        tick()
        take(deadline, head)
        before = told(deadline)
        with setting_up():
            Alarm.objects.filter(deadline_id=deadline.pk).update(next_alert_at=clock.now(), hurry=True)
        tick()
        assert told(deadline) == before


@pytest.mark.django_db
class TestSending:
    @pytest.fixture(autouse=True)
    def _late(self, head: User) -> None:
        make_ladder()
        self.deadline = open_one(due_in=timedelta(days=-1), owner=head)
        tick()

    def test_one_that_cannot_be_worded_stops_nobody_and_is_given_up(
        self, head: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_one(delivery: Delivery) -> tuple[str, str]:
            if delivery.notice.deadline_id == self.deadline.pk:
                raise ValueError("cannot be worded")
            return "fine", "fine"

        monkeypatch.setattr(sending, "mail_for", break_one)
        other = open_one(due_in=timedelta(days=-1), owner=head)
        tick()
        for _ in range(sending.GIVE_UP_AFTER):
            send()
        with as_clock():
            states = set(
                Delivery.objects.filter(channel="email", notice__deadline_id=self.deadline.pk).values_list("state")
            )
            assert states == {("dead",)}
            assert Delivery.objects.filter(channel="email", notice__deadline_id=other.pk, state="sent").exists()

    def test_a_sender_that_dies_at_every_attempt_ends_in_a_dead_delivery(self) -> None:
        with as_clock():
            Delivery.objects.filter(channel="email").update(attempts=60)
        send()
        assert mail.outbox == []
        with as_clock():
            assert set(Delivery.objects.filter(channel="email").values_list("state", flat=True)) == {"dead"}

    def test_a_very_long_title_is_sent_once(self) -> None:
        with setting_up():
            Deadline.objects.filter(pk=self.deadline.pk).update(args={"name_en": "x" * 900})
        send()
        send()
        assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == len(mail.outbox)
        with as_clock():
            assert all(len(subject) <= 300 for subject in Message.objects.values_list("subject", flat=True))

    def test_an_answer_of_nobody_taken_is_a_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda *_: 0)
        send()
        with as_clock():
            assert not Delivery.objects.filter(channel="email", state="sent").exists()

    def test_three_dead_mails_of_one_step_bring_one_further_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        steps = [(n * 48, ["pv_head", "pv_officer"]) for n in range(4)]
        make_ladder([(0, "hours", "after", "warning", None, steps)], code="many")
        make_user(Role.PV_OFFICER, email="o1@a.example")
        make_user(Role.PV_OFFICER, email="o2@a.example")
        deadline = open_one(due_in=timedelta(days=-1), ladder="many")
        tick()
        with as_clock():
            Delivery.objects.exclude(notice__deadline_id=deadline.pk).update(state="dropped")
            mails = list(Delivery.objects.filter(channel="email", state="waiting").values_list("pk", flat=True))

        def refuse(*_: object) -> int:
            raise ConnectionRefusedError

        monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
        for one in mails:
            with as_clock():
                Delivery.objects.filter(state="waiting").update(next_attempt_at="2100-01-01T00:00Z")
                Delivery.objects.filter(pk=one).update(
                    attempts=sending.GIVE_UP_AFTER - 1, next_attempt_at="2020-01-01T00:00Z"
                )
            send_waiting(driver="command", seconds=10)
            tick()
        assert len(mails) == 3
        assert told(deadline) == [(1, 1, 1), (1, 1, 2)]


@pytest.mark.django_db
class TestWhoMayHear:
    @pytest.fixture(autouse=True)
    def _ladder(self) -> None:
        make_ladder()

    def leave(self, user: User, on: date = date(2021, 1, 1)) -> None:
        with setting_up():
            Membership.objects.filter(user=user, organisation_id=HOLDER_A).update(ends_on=on)

    def test_an_owner_who_left_for_a_rival_hears_nothing(self, head: User) -> None:
        owner = make_user(Role.CLINICAL_OPERATIONS, email="left@a.example")
        make_user(Role.CLINICAL_OPERATIONS, organisation=HOLDER_B, email="left@a.example")
        deadline = open_one(due_in=timedelta(days=-1), owner=owner)
        self.leave(owner)
        tick()
        assert "left@a.example" not in readers(deadline)
        assert "head@a.example" in readers(deadline)

    @pytest.mark.parametrize("kind", ["on_call", "deputy"])
    def test_a_rival_s_person_on_the_rota_hears_nothing(self, head: User, kind: str) -> None:
        stranger = make_user(Role.PV_HEAD, organisation=HOLDER_B, email="head@b.example")
        with setting_up():
            Rota.objects.create(
                organisation_id=HOLDER_A,
                kind=kind,
                person=stranger,
                stands_in_for=head if kind == "deputy" else None,
                starts_at=clock.now() - timedelta(days=1),
                ends_at=clock.now() + timedelta(days=9),
            )
        make_ladder([(0, "hours", "after", "urgent", None, [(0, ["on_call", "pv_head"])])], code="duty")
        deadline = open_one(due_in=timedelta(days=-1), ladder="duty")
        tick()
        assert readers(deadline) == ["head@a.example"]

    def test_who_left_after_the_tick_gets_no_mail(self, head: User) -> None:
        open_one(due_in=timedelta(days=-1), owner=head)
        tick()
        self.leave(head)
        send()
        assert mail.outbox == []


@pytest.mark.django_db
class TestLadders:
    RINGS = (0, "hours", "after", "urgent", None, [(0, ["owner"])])

    @pytest.mark.parametrize(
        "rungs",
        [
            [],
            [(0, "hours", "after", "urgent", None, [])],
            [(3, "days", "before", "info", 2, [(0, ["owner"])]), RINGS],
            [RINGS, (3, "days", "before", "info", None, [(0, ["owner"])])],
        ],
        ids=["no rung", "a rung without a step", "a repeating rung before the last", "out of order"],
    )
    def test_one_that_is_not_whole_is_not_followed(self, rungs: list[object]) -> None:
        make_ladder(rungs, code="half")
        with pytest.raises(MissingRule):
            open_one(ladder="half")

    def test_a_gap_in_its_steps_makes_it_not_whole(self) -> None:
        ladder = make_ladder([(0, "hours", "after", "urgent", None, [(0, ["owner"]), (1, ["owner"])])], code="gap")
        with setting_up():
            Step.objects.filter(rung__ladder=ladder, nth=2).update(nth=3)
        with pytest.raises(MissingRule):
            open_one(ladder="gap")

    def test_one_that_was_broken_afterwards_does_not_spin(self, head: User, move_clock: Move) -> None:
        ladder = make_ladder([(9, "days", "before", "info", None, [(0, ["owner"])]), self.RINGS], code="spoilt")
        deadline = open_one(due_in=timedelta(days=30), owner=head, ladder="spoilt")
        with setting_up():
            Rung.objects.filter(ladder=ladder, no=1).update(repeat_days=2)
        move_clock(timedelta(days=26))
        tick()
        with as_clock():
            alarm = Alarm.objects.get(deadline_id=deadline.pk)
        assert alarm.next_alert_at is not None
        assert alarm.next_alert_at > clock.now()

    def test_an_exhausted_ladder_looks_no_more(self, head: User, move_clock: Move) -> None:
        make_ladder([self.RINGS], code="once")
        deadline = open_one(due_in=timedelta(days=-1), owner=head, ladder="once")
        tick()
        take(deadline, head)
        with as_clock():
            assert Alarm.objects.get(deadline_id=deadline.pk).next_alert_at is None

    def test_what_comes_next_is_known_years_after_a_rung_began_to_repeat(self, head: User, move_clock: Move) -> None:
        make_ladder()
        deadline = open_one(due_in=timedelta(days=-1), owner=head)
        move_clock(timedelta(days=3 * 365))
        with setting_up():
            ring = deadlines.next_ring(deadline)
            assert ring is not None
            assert timedelta() < ring.at - clock.now() <= timedelta(days=7)


@pytest.mark.django_db
def test_a_clock_in_hours_is_moved_by_the_hour() -> None:
    make_ladder()
    deadline = open_one(due_at=clock.now() + timedelta(hours=24))
    later = clock.now() + timedelta(hours=30)
    with setting_up():
        assert deadlines.move_deadline(deadline.pk, due_at=later, reason="x").due_at == later


@pytest.mark.django_db
@pytest.mark.parametrize("day", [date(9999, 12, 28), date(1, 1, 1)])
def test_a_mistyped_year_is_refused(day: date) -> None:
    make_ladder()
    with setting_up(), pytest.raises(DomainError, match="year"):
        deadlines.open_deadline(
            organisation=HOLDER_A, kind=ALARM, subject=HOLDER_A, due_on=day, basis=Basis.LEGAL, args={}
        )


@pytest.mark.django_db
def test_a_role_taken_twice_is_left_twice() -> None:
    with as_clock():
        with as_clock():
            pass
        assert Notice.objects.count() == 0, "still the clock: app sees nothing and may not count"
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone()[0].endswith("_clock")


@pytest.mark.usefixtures("committing")
class TestAtTheSameMoment:
    def test_moving_a_deadline_leaves_the_lock_that_the_tick_s_notices_ask_for(self, head: User, urls: Urls) -> None:
        """A save of every column would lock the key as well; the tick's foreign keys then wait, or deadlock."""
        make_ladder()
        deadline = open_one(due_in=timedelta(days=-1), owner=head)
        name = connection.settings_dict["NAME"]
        with setting_up():
            deadlines.move_deadline(deadline.pk, due_on=clock.today() + timedelta(days=100), reason="granted")
            with psycopg.connect(urls.admin.replace("/postgres?", f"/{name}?")) as other:
                other.execute("SELECT 1 FROM deadlines_deadline WHERE id = %s FOR KEY SHARE NOWAIT", [deadline.pk])

    def test_taking_and_meeting_lock_in_the_same_order(self, head: User) -> None:
        make_ladder()
        deadline = open_one(due_in=timedelta(days=-1), owner=head, kind=ALARM)
        tick()
        wrong: list[BaseException] = []

        def take_it() -> None:
            try:
                take(deadline, head)
            except DomainError:
                return
            except BaseException as error:
                wrong.append(error)
            finally:
                connection.close()

        thread = Thread(target=take_it)
        with setting_up():
            Deadline.objects.select_for_update(no_key=True).get(pk=deadline.pk)
            thread.start()
            thread.join(1)
            deadlines.meet_deadline(deadline.pk, met_at=clock.now())
        thread.join(10)
        assert wrong == []
