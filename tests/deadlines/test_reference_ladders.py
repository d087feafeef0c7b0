"""The ladders as data: their rungs and people as the issue asks for them, and broken ladders, which are named."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pv.accounts.roles import Role
from pv.core.reference import ReferenceFault
from pv.deadlines.reference import (
    AUDIENCES,
    DutyKind,
    Ladder,
    Ladders,
    Offset,
    OffsetUnit,
    RuleStatus,
    Side,
    Tone,
    read_ladders,
    read_rules,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
FILE = FIXTURES / "ladders" / "ladders.yaml"


@pytest.fixture(scope="module")
def ladders() -> Ladders:
    return read_ladders(FILE)


def places(ladder: Ladder) -> list[str]:
    """The rungs in short: -24 months, +0 hours, +7 days repeating 7."""
    return [
        f"{'-' if rung.offset.side is Side.BEFORE else '+'}{rung.offset.amount} {rung.offset.unit}"
        + (f" repeating {rung.repeat_days}" if rung.repeat_days else "")
        for rung in ladder.rungs
    ]


def steps(ladder: Ladder, number: int) -> list[tuple[int, set[str]]]:
    return [(step.delay, set(step.audience)) for step in ladder.rungs[number - 1].steps]


def test_studies_warn_from_two_years_before_and_weekly_after(ladders: Ladders) -> None:
    study = ladders.ladder("study")

    assert places(study) == [
        *("-24 months", "-18 months", "-12 months", "-9 months", "-6 months", "-3 months", "-1 months"),
        *("-21 days", "-14 days", "-7 days", "+0 hours", "+7 days repeating 7"),
    ]
    assert steps(study, 11) == [(0, {"owner"}), (24, {"pv_head"}), (72, {"regulatory_affairs"})]


def test_studies_climb_one_rank_higher_at_12_6_and_3_months(ladders: Ladders) -> None:
    study = ladders.ladder("study")

    assert [steps(study, number)[-1][1] for number in (3, 5, 6)] == [
        {"pv_head"},
        {"regulatory_affairs"},
        {"legal_representative"},
    ]
    assert all(steps(study, number)[1][1] == {"pv_head"} for number in range(6, 11))


def test_reporting_clocks_count_working_days_before_the_last_one(ladders: Ladders) -> None:
    assert places(ladders.ladder("reporting")) == [
        *("-7 working_days", "-3 working_days", "-1 working_days", "-0 working_days"),
        *("+0 hours", "+7 days repeating 7"),
    ]


def test_visits_warn_before_the_window_closes_and_three_times_after(ladders: Ladders) -> None:
    assert places(ladders.ladder("visit")) == ["-14 days", "-3 days", "-0 days", "+30 days", "+60 days", "+90 days"]


def test_samples_warn_at_half_of_the_48_hours_and_when_due(ladders: Ladders) -> None:
    assert places(ladders.ladder("sample")) == ["-24 hours", "+0 hours", "+24 hours repeating 1"]


def test_malignancy_climbs_within_one_rung_until_taken(ladders: Ladders) -> None:
    alarm = ladders.ladder("acknowledge")

    assert places(alarm) == ["+0 hours"]
    assert steps(alarm, 1) == [
        (0, {"on_call", "medical_reviewer", "pv_head"}),
        (1, {"deputy"}),
        (2, {"pv_head"}),
        (4, {"qa_cmc", "regulatory_affairs"}),
    ]


def test_legal_representative_hears_of_a_suspicion_when_it_is_still_untriaged(ladders: Ladders) -> None:
    triage = ladders.ladder("triage")

    assert places(triage)[1] == "+0 hours"
    assert "legal_representative" in steps(triage, 2)[0][1]
    assert "legal_representative" not in set().union(*(people for _, people in steps(triage, 1)))


def test_all_ladders_are_our_own_defaults_with_both_names(ladders: Ladders) -> None:
    assert {ladder.status for ladder in ladders.ladders} == {RuleStatus.DEFAULT}
    assert all(ladder.source and ladder.name and ladder.source.zh for ladder in ladders.ladders)


def test_what_is_late_never_falls_silent(ladders: Ladders) -> None:
    # A visit ends by itself and a malignancy's alarm is met by taking it; everything else rings for ever.
    silent = {ladder.code for ladder in ladders.ladders if not ladder.rungs[-1].repeat_days}

    assert silent == {"visit", "acknowledge"}


def test_late_rungs_do_not_stay_with_one_person(ladders: Ladders) -> None:
    for ladder in ladders.ladders:
        for rung in ladder.rungs:
            if rung.tone is Tone.URGENT:
                assert len({person for step in rung.steps for person in step.audience}) > 1, (ladder.code, rung.number)


def test_audiences_are_the_holders_roles_owner_and_rota() -> None:
    outside = {Role.AUTHORITY, Role.INSPECTOR, Role.AUDITOR, Role.ADMINISTRATOR}

    assert {"owner", "on_call", "deputy"} | {role.value for role in Role if role not in outside} == AUDIENCES


def test_every_duty_finds_its_ladder(ladders: Ladders) -> None:
    kinds = {rule.duty_kind for rule in read_rules(FIXTURES / "rules").rules}

    assert kinds == set(DutyKind)
    assert ladders.ladder_for("icsr").code == "reporting"
    assert ladders.ladder_for("confirmatory_trial").code == "study"
    assert ladders.ladder_for("literature").code == "default"
    assert ladders.ladder_for("what nobody has thought of").code == "default"


# --- Order ---


def offset(amount: int, unit: str, side: str, at_hour: int = 9) -> Offset:
    return Offset(amount, OffsetUnit(unit), Side(side), at_hour)


@pytest.mark.parametrize(
    ("earlier", "later", "surely"),
    [
        (offset(2, "months", "before"), offset(1, "months", "before"), True),
        (offset(1, "months", "before"), offset(27, "days", "before"), True),
        (offset(1, "months", "before"), offset(29, "days", "before"), False),
        (offset(30, "days", "before"), offset(7, "working_days", "before"), True),
        # With a week of holidays before it, the third last working day may lie two weeks back.
        (offset(14, "days", "before"), offset(3, "working_days", "before"), False),
        (offset(0, "working_days", "before"), offset(0, "hours", "after"), True),
        (offset(0, "days", "before"), offset(0, "hours", "after"), True),
        (offset(1, "days", "before", 9), offset(1, "days", "before", 14), True),
        (offset(1, "days", "before", 9), offset(1, "days", "before", 9), False),
        (offset(0, "hours", "after"), offset(1, "days", "after"), True),
        (offset(7, "days", "after"), offset(0, "hours", "after"), False),
        (offset(1, "hours", "after"), offset(2, "hours", "after"), True),
        (offset(2, "hours", "before"), offset(1, "hours", "before"), True),
    ],
)
def test_one_rung_surely_comes_before_another(earlier: Offset, later: Offset, surely: bool) -> None:
    assert earlier.surely_before(later) is surely
    assert not (surely and later.surely_before(earlier))


OFFSETS = st.builds(Offset, st.integers(0, 40), st.sampled_from(OffsetUnit), st.sampled_from(Side), st.integers(0, 23))


@given(first=OFFSETS, second=OFFSETS)
@example(first=offset(0, "days", "before"), second=offset(0, "days", "after"))
def test_no_two_rungs_surely_come_before_each_other(first: Offset, second: Offset) -> None:
    assert not (first.surely_before(second) and second.surely_before(first))


# --- Broken files ---

SMALL = """\
ladders:
  - code: default
    version: 1
    name_en: All
    name_zh: 全部
    applies_to: [a_kind]
    status: default
    source_en: Own default
    source_zh: 本产品设置
    rungs:
      - number: 1
        offset: {amount: 7, unit: days, side: before, at_hour: 8}
        tone: info
        steps:
          - {nth: 1, delay: 0, audience: [owner], channels: [in_app]}
          - {nth: 2, delay: 24, audience: [pv_head], channels: [in_app, email]}
      - number: 2
        offset: {amount: 0, unit: hours, side: after}
        repeat_days: 7
        tone: urgent
        steps:
          - {nth: 1, delay: 0, audience: [owner], channels: [in_app]}
