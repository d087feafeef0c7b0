"""check_deadlines finds what is missing, left over or silent, and sets right what can be."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from pv.accounts.context import as_clock
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import DomainError
from pv.deadlines import expectations, services
from pv.deadlines.expectations import Expected
from pv.deadlines.models import Alarm, Basis, Deadline
from tests.support.clocks import KIND, make_ladder, open_one
from tests.support.people import HOLDER_A, make_user, setting_up

pytestmark = pytest.mark.django_db
DAY = date(2031, 5, 1)


@pytest.fixture
def facts() -> Iterator[set[UUID]]:
    """Facts of a room of this test's own, each wanting a deadline on one day."""
    make_ladder()
    mine: set[UUID] = set()

    def query(organisation: UUID) -> list[Expected]:
        return [Expected(KIND, one, None, DAY) for one in mine] if organisation == HOLDER_A else []

    def repair(organisation: UUID, subject: UUID) -> None:
        running = services.open_deadline_of(organisation, KIND, subject)
        if subject not in mine:
            assert running
            services.cancel_deadline(running.pk, reason="left over")
        elif running:
            services.move_deadline(running.pk, due_on=DAY)
        else:
            services.open_deadline(
                organisation=organisation,
                kind=KIND,
                subject=subject,
                due_on=DAY,
                basis=Basis.LEGAL,
                args={"name_en": "one", "name_zh": "甲"},
            )

    expectations.register(KIND, query, repair)
    yield mine
    expectations.forget(KIND)


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_deadlines", *arguments, stdout=out)
    except SystemExit as error:
        return int(error.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_all_well_is_said(facts: set[UUID]) -> None:
    assert run() == (0, "0 found, 0 left.\n")


def test_a_fact_without_its_deadline_is_found_and_repaired(facts: set[UUID]) -> None:
    facts.add(subject := uuid4())
    code, said = run()
    assert code == 1
    assert f"{subject}: {KIND}: missing" in said
    assert run("--repair")[0] == 0
    assert run() == (0, "0 found, 0 left.\n")
    with setting_up():
        assert Deadline.objects.get(subject=subject).due_on == DAY


def test_a_deadline_without_its_fact_is_cancelled(facts: set[UUID]) -> None:
    deadline = open_one()
    assert "left over" in run()[1]
    assert run("--repair")[0] == 0
    with setting_up():
        deadline.refresh_from_db()
    assert deadline.outcome == Deadline.Outcome.CANCELLED


def test_a_deadline_on_another_day_is_moved_and_keeps_its_original(facts: set[UUID]) -> None:
    deadline = open_one()
    facts.add(deadline.subject)
    original = deadline.due_on
    assert "another day" in run("--repair")[1]
    with setting_up():
        deadline.refresh_from_db()
    assert (deadline.due_on, deadline.original_due_on) == (DAY, original)


def test_a_lost_alarm_is_put_back(facts: set[UUID]) -> None:
    deadline = open_one()
    with setting_up():
        services.move_deadline(deadline.pk, due_on=DAY)
        Alarm.objects.filter(deadline_id=deadline.pk).delete()
    facts.add(deadline.subject)
    assert "without its alarm" in run("--repair")[1]
    with as_clock():
        assert Alarm.objects.filter(deadline_id=deadline.pk).exists()


def test_an_alarm_that_should_have_rung_is_found(facts: set[UUID]) -> None:
    deadline = open_one(owner=make_user(Role.PV_HEAD))
    with setting_up():
        services.move_deadline(deadline.pk, due_on=DAY)
        Alarm.objects.filter(deadline_id=deadline.pk).update(next_alert_at=clock.now() - timedelta(minutes=4))
    facts.add(deadline.subject)
    code, said = run("--repair")
    assert code == 1
    assert "nothing rang" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("due_on", date(2031, 5, 2)),
        ("due_at", datetime(2031, 5, 3, tzinfo=UTC)),
        ("round", 7),
        ("zone", "UTC"),
        ("calendar", "XX"),
    ],
)
def test_an_alarm_that_differs_from_its_deadline_is_set_again(facts: set[UUID], name: str, value: object) -> None:
    deadline = open_one()
    facts.add(deadline.subject)
    with setting_up():
        services.move_deadline(deadline.pk, due_on=DAY)
        Alarm.objects.filter(deadline_id=deadline.pk).update(**{name: value})
    code, said = run()
    assert code == 1
    assert f"{deadline.pk}: an alarm that differs from its deadline ({name})" in said
    assert run("--repair")[0] == 0
    with as_clock():
        row = Alarm.objects.select_related("deadline").get(deadline_id=deadline.pk)
        assert getattr(row, name) == getattr(row.deadline, name)
        assert row.next_alert_at is not None
    assert run() == (0, "0 found, 0 left.\n")


def test_a_ladder_that_never_rings_is_found(facts: set[UUID]) -> None:
    deadline = open_one()
    facts.add(deadline.subject)
    with setting_up():
        services.move_deadline(deadline.pk, due_on=DAY)
        Alarm.objects.filter(deadline_id=deadline.pk).update(next_alert_at=None)
    code, said = run("--repair")
    assert (code, "its ladder never rings" in said) == (1, True)


def test_what_cannot_be_repaired_is_told_and_holds_up_nothing_else(facts: set[UUID]) -> None:
    """Another holder has no ladder for what it ought to watch; this one is repaired all the same."""
    refused = {HOLDER_A: "not this one"}

    def query(organisation: UUID) -> list[Expected]:
        return [Expected("stubborn", HOLDER_A, None, DAY)] if organisation == HOLDER_A else []

    def repair(organisation: UUID, subject: UUID) -> None:
        raise DomainError(refused[organisation])

    facts.add(subject := uuid4())
    expectations.register("stubborn", query, repair)
    try:
        code, said = run("--repair")
    finally:
        expectations.forget("stubborn")
    assert code == 1
    assert "could not be repaired: not this one" in said
    assert f"{subject}: {KIND}: missing" in said
    assert "2 found, 1 left." in said
    with setting_up():
        assert Deadline.objects.filter(subject=subject).exists()
