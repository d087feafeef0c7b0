"""The sampling plans as data: what they ask for, and broken files, which are named line by line."""

from pathlib import Path
from typing import Any

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM
from pv.biosamples.loading import load_sampling_plans
from pv.biosamples.models import PlanItem
from pv.biosamples.reference import Plan, read_sampling_plans
from pv.core.errors import Conflict
from pv.core.reference import ReferenceFault
from pv.deadlines.reference import read_rules
from pv.ops.owner import connected_as_owner
from tests.support.database import Urls

FIXTURES = Path(__file__).parents[2] / "fixtures"
FILE = FIXTURES / "sampling_plans" / "sampling_plans.yaml"
RULES = {rule.id for rule in read_rules(FIXTURES / "rules").rules}


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {plan.code: plan for plan in read_sampling_plans(FILE, RULES)}


def test_every_plan_is_our_default_and_says_so(plans: dict[str, Plan]) -> None:
    assert {code: plan.lineages for code, plan in plans.items()} == {
        "t_cell": ("t_cell",),
        "other": ("b_cell", "myeloid", "solid"),
        "unknown": ("unknown",),
    }
    for plan in plans.values():
        assert plan.status == "default"
        assert plan.source.en.startswith("Own default")
        assert plan.source.zh.startswith("本产品默认设置")


def test_t_cell_asks_for_both_sides_and_for_blood_thrice_afterwards(plans: dict[str, Plan]) -> None:
    items = plans["t_cell"].items
    assert [one.material for one in items if one.timing == "before_treatment"] == [
        "apheresis", "product", "vector", "blood", "tumour_ffpe",
    ]  # fmt: skip
    assert [one.material for one in items if one.timing == "at_event"] == [
        "tumour_ffpe", "tumour_fresh", "marrow", "blood", "germline",
    ]  # fmt: skip
    assert [one.offset_months for one in items if one.timing == "after_event"] == [1, 3, 6]
    assert {one.material for one in items if not one.required} == {"vector", "marrow"}


def test_the_other_plans_are_shorter_and_the_unknown_one_secures_what_is_gone_after_treatment(
    plans: dict[str, Plan],
) -> None:
    asked = {code: {(one.timing, one.material) for one in plan.items} for code, plan in plans.items()}
    assert asked["other"] < asked["unknown"] < asked["t_cell"]
    event = {one for one in asked["t_cell"] if one[0] == "at_event"}
    assert event <= asked["unknown"]


def test_cold_is_cold_and_blood_is_processed_within_a_day(plans: dict[str, Plan]) -> None:
    for plan in plans.values():
        for one in plan.items:
            if one.material in ("apheresis", "product", "marrow"):
                assert one.temperature == "vapour"
            if one.timing != "before_treatment" and one.material in ("blood", "marrow"):
                assert one.process_within_hours == 24
            if one.material == "tumour_ffpe":
                assert one.temperature == "room"


def test_no_text_says_metastasis_and_none_is_missing_in_chinese(plans: dict[str, Plan]) -> None:
    for plan in plans.values():
        for text in (plan.name, *(t for one in plan.items for t in (one.what, one.quantity, one.handling))):
            assert "继发性" not in text.zh
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text.zh)
            assert text.en.isascii() or "µ" in text.en or "°" in text.en


BAD = [
    ("version: 1", "version: 0", "plans[1].version: 0 is less than 1"),
    ("version: 1", "verison: 1", "plans[1].verison: is not one of"),
    ("lineages: [t_cell]", "lineages: []", "plans[1].lineages: names no lineage"),
    ("lineages: [t_cell]", "lineages: [t_cell, nk]", "plans[1].lineages: 'nk' is not a known lineage"),
    ("lineages: [t_cell]", "lineages: [t_cell, solid]", "plans[2].lineages: 'solid' already has the plan 't_cell'"),
    ("lineages: [unknown]", "lineages: [t_cell]", "plans: no plan is for the lineage 'unknown'"),
    ("status: default", "status: binding", "plans[1].status: 'binding' is not one of"),
    ("position: 1", "position: 3", "items[1].position: must be 1"),
    ("timing: before_treatment", "timing: before", "items[1].timing: 'before' is not one of"),
    ("material: apheresis", "material: hair", "items[1].material: 'hair' is not one of"),
    ("required: yes", "required: perhaps", "items[1].required: 'perhaps' is not one of"),
    ("temperature: vapour", "temperature: icy", "items[1].temperature: 'icy' is not one of"),
    ("rule: CN-SPM-SAMPLE-COLL", "rule: CN-NONE", "items[1].collect_rule: 'CN-NONE' is not a known rule"),
    ("        collect_rule: CN-SPM-SAMPLE-COLL\n", "", "items[1].collect_rule: is missing"),
    ("material: apheresis", "offset_months: 2\n        material: apheresis", "items[1].offset_months: is given for"),
    ("offset_months: 1", "offset_months: 99", "items[11].offset_months: 99 months are more than 60"),
    ('what_zh: "单采', 'what_xx: "单采', "items[1].what_zh: is missing"),
    ('quantity_en: "1 vial', f'quantity_en: "{"x" * 160}', "items[1].quantity_en: has"),
    ("code: other", "code: t_cell", "'t_cell 1' was already given"),
    ("plans:", "plan:", "plan: is not one of plans"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[one[2] for one in BAD])
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "plans.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReferenceFault) as fault:
        read_sampling_plans(broken, RULES)
    named = [one for one in fault.value.problems if message in f"{one.column}: {one.message}" or message in str(one)]
    assert named, str(fault.value)
    assert all(one.line for one in named)


def load(path: Path) -> list[Any]:
    with connected_as_owner(), acting_as(SYSTEM, organisation=PUBLIC_ORGANISATION, reason="reference data"):
        return load_sampling_plans(path)


def test_loading_again_changes_nothing(committing: Urls) -> None:
    assert [(one.total, one.new, one.changed) for one in load(FILE)] == [(3, 0, 0), (27, 0, 0)]


def test_a_text_is_mended_in_place_and_a_request_needs_a_new_version(committing: Urls, tmp_path: Path) -> None:
    text, path = FILE.read_text(encoding="utf-8"), tmp_path / "plans.yaml"
    path.write_text(text.replace("1 vial or more, at least", "One vial or more, at least", 1), encoding="utf-8")
    assert [(one.new, one.changed) for one in load(path)] == [(0, 0), (0, 1)]
    path.write_text(text.replace("required: yes", "required: no", 1), encoding="utf-8")
    with pytest.raises(Conflict, match=r"line 9: sampling plan t_cell is loaded as version 1 with other items"):
        load(path)
    path.write_text(
        text.replace("required: yes", "required: no", 1).replace("version: 1", "version: 2", 1), encoding="utf-8"
    )
    plans, items = load(path)
    assert (plans.new, plans.gone, items.new) == (1, ("t_cell 1",), 13)
    with acting_as(SYSTEM, organisations=[PUBLIC_ORGANISATION]):
        assert PlanItem.objects.filter(plan__code="t_cell", position=1).count() == 2
