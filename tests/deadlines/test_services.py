"""Opening, moving and closing clocks; ladders and rules found, or asked for; instants as the calendar has them."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv.accounts.context import acting_as, as_clock
from pv.accounts.roles import Role
from pv.core import clock, days
from pv.core.errors import Conflict, DomainError, MissingRule, NotFound
from pv.deadlines import kinds, services
from pv.deadlines.models import Alarm, Basis, Deadline, Rule
from tests.support.clocks import KIND, make_ladder, open_one
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db
DAY = date(2031, 5, 2)


@pytest.fixture(autouse=True)
def _ladder() -> None:
    make_ladder()


def open_on(day: date = DAY, **more: object) -> Deadline:
    with setting_up():
        return services.open_deadline(
            organisation=HOLDER_A,
            kind=KIND,
            subject=uuid4(),
            due_on=day,
            basis=Basis.LEGAL,
            args={"name_en": "one", "name_zh": "甲"},
            **more,
        )


class TestOpening:
    def test_a_day_is_late_from_the_following_midnight_of_its_zone(self) -> None:
        assert open_on().due_at == datetime(2031, 5, 2, 16, tzinfo=UTC)

    def test_an_hour_clock_is_late_at_its_instant(self) -> None:
        instant = datetime(2031, 5, 2, 17, 30, tzinfo=UTC)
        deadline = open_one(due_at=instant)
        assert (deadline.due_at, deadline.due_on) == (instant, date(2031, 5, 3))

    def test_the_alarm_looks_at_the_first_rung(self) -> None:
        deadline = open_on()
        with as_clock():
            alarm = Alarm.objects.get(deadline_id=deadline.pk)
        assert alarm.next_alert_at == datetime(2031, 4, 2, 1, tzinfo=UTC), "a month before, nine in the morning"

    def test_the_same_clock_cannot_run_twice(self) -> None:
        first = open_on()
        with setting_up(), pytest.raises(Conflict):
            services.open_deadline(
                organisation=HOLDER_A, kind=KIND, subject=first.subject, due_on=DAY, basis=Basis.LEGAL, args={}
            )

    def test_after_closing_it_can_be_opened_again(self) -> None:
        first = open_on()
        with setting_up():
            services.cancel_deadline(first.pk, reason="fell away")
            again = services.open_deadline(
                organisation=HOLDER_A, kind=KIND, subject=first.subject, due_on=DAY, basis=Basis.LEGAL, args={}
            )
        assert again.pk != first.pk

    def test_without_a_date_or_in_no_zone_it_is_refused(self) -> None:
        with pytest.raises(DomainError, match="needs a date"):
            open_on(None)  # type: ignore[arg-type]
        with pytest.raises(DomainError, match="time zone"):
            open_on(zone="Mars/Olympus")

    def test_without_a_ladder_it_is_a_question_never_a_silent_default(self) -> None:
        with pytest.raises(MissingRule):
            open_on(ladder="no-such-ladder")


class TestMoving:
    def test_the_original_date_is_never_overwritten(self) -> None:
        deadline = open_on()
        with setting_up():
            moved = services.move_deadline(deadline.pk, due_on=DAY + timedelta(days=100), reason="granted")
        assert (moved.original_due_on, moved.due_on, moved.round) == (DAY, DAY + timedelta(days=100), 2)

    def test_a_clock_cut_short_rings_at_once(self) -> None:
        deadline = open_on()
        with setting_up():
            services.move_deadline(deadline.pk, due_on=clock.today() - timedelta(days=1), reason="corrected")
        with as_clock():
            alarm = Alarm.objects.get(deadline_id=deadline.pk)
        assert alarm.next_alert_at is not None
        assert alarm.next_alert_at <= clock.now()
        assert alarm.urgent

    def test_a_forecast_moves_no_clock(self) -> None:
        deadline = open_on()
        with setting_up():
            after = services.forecast_deadline(deadline.pk, forecast_on=DAY + timedelta(days=30))
        assert (after.due_on, after.round) == (DAY, 1)

    def test_a_closed_clock_moves_no_more(self) -> None:
        deadline = open_on()
        with setting_up():
            services.meet_deadline(deadline.pk, met_at=clock.now())
            with pytest.raises(Conflict, match="closed"):
                services.move_deadline(deadline.pk, due_on=DAY, reason="x")

    def test_another_holder_s_clock_does_not_exist(self) -> None:
        deadline = open_on()
        stranger = make_user(Role.PV_HEAD, organisation=HOLDER_B)
        with acting_as(stranger, organisation=HOLDER_B), pytest.raises(NotFound):
            services.move_deadline(deadline.pk, due_on=DAY, reason="x")


class TestLate:
    def test_late_is_open_and_its_instant_has_come(self) -> None:
        late, not_yet = open_one(due_in=timedelta(days=-3)), open_one(due_in=timedelta(days=3))
        with setting_up():
            assert set(Deadline.objects.late(clock.now()).values_list("pk", flat=True)) == {late.pk}
        assert (late.is_late(clock.now()), not_yet.is_late(clock.now())) == (True, False)

    def test_only_a_legal_one_is_overdue(self) -> None:
        internal = open_one(due_in=timedelta(days=-3))
        with setting_up():
            Deadline.objects.filter(pk=internal.pk).update(basis=Basis.INTERNAL)
            assert not Deadline.objects.overdue(clock.now()).exists()
            assert Deadline.objects.late(clock.now()).exists()


class TestRules:
    def rule(self, organisation: object = HOLDER_A, **more: object) -> Rule:
        with setting_up():
            return Rule.objects.create(
                **{
                    "organisation_id": organisation,
                    "code": "T-1",
                    "jurisdiction": "CN",
                    "duty_kind": "x",
                    "trigger_en": "x",
                    "trigger_zh": "x",
                    "clock_start": "x",
                    "clock_start_en": "x",
                    "clock_start_zh": "x",
                    "amount": 15,
                    "unit": "days",
                    "day_type": "calendar",
                    "status": "binding",
                    "certainty": "read",
                    "source": "x",
                }
                | more
            )

    def test_the_version_in_force_on_the_day_is_taken(self) -> None:
        old = self.rule(valid_to=date(2025, 12, 31))
        new = self.rule(version=2, valid_from=date(2026, 1, 1))
        with setting_up():
            assert services.rule_for("T-1", HOLDER_A, date(2025, 6, 1)) == old
            assert services.rule_for("T-1", HOLDER_A, date(2026, 6, 1)) == new

    def test_no_rule_found_is_said(self) -> None:
        with setting_up(), pytest.raises(MissingRule):
            services.rule_for("NO-SUCH", HOLDER_A, DAY)

    @pytest.mark.parametrize(
        ("status", "basis"),
        [
            ("binding", "legal"),
            ("default", "internal"),
            ("draft", "advice"),
            ("guideline", "advice"),
            ("guidance", "advice"),
        ],
    )
    def test_the_basis_follows_the_rule_s_status(self, status: str, basis: str) -> None:
        assert self.rule(status=status).basis == basis


class TestWords:
    def test_a_title_is_put_into_the_reader_s_language_when_read(self) -> None:
        deadline = open_on()
        with translation.override("en"):
            assert kinds.title_of(deadline) == "Promise one"
        with translation.override("zh-hans"):
            assert "甲" in kinds.title_of(deadline)

    def test_missing_words_fall_back_to_the_kind_s_own(self) -> None:
        deadline = open_on()
        deadline.args = {}
        assert kinds.title_of(deadline) == "promise"
        deadline.kind = "nobody-s"
        assert kinds.title_of(deadline) == "nobody-s"


class TestSchedule:
    def test_it_names_every_step_in_order_and_repeats_the_last(self) -> None:
        deadline = open_on()
        with setting_up():
            rings = services.schedule(deadline, repeats=2)
        assert [(ring.rung, ring.nth) for ring in rings] == [
            (1, 1),
            (2, 1),
            (2, 2),
            (3, 1),
            (3, 2),
            (3, 3),
            (4, 1),
            (5, 1),
            (6, 1),
        ]
        assert [ring.at for ring in rings] == sorted(ring.at for ring in rings)

    def test_who_is_told_next_is_the_first_step_to_come(self) -> None:
        deadline = open_on()
        with setting_up():
            ring = services.next_ring(deadline)
        assert ring is not None
        assert (ring.rung, ring.audience) == (1, ["owner"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(day=st.dates(date(2024, 1, 1), date(2028, 12, 31)), n=st.integers(0, 15))
def test_the_database_counts_working_days_as_we_do(day: date, n: int) -> None:
    calendar = services.calendar().assume_weekdays()
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_working_days_before(%s, %s, 'CN')", [day, n])
        assert cursor.fetchone()[0] == days.working_days_before(day, n, calendar)
