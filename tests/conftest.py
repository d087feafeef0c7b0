"""The run's database server, a clone for each worker, and the context that tests set things up in."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation

from config.run.bootstrap import compile_messages
from config.run.servers import ready_made_cluster, start_postgres
from tests.support import database
from tests.support.database import Urls
from tests.support.people import HOLDER_A, HOLDER_B

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker

SERVER = pytest.StashKey[Any]()
URLS = pytest.StashKey[Urls]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts the server once; workers are told where it is."""
    if (given := getattr(config, "workerinput", None)) is not None:
        config.stash[URLS] = Urls(*given["urls"])
        return
    if config.option.collectonly:
        return
    compile_messages(Path(sys.executable))
    template = ready_made_cluster(database.CACHE, database.fingerprint(), database.build)
    run_dir = Path(tempfile.mkdtemp(prefix="pv-test-"))
    server = start_postgres(run_dir, fast=True, template=template)
    config.stash[SERVER] = (server, run_dir)
    config.stash[URLS] = Urls.of(server, database.TEMPLATE)


def pytest_configure_node(node: Any) -> None:
    """xdist's way to hand something to a worker."""
    urls = node.config.stash[URLS]
    node.workerinput["urls"] = [urls.admin, urls.owner, urls.app]


def pytest_unconfigure(config: pytest.Config) -> None:
    if started := config.stash.get(SERVER, None):
        server, run_dir = started
        server.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture(autouse=True)
def source_language() -> Iterator[None]:
    """Each test begins in the language of the source: a page in Chinese leaves its thread in Chinese."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def urls(request: pytest.FixtureRequest) -> Urls:
    """Administrator, owner and app: the ways into this worker's own database."""
    name = "pv_test_" + getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    mine = request.config.stash[URLS].named(name)
    database.clone(mine, name)
    return mine


@pytest.fixture(scope="session")
def django_db_setup(urls: Urls, django_db_blocker: "DjangoDbBlocker") -> Iterator[None]:
    """Connect as app to this worker's clone."""
    connection.settings_dict.update(database.django_settings(urls.app))
    settings.DATABASE_OWNER = database.django_settings(urls.owner)
    settings.DATABASE_ADMIN = database.django_settings(urls.admin)
    yield
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture
def committing(django_db_setup: None, urls: Urls, django_db_blocker: "DjangoDbBlocker") -> Iterator[Urls]:
    """For tests that commit: the clone is made anew afterwards, by the superuser, since app may not even truncate."""
    with django_db_blocker.unblock():
        connection.close()  # one that an earlier test left open may have been ended when its clone was made anew
        yield urls
        connection.close()
    database.clone(urls, connection.settings_dict["NAME"])


@pytest.fixture
def holder_a() -> UUID:
    """The organisation most tests are in."""
    return HOLDER_A


@pytest.fixture
def holder_b() -> UUID:
    """Its rival, who must never see a row of it."""
    return HOLDER_B


@pytest.fixture
def move_clock(urls: Urls) -> Iterator[Callable[[timedelta], None]]:
    """Shift the clock forward (or back), as only the owner may; back to real time afterwards."""

    def execute(sql: str, *params: object) -> None:
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            owner.execute(sql, params)

    yield lambda by: execute("UPDATE core_clockshift SET shift = shift + %s", by)
    execute("UPDATE core_clockshift SET shift = '0'")