"""


def read(content: str) -> Ladders:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ladders.yaml"
        path.write_text(content, encoding="utf-8")
        return read_ladders(path)


def test_small_ladder_is_read_with_its_hour() -> None:
    rung = read(SMALL).ladder("default").rungs[0]

    assert (rung.offset.at_hour, rung.repeat_days, rung.steps[1].channels) == (8, None, ("in_app", "email"))


RUNG_1, RUNG_2 = "ladders[1].rungs[1].", "ladders[1].rungs[2]."


@pytest.mark.parametrize(
    ("old", "new", "line", "place", "message"),
    [
        ("unit: days", "unit: weeks", 12, RUNG_1 + "offset.unit",
         "'weeks' is not one of months, days, working_days, hours"),
        ("at_hour: 8", "at_hour: 24", 12, RUNG_1 + "offset.at_hour", "24 is not an hour of the day"),
        ("unit: hours", "unit: hours, at_hour: 9", 18, RUNG_2 + "offset.at_hour",
         "does not go with hours, which are counted from the instant"),
        ("unit: hours", "unit: working_days", 18, RUNG_2 + "offset.side",
         "working days are counted before the due date only"),
        ("amount: 7", "amount: -7", 12, RUNG_1 + "offset.amount", "-7 is less than 0"),
        ("{amount: 0, unit: hours, side: after}", "{amount: 8, unit: days, side: before}", 18, RUNG_2 + "offset",
         "does not surely come after rung 1, whatever the holidays"),
        ("{amount: 0, unit: hours, side: after}", "due", 18, RUNG_2 + "offset",
         "offset must be a group of keys and values"),
        ("number: 2", "number: 3", 17, RUNG_2 + "number", "must be 2: rungs are numbered 1, 2, 3 in their order"),
        ("tone: info", "tone: info\n        repeat_days: 7", 14, RUNG_1 + "repeat_days",
         "only the last rung may repeat"),
        ("tone: info", "tone: loud", 13, RUNG_1 + "tone", "'loud' is not one of info, warning, urgent"),
        ("repeat_days: 7", "repeat_days: 0", 19, RUNG_2 + "repeat_days", "0 is less than 1"),
        ("nth: 2", "nth: 3", 16, RUNG_1 + "steps[2].nth", "must be 2: steps are numbered 1, 2, 3 in their order"),
        ("delay: 24", "delay: 0", 16, RUNG_1 + "steps[2].delay", "0 is not later than the step before it, 0"),
        ("delay: 0", "delay: 1", 15, RUNG_1 + "steps[1].delay",
         "the first step is told at the rung's instant, so its delay is 0"),
        ("[pv_head]", "[pv_haed]", 16, RUNG_1 + "steps[2].audience", "'pv_haed' is not one of clinical_operations, "),
        ("[pv_head]", "[]", 16, RUNG_1 + "steps[2].audience", "names nobody"),
        ("[in_app, email]", "[]", 16, RUNG_1 + "steps[2].channels", "is empty"),
        ("[in_app, email]", "[fax]", 16, RUNG_1 + "steps[2].channels", "'fax' is not one of email, in_app"),
        ("全部", "", 5, "ladders[1].name_zh", "is empty but must be given"),
        ("code: default", "code: other", 1, "ladders", "has no ladder with the code default"),
        ("[a_kind]", "[A Kind]", 6, "ladders[1].applies_to",
         "'A Kind' is not a code of small letters, digits and underscores"),
        ("name_en: All", "name_en: " + "x" * 121, 4, "ladders[1].name_en", "has 121 characters, but at most 120 fit"),
        ("version: 1", "edition: 1", 2, "ladders[1].version", "is missing"),
        ("status: default", "status: law", 7, "ladders[1].status",
         "'law' is not one of binding, guideline, guidance, draft, default"),
    ],
)  # fmt: skip
def test_broken_ladder_is_named(old: str, new: str, line: int, place: str, message: str) -> None:
    with pytest.raises(ReferenceFault) as caught:
        read(SMALL.replace(old, new, 1))

    found = [(problem.line, problem.column, problem.message) for problem in caught.value.problems]
    assert any(problem[:2] == (line, place) and problem[2].startswith(message) for problem in found), found


def test_repeat_waits_for_the_last_step() -> None:
    last = "          - {nth: 1, delay: 0, audience: [owner], channels: [in_app]}\n"
    late = last.replace("nth: 1, delay: 0", "nth: 2, delay: 168")

    with pytest.raises(ReferenceFault, match="repeat_days: comes round before the last step has been told"):
        read(SMALL + late)


def test_code_and_kind_belong_to_one_ladder() -> None:
    with pytest.raises(ReferenceFault) as caught:
        read(SMALL + SMALL.removeprefix("ladders:\n"))

    assert [(problem.line, problem.column, problem.message) for problem in caught.value.problems] == [
        (23, "ladders[2].code", "'default' was already given in line 2"),
        (27, "ladders[2].applies_to", "'a_kind' already climbs the ladder 'default'"),
    ]


@settings(deadline=None)
@given(at=st.integers(0, len(SMALL)), inserted=st.text(st.characters(codec="utf-8"), min_size=1, max_size=8))
def test_any_damage_gives_ladders_or_a_list_of_mistakes(at: int, inserted: str) -> None:
    with suppress(ReferenceFault):
        assert len(read(SMALL[:at] + inserted + SMALL[at:]).ladders) == 1


@given(
    line=st.integers(1, SMALL.count("\n")), inserted=st.sampled_from(["- ", ": x", "[", "}", "&a ", "*a", "~", "!x "])
)
def test_damage_with_signs_of_the_language_is_named_with_a_line(line: int, inserted: str) -> None:
    lines = SMALL.splitlines()
    lines[line - 1] += inserted
    try:
        read("\n".join(lines))
    except ReferenceFault as fault:
        lowest = min(problem.line for problem in fault.problems)
    else:
        lowest = 1
    assert lowest >= 1
