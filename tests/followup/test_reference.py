"""The file of visit plans: read strictly, every mistake named with its line; loaded once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM
from pv.core.errors import Conflict
from pv.core.reference import ReferenceFault
from pv.followup.loading import load_visit_plans
from pv.followup.models import PlannedVisit, VisitPlan
from pv.followup.reference import read_visit_plans
from pv.ops.owner import connected_as_owner
from tests.support.database import Urls

FILE = Path("fixtures/visit_plans/visit_plans.yaml")
TEXT = FILE.read_text(encoding="utf-8")


def test_the_file_is_sound() -> None:
    plans = read_visit_plans(FILE)
    assert [(plan.code, plan.protocol_years) for plan in plans] == [
        ("integrating", 15),
        ("edited", 15),
        ("aav", 5),
        ("oncolytic", 5),
        ("cell", 5),
    ]
    for plan in plans:
        assert plan.protocol[-1].months == 12 * plan.protocol_years
        assert [(one.code, one.repeat) for one in plan.lifelong] == [("Y1", 12)]
        for visit in plan.protocol:
            days = 14 if visit.months <= 12 else 30 if visit.months <= 60 else 60
            assert (visit.early, visit.late, visit.in_person) == (days, days, visit.months <= 60)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("months: 3, early: 14", "months: 1, early: 14", "does not come after the visit before it"),
        ("{code: M3, ", "{code: M1, ", "was already given in line"),
        ("grace: 0, late: 14, in_person: yes}", "grace: 15, late: 14, in_person: yes}", "reaches past the day"),
        (", repeat: 12}", "}", "repeats for ever"),
        ("in_person: yes}", "in_person: yes, repeat: 6}", "only the last visit of the lifelong line"),
        ("protocol_years: 15", "protocol_years: 5", "lies after the protocol's years"),
        ("protocol_years: 15", "protocol_years: 0", "is less than 1"),
        ("classes: [integrating]", "classes: [lasting]", "is not a known class of product"),
        ("classes: [integrating]", "classes: []", "names no class of product"),
        ("classes: [integrating]", "classes: [edited]", "is followed by the plan integrating already"),
        ("status: default", "status: law", "is not one of"),
        ("in_person: yes}", "in_person: perhaps}", "is not one of"),
        ("code: edited", "code: integrating", "was already given"),
        ("    version: 1\n", "", "is missing"),
        ("name_zh: 整合型载体产品", "name_zh: ~", "is empty"),
        ("early: 14", "early: soon", "is not a whole number"),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / "plans.yaml"
    assert old in TEXT
    wrong = TEXT.replace(old, new, 1)
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(ReferenceFault) as fault:
        read_visit_plans(file)
    assert any(words in one.message for one in fault.value.problems), str(fault.value)
    assert all(one.line > 0 for one in fault.value.problems)


Loader = Callable[[Path], list[object]]


@pytest.fixture
def load(committing: Urls) -> Loader:
    def as_owner(path: Path) -> list[object]:
        with connected_as_owner(), acting_as(SYSTEM, organisation=PUBLIC_ORGANISATION, reason="test", job="test"):
            return [(one.what, one.new, one.changed) for one in load_visit_plans(path)]

    return as_owner


def test_a_second_load_writes_nothing(load: Loader) -> None:
    assert load(FILE) == [("visit plans", 0, 0), ("planned visits", 0, 0)]
    with acting_as(SYSTEM, organisations=[PUBLIC_ORGANISATION]):
        assert VisitPlan.objects.for_organisations([PUBLIC_ORGANISATION]).count() == 5
        assert PlannedVisit.objects.for_organisations([PUBLIC_ORGANISATION]).count() == 2 * 24 + 3 * 14


def test_a_plan_that_runs_is_changed_by_a_new_version_only(load: Loader, tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(
        TEXT.replace("late: 60, in_person: no, repeat", "late: 61, in_person: no, repeat", 1), encoding="utf-8"
    )
    with pytest.raises(Conflict, match="new version"):
        load(file)
    file.write_text(TEXT.replace("    version: 1\n", "    version: 2\n", 1), encoding="utf-8")
    assert load(file) == [("visit plans", 1, 0), ("planned visits", 24, 0)]


def test_a_name_may_be_mended_in_place(load: Loader, tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(TEXT.replace("name_en: AAV products", "name_en: Products on AAV", 1), encoding="utf-8")
    assert load(file) == [("visit plans", 0, 1), ("planned visits", 0, 0)]
