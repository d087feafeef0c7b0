"""Loading the reference data: idempotent, all or nothing, mistakes named by file and line, only as the owner."""

import io
import shutil
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM
from pv.core.calendars import SOURCE
from pv.core.loading import load_calendars
from pv.deadlines.models import Ladder, Rule, Rung
from pv.products.models import Authorisation, Product
from tests.support.database import Urls


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files to spoil."""
    return Path(shutil.copytree(settings.FIXTURES_DIR, tmp_path / "fixtures"))


def load(folder: Path | None = None) -> list[str]:
    out = io.StringIO()
    call_command("load_reference", stdout=out, **({"folder": folder} if folder else {}))
    return out.getvalue().splitlines()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def asked(urls: Urls, sql: str) -> int:
    with psycopg.connect(urls.owner) as connection:
        return int(connection.execute(sql).fetchone()[0])


EVENTS = "SELECT count(*) FROM audit_event"


def test_a_second_run_changes_nothing_and_leaves_no_history(committing: Urls) -> None:
    before = asked(committing, EVENTS)
    lines = load()
    assert {line.split(": ")[0] for line in lines} >= {"rules", "ladders", "authorisations", "pipeline figures"}
    assert all("(0 new, 0 changed)" in line for line in lines)
    assert asked(committing, EVENTS) == before


def test_a_mended_text_changes_its_row_only(committing: Urls, folder: Path) -> None:
    before = asked(committing, EVENTS)
    edit(folder / "rules" / "rules.csv", "Ceiling for the date of a confirmatory trial", "A ceiling")
    lines = load(folder)
    assert [line for line in lines if "(0 new, 0 changed)" not in line] == [f"rules: {rules()} (0 new, 1 changed)"]
    assert asked(committing, EVENTS) == before + 1
    with acting_as(None):
        assert not Rule.objects.exists()
    with acting_as(SYSTEM):
        assert Rule.objects.get(code="CN-CA-MAX").trigger_en == "A ceiling"


def rules() -> int:
    return len((settings.FIXTURES_DIR / "rules" / "rules.csv").read_text(encoding="utf-8").splitlines()) - 1


def test_a_row_that_vanished_is_reported_and_kept(committing: Urls, folder: Path) -> None:
    path = folder / "rules" / "rules.csv"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines(True) if not line.startswith("CN-PSRI,")]
    path.write_text("".join(kept), encoding="utf-8")
    said = next(line for line in load(folder) if line.startswith("rules:"))
    assert "no longer in the files, kept" in said
    assert "CN-PSRI 1" in said
    with acting_as(SYSTEM):
        assert Rule.objects.filter(code="CN-PSRI").exists()


def test_a_broken_row_is_named_by_file_and_line_and_nothing_is_loaded(committing: Urls, folder: Path) -> None:
    edit(folder / "rules" / "rules.csv", "Ceiling for the date of a confirmatory trial", "A ceiling")
    edit(folder / "register" / "authorisations.csv", "conditional,confirmed", "provisional,confirmed")
    with pytest.raises(CommandError, match=r"authorisations\.csv line \d+, kind: 'provisional' is not one of"):
        load(folder)
    with acting_as(SYSTEM):
        assert not Rule.objects.filter(trigger_en="A ceiling").exists()


def test_every_file_with_a_mistake_is_named_at_once(committing: Urls, folder: Path) -> None:
    edit(folder / "rules" / "rules.csv", "附条件批准日期,4,years", "附条件批准日期,four,years")
    edit(folder / "register" / "authorisations.csv", "conditional,confirmed", "provisional,confirmed")
    with pytest.raises(CommandError) as refused:
        load(folder)
    assert "rules.csv line 3" in str(refused.value)
    assert "authorisations.csv line" in str(refused.value)


def test_a_rule_that_computes_another_date_needs_a_new_version(committing: Urls, folder: Path) -> None:
    edit(folder / "rules" / "rules.csv", "附条件批准日期,4,years", "附条件批准日期,5,years")
    with pytest.raises(CommandError, match=r"rules\.csv line 3: rule CN-CA-MAX is loaded as version 1 .* amount"):
        load(folder)


def test_changed_steps_of_a_ladder_need_a_new_version(committing: Urls, folder: Path) -> None:
    path = folder / "ladders" / "ladders.yaml"
    edit(path, "delay: 72, audience: [pv_head]", "delay: 73, audience: [pv_head]")
    with pytest.raises(CommandError, match=r"ladders\.yaml line 9: ladder study is loaded as version 1"):
        load(folder)
    edit(path, "version: 1", "version: 2")
    lines = load(folder)
    assert "ladders: 9 (1 new, 0 changed); no longer in the files, kept: " in "\n".join(lines)
    with acting_as(SYSTEM):
        rungs = {
            ladder.version: Rung.objects.filter(ladder=ladder).count() for ladder in Ladder.objects.filter(code="study")
        }
    assert rungs[1] == rungs[2] == 12


def test_it_works_as_the_owner_only(committing: Urls) -> None:
    kept, settings.DATABASE_OWNER = settings.DATABASE_OWNER, {}
    try:
        with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
            load()
    finally:
        settings.DATABASE_OWNER = kept


@pytest.mark.django_db
def test_app_cannot_write_to_the_public_organisation() -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting_as(SYSTEM, organisation=PUBLIC_ORGANISATION),
    ):
        Product.objects.create(organisation_id=PUBLIC_ORGANISATION, key="mine", product_class="x", product_class_zh="x")


@pytest.mark.django_db
def test_everybody_reads_the_register() -> None:
    with acting_as(SYSTEM):
        assert Authorisation.objects.filter(organisation_id=PUBLIC_ORGANISATION).count() == 17
        month_only = Authorisation.objects.get(key="relma-cel/FL")
    assert (month_only.approved_precision, month_only.kind_certainty) == ("month", "supported")


def test_calendar_days_that_people_edited_stay(committing: Urls) -> None:
    with psycopg.connect(committing.owner) as connection:
        connection.execute("SELECT set_config('app.actor', %s, true)", [str(SYSTEM)])
        connection.execute("DELETE FROM core_calendarday WHERE day = '2026-10-01'")
        connection.execute("UPDATE core_calendarday SET kind = 'workday', source = 'notice' WHERE day = '2026-10-02'")
        connection.execute("UPDATE core_calendaryear SET source = 'chinesecalendar 0' WHERE year = 2026")
        connection.execute("UPDATE core_calendaryear SET source = 'notice' WHERE year = 2025")
        connection.execute("DELETE FROM core_calendarday WHERE day = '2025-10-01'")
    lines = load()
    assert lines[0].endswith("(1 new, 0 changed)")  # the day taken out under an older release of the library
    assert lines[1].endswith("(0 new, 1 changed)")
    days = "SELECT count(*) FROM core_calendarday WHERE day = '2026-10-02' AND kind = 'workday'"
    assert asked(committing, days) == 1
    assert asked(committing, "SELECT count(*) FROM core_calendarday WHERE day = '2025-10-01'") == 0
    assert asked(committing, f"SELECT count(*) FROM core_calendaryear WHERE source = '{SOURCE}'") > 0


@pytest.mark.django_db
def test_calendars_are_loaded_already() -> None:
    with acting_as(SYSTEM):
        assert [(one.new, one.changed) for one in load_calendars()] == [(0, 0), (0, 0)]
