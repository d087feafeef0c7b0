"""Chores are run by both drivers after a tick, one failing stops nobody, and what must ring now rings before commit."""

import importlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import DatabaseError, connection

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Alarm
from pv.notices import chores, driving, services, tasks
from pv.notices.models import Delivery, JobRun, Notice
from tests.support.clocks import make_ladder, open_one, readers, told
from tests.support.people import HOLDER_A, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def done() -> Iterator[list[str]]:
    """What the chores of a test have done; they are taken out again."""
    seen: list[str] = []
    yield seen
    for name in ("one", "broken", "other"):
        chores.forget(name)


def runs_of(name: str) -> list[tuple[str, int, str]]:
    with as_clock():
        return list(JobRun.objects.filter(job=name).values_list("driver", "handled", "error"))


def counting(seen: list[str], name: str, answer: int) -> chores.Chore:
    def chore() -> int:
        seen.append(name)
        return answer

    return chore


def test_a_chore_that_did_something_leaves_a_run_and_an_idle_one_none(done: list[str]) -> None:
    chores.register("one", counting(done, "one", 3))
    chores.register("other", counting(done, "other", 0))
    assert chores.run(driver="beat") == 3
    assert done == ["one", "other"]
    assert runs_of("one") == [("beat", 3, "")]
    assert runs_of("other") == []


def test_a_chore_that_fails_stops_nobody_and_is_written_down(done: list[str]) -> None:
    def broken() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return 1

    chores.register("broken", broken)
    chores.register("other", counting(done, "other", 1))
    assert chores.run(driver="run_tick") == 1
    assert runs_of("broken") == [("run_tick", 0, "DataError")]
    assert runs_of("other") == [("run_tick", 1, "")]


def test_a_name_belongs_to_one_chore(done: list[str]) -> None:
    first = counting(done, "one", 0)
    chores.register("one", first)
    chores.register("one", first)
    with pytest.raises(ValueError, match="one"):
        chores.register("one", counting(done, "one", 0))


def test_the_worker_runs_chores_after_its_tick(done: list[str]) -> None:
    chores.register("one", counting(done, "one", 1))
    tasks.tick()
    assert runs_of("one") == [("beat", 1, "")]


def test_the_plain_driver_runs_chores_after_its_tick(done: list[str]) -> None:
    chores.register("one", counting(done, "one", 1))
    rounds = iter([False, True])
    driving.drive(lambda: next(rounds), pause=lambda _: None)
    assert runs_of("one") == [("run_tick", 1, "")]


@pytest.fixture
def head() -> User:
    make_ladder()
    return make_user(Role.PV_HEAD, email="head@a.example")


def test_what_must_ring_now_is_told_in_the_transaction_that_opened_it(head: User) -> None:
    with acting_as(head, organisation=HOLDER_A):
        deadline, other = (open_one(due_in=timedelta(days=-1), owner=head) for _ in range(2))
        fired = services.ring_now([deadline.pk])
    assert (fired.notices, told(deadline), told(other)) == (1, [(1, 3, 1)], [])
    assert readers(deadline) == ["head@a.example"]


def test_what_has_not_come_does_not_ring_before_its_time(head: User) -> None:
    deadline = open_one(due_in=timedelta(days=90), owner=head)
    assert services.ring_now([deadline.pk]).notices == 0
    assert told(deadline) == []


def test_ringing_now_and_the_tick_tell_once(head: User) -> None:
    deadline = open_one(due_in=timedelta(days=-1), owner=head)
    services.ring_now([deadline.pk])
    services.ring_now([deadline.pk])
    services.tick(driver="command")
    assert told(deadline) == [(1, 3, 1)]
    with as_clock():
        assert Delivery.objects.filter(notice__deadline=deadline, channel="in_app").count() == 1


def test_nothing_to_ring_asks_nothing(head: User, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert services.ring_now([]).notices == 0


def test_an_alarm_that_cannot_be_computed_is_parked_and_the_others_ring(head: User) -> None:
    bad, good = (open_one(due_in=timedelta(days=-1), owner=head) for _ in range(2))
    with as_clock():
        Alarm.objects.filter(deadline=bad).update(zone="Nowhere/Atall")
    assert services.ring_now([bad.pk, good.pk]).notices == 1
    assert (told(bad), told(good)) == ([], [(1, 3, 1)])
    with as_clock():
        assert Alarm.objects.get(deadline=bad).parked_until > clock.now()


def test_whoever_wakes_the_tick_asks_the_products_own_broker() -> None:
    """Also in a web server's threads, where Celery would else take an app without one."""
    known = importlib.import_module("config.celery")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: (current_app.main, current_app.conf.broker_url)).result() == (
            "pv",
            known.app.conf.broker_url,
        )
    assert "config.celery" in Path("config/wsgi.py").read_text(encoding="utf-8")


def test_a_broker_that_is_away_holds_nobody_up(
    head: User, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True), acting_as(head, organisation=HOLDER_A):
        services.kick()
    assert time.monotonic() - began < 3
    assert "could not be woken" in caplog.text


def test_the_role_is_given_back_after_ringing(head: User) -> None:
    deadline = open_one(due_in=timedelta(days=-1), owner=head)
    services.ring_now([deadline.pk])
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("pv_app",)
    with acting_as(head, organisation=HOLDER_A):
        assert Notice.objects.for_organisations([HOLDER_A]).count() == 1
    with pytest.raises(DatabaseError), as_clock():
        list(User.objects.raw("SELECT * FROM products_product"))
