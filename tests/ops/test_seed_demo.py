"""Seeding the demonstration and shifting its clock: idempotent, deterministic, refused in production."""

import io
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from pv.core import clock
from pv.ops.demo.people import SHANGHAI
from pv.ops.management.commands import seed_demo
from tests.support import database
from tests.support.database import Urls

FEW = 6


def seed(patients: int = FEW, **options: Any) -> list[str]:
    out = io.StringIO()
    call_command("seed_demo", stdout=out, patients=patients, **options)
    return out.getvalue().splitlines()


def events(urls: Urls) -> int:
    with psycopg.connect(urls.owner) as owner:
        return int(owner.execute("SELECT count(*) FROM audit_event").fetchone()[0])


@pytest.fixture
def demo(committing: Urls, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Urls:
    settings.DEMO = True
    monkeypatch.setattr("pv.notices.services._publish", Mock())  # nobody waits for a broker that is not there
    return committing


def test_a_second_run_changes_nothing(demo: Urls) -> None:
    seed()
    before = events(demo)
    assert all(line.endswith("nothing new") for line in seed(patients=50, seed=7))
    assert events(demo) == before


def test_many_patients_are_written_side_by_side(demo: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_demo, "MANY", FEW)
    assert "Demo Holder A (fictional), patients: 4 new" in seed()
    with psycopg.connect(demo.owner) as owner:
        assert owner.execute("SELECT count(*) FROM patients_patient").fetchone() == (FEW,)


def test_a_failure_leaves_neither_patients_nor_a_shifted_clock(demo: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("pv.ops.demo.population.writing.settle", fail)
    with pytest.raises(RuntimeError):
        seed()
    monkeypatch.setattr(seed_demo, "MANY", FEW)
    with pytest.raises(CommandError, match="could not be made up"):
        seed()
    with psycopg.connect(demo.owner) as owner:
        assert owner.execute("SELECT count(*) FROM patients_patient").fetchone() == (0,)
        assert owner.execute("SELECT extract(epoch FROM shift) FROM core_clockshift").fetchone() == (0,)


def picture(urls: Urls) -> list[Any]:
    with psycopg.connect(urls.owner) as owner:
        return owner.execute(
            "SELECT code, state, original_due_on, due_on, forecast_on, submitted_on, basis FROM obligations_obligation "
            "UNION ALL SELECT code, state, died_on, NULL, NULL, NULL, birth_year::text FROM patients_patient "
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


@pytest.mark.parametrize("moment", ["2026-02-13 00:10", "2028-02-29 23:55", "2026-10-05 12:00"])
def test_it_may_be_seeded_at_any_hour(demo: Urls, moment: str) -> None:
    call_command("demo_clock", moment, stdout=io.StringIO())
    seed()
    with psycopg.connect(demo.owner) as owner:
        assert owner.execute("SELECT count(*) FROM patients_patient").fetchone() == (FEW,)
        assert owner.execute("SELECT count(*) FROM safety_inboxitem WHERE received_at > core_now()").fetchone() == (0,)
    assert clock.now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") >= moment


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
