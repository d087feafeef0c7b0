"""Several ticks, senders and people at the same moment: uniqueness holds, not care."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core.errors import Conflict
from pv.notices import services
from pv.notices.models import Acknowledgement, Delivery, Notice
from pv.notices.sending import send_next, take_attempt
from tests.support.clocks import make_ladder, open_one
from tests.support.people import HOLDER_A, make_user

pytestmark = pytest.mark.usefixtures("committing")
TOGETHER = 4


def at_once(work: Callable[[int], object]) -> list[object]:
    """Run `work` in several threads, each with its own connection, all starting together."""
    gate = Barrier(TOGETHER)

    def one(number: int) -> object:
        gate.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(one, range(TOGETHER)))


@pytest.fixture
def owner() -> User:
    make_ladder()
    return make_user(Role.PV_HEAD, email="head@a.example")


def test_four_ticks_at_once_tell_everybody_once(owner: User) -> None:
    several = [open_one(due_in=timedelta(days=-1), owner=owner) for _ in range(60)]
    at_once(lambda _: services.tick(driver="command"))
    with as_clock():
        told = Counter(Notice.objects.filter(nth=1).values_list("deadline_id", flat=True))
        twice = [pk for pk, times in told.items() if times > 1]
    assert (len(told), twice) == (len(several), [])


def test_four_senders_at_once_send_each_mail_once(owner: User) -> None:
    for _ in range(40):
        open_one(due_in=timedelta(days=-1), owner=owner)
    services.tick(driver="command")

    def drain(_: int) -> int:
        return sum(1 for _ in iter(send_next, False))

    at_once(drain)
    keys = Counter(message.extra_headers["X-Notice-Keys"] for message in mail.outbox)
    with as_clock():
        wanted = Delivery.objects.filter(channel="email").count()
        assert not Delivery.objects.filter(state="waiting").exists()
    assert (len(keys), max(keys.values())) == (wanted, 1)


def test_one_delivery_is_taken_by_one_process(owner: User) -> None:
    open_one(due_in=timedelta(days=-1), owner=owner)
    services.tick(driver="command")
    taken = [one for one in at_once(lambda _: take_attempt()) if one]
    with as_clock():
        assert len(taken) == Delivery.objects.filter(channel="email").count()


def test_of_several_people_who_take_it_one_has_it(owner: User) -> None:
    people = [make_user(Role.PV_OFFICER, email=f"officer{n}@a.example") for n in range(TOGETHER)]
    deadline = open_one(due_in=timedelta(days=-1), owner=owner)
    services.tick(driver="command")

    def take(number: int) -> bool:
        try:
            with acting_as(people[number], organisation=HOLDER_A):
                services.acknowledge(deadline_id=deadline.pk, by=people[number], via="app")
        except Conflict:
            return False
        return True

    assert sum(map(bool, at_once(take))) == 1
    with as_clock():
        assert Acknowledgement.objects.filter(deadline_id=deadline.pk).count() == 1
