"""A database of every earlier release migrates, keeps its rows, opens, and is whole."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.ops.demo.people import HOLDER_A, HOLDER_B
from tests.support import database
from tests.support.database import Urls
from tests.upgrades.dumping import DUMPS, address, restore

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker

pytestmark = pytest.mark.enable_socket
ALL = sorted(DUMPS.glob("*.sql.gz"))


@pytest.fixture(params=ALL, ids=lambda path: path.name.removesuffix(".sql.gz"))
def old(request: pytest.FixtureRequest, urls: Urls) -> Iterator[Urls]:
    """The dump, restored beside this worker's database."""
    source: Path = request.param
    name = f"{database.django_settings(urls.app)['NAME']}_old"
    here = Urls(
        urls.admin, *(url.replace(f"/{name.removesuffix('_old')}?", f"/{name}?") for url in (urls.owner, urls.app))
    )
    restore(urls.admin, name, source)
    yield here
    with psycopg.connect(urls.admin, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def counts(urls: Urls) -> dict[str, int]:
    """Rows of every table, as the superuser sees them."""
    name = database.django_settings(urls.app)["NAME"]
    with psycopg.connect(address(urls.admin, name)) as admin:
        tables = admin.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relispartition "
            "AND relnamespace = 'public'::regnamespace AND relname <> 'django_migrations'"
        ).fetchall()
        return {table: admin.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for (table,) in tables}


def manage(urls: Urls, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=database.ROOT,
        env=database.environment(urls),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def test_there_is_a_dump_to_try() -> None:
    assert ALL


def test_it_migrates_keeps_its_rows_and_is_whole(old: Urls) -> None:
    before = counts(old)
    manage(old, "migrate", "-v0")
    after = counts(old)
    assert {table: rows for table, rows in before.items() if after.get(table, 0) < rows} == {}
    assert "whole" in manage(old, "verify_audit")
    manage(old, "tick")
    manage(old, "check_deadlines")


def test_every_record_opens(old: Urls, django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> None:
    manage(old, "migrate", "-v0")
    kept = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(database.django_settings(old.app))
        try:
            opened = sum(_opened(model) for model in apps.get_models() if model.__module__.startswith("pv."))
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(kept)
    assert opened > 500


def _opened(model: type[Model]) -> int:
    """Read every row of a model, as the organisations that the demonstration has."""
    with acting_as(SYSTEM, organisations=[HOLDER_A, HOLDER_B]):
        return sum(1 for row in model._default_manager.all() if str(row))
