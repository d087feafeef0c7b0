"""Nobody serves as superuser or owner, and production starts with nothing of the demo."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from config.celery import refuse_to_serve as refuse_to_work
from config.run.make_secrets import new_key
from pv.accounts.models import SYSTEM
from pv.ops import startup
from pv.ops.owner import connected_as_owner, is_owner
from tests.support.database import ROOT, Urls, django_settings
from tests.support.factories import UserFactory

GOOD_KEY = "k" * 60


@contextmanager
def connected_by(url: str) -> Iterator[None]:
    """Django's connection by another log-in to this worker's database."""
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(django_settings(url) | {"NAME": kept["NAME"]})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)


@pytest.fixture
def production(settings):
    settings.PRODUCTION, settings.SECRET_KEY, settings.DEBUG, settings.DEMO = True, GOOD_KEY, False, False
    settings.VAULT_KEYS, settings.VAULT_INDEX_KEY = new_key("k1"), new_key("i1")
    return settings


@pytest.mark.parametrize(("way", "word"), [("admin", "superuser"), ("owner", "owns the tables")])
def test_a_superuser_or_the_owner_is_refused(committing: Urls, way: str, word: str) -> None:
    with connected_by(getattr(committing, way)):
        for _ in range(2):  # the refused connection is not used the second time either
            with pytest.raises(ImproperlyConfigured, match=word):
                connection.ensure_connection()
        with pytest.raises(ImproperlyConfigured):
            startup.refuse_to_serve()
        with pytest.raises(SystemExit, match=word):
            refuse_to_work()
        assert "pv.E003" in {error.id for error in run_checks(tags=["database"], databases=["default"])}


def test_a_role_that_bypasses_row_level_security_is_refused(committing: Urls) -> None:
    with psycopg.connect(committing.admin, autocommit=True) as admin:
        admin.execute("ALTER ROLE pv_app BYPASSRLS")
        try:
            connection.close()
            with pytest.raises(ImproperlyConfigured, match="bypass"):
                connection.ensure_connection()
        finally:
            admin.execute("ALTER ROLE pv_app NOBYPASSRLS")


def test_a_log_in_that_may_not_become_the_clock_is_refused(committing: Urls) -> None:
    with psycopg.connect(committing.admin, autocommit=True) as admin:
        admin.execute("REVOKE pv_clock FROM pv_app")
        try:
            connection.close()
            with pytest.raises(ImproperlyConfigured, match="prepare_database"):
                connection.ensure_connection()
        finally:
            admin.execute("GRANT pv_clock TO pv_app WITH INHERIT FALSE, SET TRUE")


def test_the_application_may_serve(committing: Urls) -> None:
    startup.refuse_to_serve()
    refuse_to_work()
    assert run_checks(tags=["database"], databases=["default"]) == []


def test_commands_that_migrate_work_as_the_owner(committing: Urls) -> None:
    with connected_as_owner():
        assert is_owner()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("pv_owner",)
    assert not is_owner()


def test_a_database_that_is_away_is_waited_for(committing: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(connection, "ensure_connection", away)
    startup.refuse_to_serve()
    assert [error.id for error in run_checks(tags=["database"], databases=["default"])] == ["pv.E002"]


def fixed_key(name: str) -> str:
    """A key that is the same in every process: it stands in the names of tests."""
    return f"{name}:{b64encode(bytes(32)).decode()}"


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("DEBUG", True, "DEBUG"),
        ("DEMO", True, "PV_DEMO"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("SECRET_KEY", "demo-only-" + GOOD_KEY, "SECRET_KEY"),
        ("SECRET_KEY", "test-only-" + GOOD_KEY, "SECRET_KEY"),
        ("VAULT_KEYS", "", "PV_VAULT_KEYS is missing"),
        ("VAULT_KEYS", "k1:c2hvcnQ=", "PV_VAULT_KEYS is missing"),
        ("VAULT_KEYS", fixed_key("demo-1"), "PV_VAULT_KEYS holds a key of the demo"),
        ("VAULT_KEYS", ",".join([fixed_key("k1"), fixed_key("k1")]), "one id twice"),
        ("VAULT_INDEX_KEY", fixed_key("test-0"), "PV_VAULT_INDEX_KEY holds a key of the demo"),
        ("VAULT_INDEX_KEY", "", "PV_VAULT_INDEX_KEY is missing"),
    ],
)
def test_production_refuses_the_demos_settings(production, committing: Urls, setting, value, word) -> None:
    setattr(production, setting, value)
    assert [word in error.msg for error in run_checks(tags=["security"], include_deployment_checks=True)].count(
        True
    ) >= 1
    with pytest.raises(ImproperlyConfigured, match=word):
        startup.refuse_to_serve()
    connection.close()
    with pytest.raises(ImproperlyConfigured, match=word):
        connection.ensure_connection()


def test_production_refuses_users_of_the_demo(production, committing: Urls) -> None:
    startup.refuse_to_serve()
    UserFactory(is_demo=True)
    connection.close()
    with pytest.raises(ImproperlyConfigured, match="Users of the demo"):
        startup.refuse_to_serve()
    assert [error.id for error in run_checks(tags=["database"], databases=["default"])] == ["pv.E004"]


def test_production_refuses_a_shifted_clock(production, committing: Urls) -> None:
    with psycopg.connect(committing.owner) as owner:
        owner.execute("SELECT set_config('app.actor', %s, true)", [str(SYSTEM)])
        owner.execute("UPDATE core_clockshift SET shift = '1 day'")
    with pytest.raises(ImproperlyConfigured, match="shifted"):
        startup.refuse_to_serve()


def test_djangos_own_list_for_production_is_clean() -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PV_", "DATABASE", "DJANGO"))
    }
    environment |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": "a-key-made-up-for-this-test-that-is-long-enough-0123456789",
        "ALLOWED_HOSTS": "tracker.example",
        "PV_VAULT_KEYS": new_key("k1"),
        "PV_VAULT_INDEX_KEY": new_key("i1"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout
