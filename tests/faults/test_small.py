"""The fault suite's small form: two thousand notices while everything is killed in turn."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from config.run.servers import ready_made_cluster
from tests.faults import faults
from tests.support import database

pytestmark = [pytest.mark.faults, pytest.mark.enable_socket]

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture(autouse=True)
def _house_s_own_database(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[None]:
    """The faults connect to a server of their own; afterwards the worker's clone is back."""
    kept = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        yield
        connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(kept)


def test_whatever_is_killed_every_notice_arrives_once() -> None:
    template = ready_made_cluster(database.CACHE, database.fingerprint(), database.build)
    count = faults.kill_everything(template, 2000, 50)
    assert (count.lost, count.doubled, count.stuck) == (0, 0, 0), str(count)
    assert count.repeated <= count.crashes
    assert count.sent == 2000


def test_without_any_broker_everything_is_told_all_the_same() -> None:
    template = ready_made_cluster(database.CACHE, database.fingerprint(), database.build)
    assert str(faults.redis_absent(template, 200, 0)) == (
        "fault redis_absent sent=200 lost=0 doubled=0 stuck=0 repeated=0 ok"
    )
