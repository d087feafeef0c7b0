"""New partitions are made in time, and never at the cost of the seals."""

from collections.abc import Callable
from datetime import date
from typing import LiteralString

import psycopg
import pytest
from django.db import connection

from pv.audit import services
from pv.core import clock
from pv.core.days import Duration, Unit, add
from tests.support.database import Urls
from tests.support.factories import ProductFactory


def month(ahead: int) -> str:
    first = clock.now().date().replace(day=1)
    return f"audit_event_{add(first, Duration(ahead, Unit.MONTHS)):%Y_%m}"


def day_in(ahead: int) -> date:
    return add(clock.now().date().replace(day=15), Duration(ahead, Unit.MONTHS))


@pytest.fixture
def as_owner(committing: Urls) -> Callable[..., None]:
    def execute(sql: LiteralString, *params: object) -> None:
        with psycopg.connect(committing.owner, autocommit=True) as owner:
            owner.execute(sql, params)

    return execute


@pytest.fixture
def short_of_room(as_owner: Callable[..., None]) -> None:
    """Only two months are left."""
    for ahead in range(2, 25):
        as_owner(f"DROP TABLE {month(ahead)}")
    ProductFactory()


def there(ahead: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [month(ahead)])
        return bool(cursor.fetchone()[0])


def test_partitions_are_made_before_they_are_needed(short_of_room: None, caplog: pytest.LogCaptureFixture) -> None:
    assert not there(3)
    assert services.seal() > 0
    assert all(there(ahead) for ahead in range(4))
    assert "No new partition" not in caplog.text


def test_with_room_left_nothing_is_locked(committing: Urls, caplog: pytest.LogCaptureFixture) -> None:
    ProductFactory()
    with psycopg.connect(committing.owner) as reader:
        reader.execute("SELECT count(*) FROM audit_event")
        assert services.seal() > 0
    assert "No new partition" not in caplog.text


def test_events_in_the_default_partition_stop_neither_the_seals_nor_the_other_months(
    short_of_room: None, as_owner: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    as_owner(
        "INSERT INTO audit_event (table_name, row_id, action, at, actor, reason, job, txid, hash)"
        " VALUES ('x', gen_random_uuid(), 'I', %s, gen_random_uuid(), '', '', 1, '')",
        day_in(2),
    )
    assert services.seal() > 0
    assert (there(2), there(3)) == (False, True)
    assert "No new partition for the history: events of a coming month" in caplog.text


def test_a_long_reader_stops_no_seal(short_of_room: None, committing: Urls, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(committing.owner) as reader:
        reader.execute("SELECT count(*) FROM audit_event")
        assert services.seal() > 0
    assert "No new partition for the history: LockNotAvailable" in caplog.text
    services.seal()
    assert there(3)
