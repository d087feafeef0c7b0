"""Two people at the very same moment, each in a transaction of their own: the lock lets one through at a time."""

from collections.abc import Callable
from datetime import date
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.accounts.roles import Role
from pv.core.errors import Conflict
from pv.deadlines.models import Deadline
from pv.obligations import clocks, services
from pv.obligations.models import Obligation, ObligationChange
from tests.support.database import Urls
from tests.support.factories import AuthorisationFactory
from tests.support.people import make_user

DATES = [date(2031, 1, 1), date(2032, 1, 1), date(2033, 1, 1), date(2034, 1, 1)]


def at_once(acts: list[Callable[[], None]]) -> list[str]:
    """Run each in a thread and a connection of its own; what became of them."""
    start, said = Barrier(len(acts)), []

    def run(act: Callable[[], None]) -> None:
        try:
            start.wait(timeout=10)
            act()
            said.append("done")
        except Conflict as refused:
            said.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return sorted(said)


def test_of_several_saving_what_they_all_saw_one_wins(committing: Urls, holder_a: UUID) -> None:
    ra: User = make_user(Role.REGULATORY_AFFAIRS)
    authorisation = AuthorisationFactory()
    with acting_as(ra, organisation=holder_a):
        obligation = services.open_obligation(
            by=ra, organisation=holder_a, authorisation_id=authorisation.pk, code="X", kind="other",
            titles=("a", "b"), sentence="c", document="d", owner=ra, due_on=date(2030, 1, 1),
        )  # fmt: skip

    def save(due_on: date) -> Callable[[], None]:
        def act() -> None:
            with acting_as(ra, organisation=holder_a):
                services.change_due(obligation.pk, by=ra, due_on=due_on, reason="r", evidence="e", version=1)

        return act

    assert at_once([save(day) for day in DATES]) == ["conflict", "conflict", "conflict", "done"]
    with acting_as(ra, organisation=holder_a):
        assert Obligation.objects.get(pk=obligation.pk).version == 2
        assert ObligationChange.objects.filter(obligation=obligation, what="due").count() == 1


def test_a_repair_never_writes_an_older_day_over_a_change(
    committing: Urls, holder_a: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes after the repair has read the promise and before it looks at the clock."""
    ra: User = make_user(Role.REGULATORY_AFFAIRS)
    authorisation = AuthorisationFactory()
    with acting_as(ra, organisation=holder_a):
        obligation = services.open_obligation(
            by=ra, organisation=holder_a, authorisation_id=authorisation.pk, code="X", kind="other",
            titles=("a", "b"), sentence="c", document="d", owner=ra, due_on=date(2030, 1, 1),
        )  # fmt: skip

    def change() -> None:
        try:
            with acting_as(ra, organisation=holder_a):
                services.change_due(obligation.pk, by=ra, due_on=date(2033, 3, 3), reason="granted", evidence="letter")
        finally:
            connection.close()

    changing, look = Thread(target=change), clocks._the_clock

    def look_later(*given: Any) -> Any:
        changing.start()
        changing.join(timeout=1)  # it either gets through now, or waits for the repair's lock
        return look(*given)

    monkeypatch.setattr(clocks, "_the_clock", look_later)
    with acting_as(SYSTEM, organisation=holder_a, job="check_deadlines"):
        clocks.repair_obligation(holder_a, obligation.pk)
    changing.join(timeout=10)
    with acting_as(ra, organisation=holder_a):
        assert Deadline.objects.get(subject=obligation.pk).due_on == date(2033, 3, 3)
