"""The faults, one function each: fill, start, break, settle, count."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from pv.accounts.roles import Role
from tests.bench.figures import fill
from tests.faults.house import Count, House
from tests.support import database
from tests.support.clocks import make_ladder
from tests.support.people import make_user

DRIVERS = ("run_tick", "worker", "beat")
LATE = [(0, "hours", "after", "urgent", None, [(0, ["owner"])])]


def _fill(house: House, count: int) -> None:
    """`count` late deadlines whose owner has heard nothing yet."""
    connection.close()
    connection.settings_dict.update(database.django_settings(house.urls.app))
    owner, ladder = make_user(Role.PV_HEAD, email="head@a.example"), make_ladder(LATE)
    connection.close()
    fill(house.urls, count=count, days=-320, next_at="now()", owner=owner, ladder=ladder.pk)


def _killing(name: str, victims: tuple[str, ...], template: Path, count: int, kills: int, every: float = 0.5) -> Count:
    pick = random.Random(name)
    with House(DRIVERS, template) as house:
        _fill(house, count)
        house.start_processes()
        house.run_until_sent(
            seconds=600, rounds=kills, every=every, meanwhile=lambda number: house.kill(pick.choice(victims))
        )
        house.hurry()
        house.run_until_sent(seconds=120)
        return house.count(name)


def kill_everything(template: Path, count: int, kills: int) -> Count:
    """Sender, worker, beat, broker and database are killed in turn."""
    return _killing("kill_everything", (*DRIVERS, "postgres", "valkey"), template, count, kills)


def kill_worker(template: Path, count: int, kills: int) -> Count:
    """The Celery worker, with its pool."""
    return _killing("kill_worker", ("worker",), template, count, kills)


def kill_sender(template: Path, count: int, kills: int) -> Count:
    """The plain driver, while it sends."""
    return _killing("kill_sender", ("run_tick",), template, count, kills)


def kill_postgres(template: Path, count: int, kills: int) -> Count:
    """The database's postmaster, as a crash does."""
    return _killing("kill_postgres", ("postgres",), template, count, max(kills // 5, 2), every=3)


def kill_redis(template: Path, count: int, kills: int) -> Count:
    """The broker."""
    return _killing("kill_redis", ("valkey",), template, count, kills)


def redis_absent(template: Path, count: int, kills: int) -> Count:
    """No broker at all, for the whole run: the plain driver does everything."""
    with House(DRIVERS, template, redis=False) as house:
        _fill(house, count)
        house.start_processes()
        house.run_until_sent(seconds=600)
        return house.count("redis_absent")


def two_drivers_each(template: Path, count: int, kills: int) -> Count:
    """Two plain drivers, a worker and beat, all at once, nobody killed."""
    with House(DRIVERS, template, extra_driver=True) as house:
        _fill(house, count)
        house.start_processes()
        house.run_until_sent(seconds=600)
        return house.count("two_drivers_each")


def mail_server_away(template: Path, count: int, kills: int) -> Count:
    """Nobody takes the mails for a while."""
    with House(DRIVERS, template) as house:
        house.stop_receiver()
        _fill(house, min(count, 200))
        house.start_processes()
        end = time.monotonic() + 8
        while time.monotonic() < end:
            house.stack.supervisor.look_after()
            time.sleep(0.1)
        house.start_receiver()
        house.hurry()
        house.run_until_sent(seconds=300)
        return house.count("mail_server_away")


ALL: dict[str, Callable[[Path, int, int], Count]] = {
    one.__name__: one
    for one in (
        kill_everything,
        kill_worker,
        kill_sender,
        kill_postgres,
        kill_redis,
        redis_absent,
        two_drivers_each,
        mail_server_away,
    )
}
