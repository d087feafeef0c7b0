"""Seeding the demonstration and shifting its clock: idempotent, deterministic, refused in production."""

import io
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from pv.core import clock
from tests.support import database
from tests.support.database import Urls


def seed(**options: Any) -> list[str]:
    out = io.StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue().splitlines()


def events(urls: Urls) -> int:
    with psycopg.connect(urls.owner) as owner:
        return int(owner.execute("SELECT count(*) FROM audit_event").fetchone()[0])


@pytest.fixture
def demo(committing: Urls, settings: Any) -> Urls:
    settings.DEMO = True
    return committing


def test_a_second_run_changes_nothing(demo: Urls) -> None:
    seed()
    before = events(demo)
    assert all(line.endswith("nothing new") for line in seed(patients=50, seed=7))
    assert events(demo) == before


def picture(urls: Urls) -> list[Any]:
    with psycopg.connect(urls.owner) as owner:
        return owner.execute(
            "SELECT code, state, original_due_on, due_on, forecast_on, submitted_on, basis FROM obligations_obligation "
            "UNION ALL SELECT protocol, kind, NULL, NULL, NULL, NULL, enrolled_patients::text FROM products_study "
            "ORDER BY 1"
        ).fetchall()


def test_the_seed_decides_the_picture(demo: Urls) -> None:
    pictures = []
    for number in (1, 1, 2):
        seed(seed=number)
        pictures.append(picture(demo))
        _forget(demo)
    assert pictures[0] == pictures[1]
    assert pictures[0] != pictures[2]


def _forget(urls: Urls) -> None:
    connection.close()
    database.clone(urls, connection.settings_dict["NAME"])


@pytest.mark.parametrize(("production", "demo"), [(True, True), (False, False)])
@pytest.mark.parametrize("command", [["seed_demo"], ["demo_clock", "2026-02-13 18:40"]])
def test_refused_outside_the_demo(settings: Any, production: bool, demo: bool, command: list[str]) -> None:
    settings.PRODUCTION, settings.DEMO = production, demo
    with pytest.raises(CommandError, match="for the demonstration only"):
        call_command(*command)


def test_the_clock_is_set_forwarded_and_reset(demo: Urls) -> None:
    def shown(*wish: str) -> str:
        out = io.StringIO()
        call_command("demo_clock", *wish, stdout=out)
        return out.getvalue()

    assert "2026-02-13 18:40" in shown("2026-02-13 18:40")
    assert clock.today().isoformat() == "2026-02-13"
    assert "2026-02-14 19:40" in shown("--forward", "25h")
    assert "2026-03-01 00:00" in shown("2026-03-01")
    shown("--reset")
    assert clock.offset().total_seconds() == 0


@pytest.mark.parametrize("wish", [["yesterday"], ["2026-02-30"], ["--forward", "soon"]])
def test_an_impossible_time_is_refused_in_words(settings: Any, demo: Urls, wish: list[str]) -> None:
    with pytest.raises(CommandError, match="is not a"):
        call_command("demo_clock", *wish)
