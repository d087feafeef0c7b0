"""The rules as data: where each line of the regulatory table went, and broken rows, which are named."""

import csv
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.core.days import DayType, Duration, Unit
from pv.core.reference import HowRead, ReferenceFault
from pv.deadlines.reference import RuleBook, RuleCertainty, RuleStatus, read_rules

FOLDER = Path(__file__).parents[2] / "fixtures" / "rules"

B, N, G, DR, D = "binding", "guideline", "guidance", "draft", "default"
H, CAL, WD, M, Y = "hours", "calendar days", "working days", "months", "years"
R = "recalled"

# The table of the regulatory page, line by line: what it says, and which rules it became. Each rule is written as
# (id, amount, unit, status) with "recalled" behind it where the page marks the number so. Without a number: None.
TABLE: dict[str, tuple[tuple[str | int | None, ...], ...]] = {
    "CN-CA-DUE": (("CN-CA-DUE", None, None, B),),
    "CN-CA-MAX": (("CN-CA-MAX", 4, Y, DR),),
    "CN-CA-PROG": (("CN-CA-PROG", 12, M, DR),),
    "CN-CA-EXT": (("CN-CA-EXT", 0, CAL, DR),),
    "CN-CA-EXT-SALE": (("CN-CA-EXT-SALE", None, None, DR),),
    "CN-SA-REVIEW": (("CN-SA-REVIEW", 200, WD, B),),
    "CN-SA-DECIDE": (("CN-SA-DECIDE", 20, WD, B),),
    "CN-SA-DEFIC": (("CN-SA-DEFIC", 80, WD, B),),
    "CN-REREG": (("CN-REREG", -6, M, B),),
    "CN-ICSR-SER": (("CN-ICSR-SER", 15, CAL, B),),
    "CN-ICSR-DEATH": (("CN-ICSR-DEATH", 0, H, B), ("CN-ICSR-DEATH-24H", 24, H, D)),
    "CN-ICSR-DEATHINV": (("CN-ICSR-DEATHINV", 15, CAL, B),),
    "CN-ICSR-NONSER": (("CN-ICSR-NONSER", 30, CAL, B),),
    "CN-ICSR-FOR-SER": (("CN-ICSR-FOR-SER", 15, CAL, B),),
    "CN-ICSR-FOR-NS": (("CN-ICSR-FOR-NS", None, None, N),),
    "CN-ICSR-FU": (("CN-ICSR-FU-SER", 15, CAL, B), ("CN-ICSR-FU-NONSER", 30, CAL, B)),
    "CN-FOR-WITHDRAW": (("CN-FOR-WITHDRAW", 24, H, B),),
    "CN-GROUP-IMM": (("CN-GROUP-IMM", 0, H, B), ("CN-GROUP-IMM-24H", 24, H, D)),
    "CN-GROUP-INV": (("CN-GROUP-INV", 7, CAL, B),),
    "CN-SAFETY-EVENT": (("CN-SAFETY-EVENT", 0, H, B), ("CN-SAFETY-EVENT-24H", 24, H, D)),
    "CN-RISK-IMM": (("CN-RISK-IMM", 0, H, B), ("CN-RISK-IMM-24H", 24, H, D)),
    "CN-RECALL-1/2/3": (
        ("CN-RECALL-1", 1, CAL, B),
        ("CN-RECALL-2", 3, CAL, B),
        ("CN-RECALL-3", 7, CAL, B),
    ),
    "CN-RECALL-PROG": (
        ("CN-RECALL-PROG-1", 1, CAL, B),
        ("CN-RECALL-PROG-2", 3, CAL, B),
        ("CN-RECALL-PROG-3", 7, CAL, B),
    ),
    "CN-RECALL-END": (("CN-RECALL-END", 10, WD, B),),
    "CN-SUSAR-7": (("CN-SUSAR-7", 7, CAL, B),),
    "CN-SUSAR-7FU": (("CN-SUSAR-7FU", 8, CAL, B),),
    "CN-SUSAR-15": (("CN-SUSAR-15", 15, CAL, B), ("CN-SUSAR-15FU", 15, CAL, B)),
    "CN-PSRI": (("CN-PSRI", 15, CAL, G, R),),
    "CN-PSUR-1Y": (("CN-PSUR-1Y", 1, Y, B),),
    "CN-PSUR-5Y": (("CN-PSUR-5Y", 5, Y, B),),
    "CN-PSUR-DUE": (("CN-PSUR-DUE", 60, CAL, B),),
    "CN-PBRER-DUE": (("CN-PBRER-DUE-70", 70, CAL, G, R), ("CN-PBRER-DUE-90", 90, CAL, G, R)),
    "CN-DSUR-DUE": (("CN-DSUR-DUE", 2, M, B), ("CN-DSUR-DUE-60D", 60, CAL, D)),
    "CN-ANNUAL": (("CN-ANNUAL", None, None, B, R),),
    "CN-PVSUM": (("CN-PVSUM", None, None, N, R),),
    "CN-REGINFO": (("CN-REGINFO", 30, CAL, B),),
    "CN-LIT": (("CN-LIT-5Y", 14, CAL, N), ("CN-LIT-LATER", 1, M, N)),
    "CN-RET-PV": (("CN-RET-PV", 10, Y, B),),
    "CN-RET-PIA": (("CN-RET-PIA", 3, Y, B),),
    "CN-HGR-EXPORT": (("CN-HGR-EXPORT", 20, WD, B), ("CN-HGR-EXPORT-EXT", 10, WD, B)),
    "CN-HGR-INFO": (("CN-HGR-INFO", 0, CAL, B),),
    "CN-HGR-END": (("CN-HGR-END", 6, M, B),),
    "CN-LTFU-INT": (("CN-LTFU-INT", 15, Y, G, R),),
    "CN-LTFU-AAV": (("CN-LTFU-AAV", 5, Y, G, R),),
    "CN-LIFE": (("CN-LIFE", None, None, B),),
    "CN-SPM-SAMPLE": (("CN-SPM-SAMPLE-INSTR", 48, H, D), ("CN-SPM-SAMPLE-COLL", 7, CAL, D)),
    "CN-SPM-ASSAY": (("CN-SPM-ASSAY-TRANSGENE", 30, CAL, D), ("CN-SPM-ASSAY-ISA", 90, CAL, D)),
    "CN-SPM-DSC": (("CN-SPM-DSC-CAR", 5, WD, D), ("CN-SPM-DSC-OTHER", 10, WD, D)),
    "CN-SIGNAL": (("CN-SIGNAL-VALID", 30, CAL, D), ("CN-SIGNAL-EVAL", 60, CAL, D)),
    "US-15": (("US-15", 15, CAL, B, R),),
    "US-IND-7/15": (("US-IND-7", 7, CAL, B, R), ("US-IND-15", 15, CAL, B, R)),
    "US-PAER": (("US-PAER-Q", 30, CAL, B, R), ("US-PAER-Y", 60, CAL, B, R)),
    "US-LTFU": (("US-LTFU-INT", 15, Y, G), ("US-LTFU-AAV", 5, Y, G)),
    "EU-SER": (("EU-SER", 15, CAL, B),),
    "EU-NONSER": (("EU-NONSER", 90, CAL, B),),
    "EU-ESI": (("EU-ESI", 3, WD, G),),
    "EU-SIG-CONF": (("EU-SIG-CONF", 30, CAL, B),),
    "EU-PSUR": (("EU-PSUR-70", 70, CAL, B), ("EU-PSUR-90", 90, CAL, B)),
    "EU-RET": (("EU-RET", 10, Y, B),),
}

# What its users asked for beyond the table, and the last step of a review, which the page names in its text.
ADDED: dict[str, tuple[tuple[str | int | None, ...], ...]] = {
    "group event also to the manufacturing site's province": (
        ("CN-GROUP-SITE", 0, H, B),
        ("CN-GROUP-SITE-24H", 24, H, D),
    ),
    "SUSAR also to investigators, institutions, ethics committees and the health authority": (
        ("CN-SUSAR-PARTIES", None, None, B, R),
        ("CN-SUSAR-7-PARTIES", 7, CAL, D),
        ("CN-SUSAR-15-PARTIES", 15, CAL, D),
    ),
    "investigator to sponsor immediately": (("CN-SAE-SPONSOR", 0, H, B, R), ("CN-SAE-SPONSOR-24H", 24, H, D)),
    "genetic-resource permit renewed before it expires": (("CN-HGR-RENEW", -30, WD, N, R),),
    "200 + 20 + 10 working days": (("CN-SA-ISSUE", 10, WD, B),),
}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return read_rules(FOLDER)


def as_stated(book: RuleBook, rule_id: str) -> tuple[str | int | None, ...]:
    """A rule written as the table above writes it."""
    rule = book.rule(rule_id)
    unit: str | None = {"days": WD if rule.day_type is DayType.WORKING else CAL, "none": None}.get(rule.unit, rule.unit)
    stated = (rule.id, rule.amount, unit, str(rule.status))
    return (*stated, R) if rule.certainty is RuleCertainty.RECALLED else stated


@pytest.mark.parametrize("line", [*TABLE, *ADDED])
def test_line_of_the_table_became_these_rules(book: RuleBook, line: str) -> None:
    expected = (TABLE | ADDED)[line]

    assert tuple(as_stated(book, str(rule_id)) for rule_id, *_ in expected) == expected


def test_no_rule_came_from_nowhere(book: RuleBook) -> None:
    stated = [str(rule_id) for rules in (TABLE | ADDED).values() for rule_id, *_ in rules]

    assert len(TABLE) == 59
    assert sorted(stated) == sorted(rule.id for rule in book.rules)


def test_own_times_are_defaults_and_never_bind(book: RuleBook) -> None:
    own = {rule.id for rule in book.rules if any(citation.key == "OWN" for citation in rule.source)}

    assert own == {rule.id for rule in book.rules if rule.status is RuleStatus.DEFAULT}


def test_every_immediate_duty_has_our_24_hours_beside_it(book: RuleBook) -> None:
    immediate = [rule for rule in book.rules if rule.duration == Duration(0, Unit.HOURS)]

    assert len(immediate) == 6
    for rule in immediate:
        beside = book.rule(f"{rule.id}-24H")
        assert beside.duration == Duration(24, Unit.HOURS)
        assert (beside.clock_start, beside.trigger, beside.recipient) == (
            rule.clock_start,
            rule.trigger,
            rule.recipient,
        )


def test_death_clocks_run_on_suspected_or_unknown(book: RuleBook) -> None:
    for rule_id in ("CN-ICSR-DEATH", "CN-ICSR-DEATHINV"):
        trigger = book.rule(rule_id).trigger
        assert "suspected" in trigger.en
        assert "unknown" in trigger.en
        assert "死因不明" in trigger.zh


def test_sample_clocks_start_at_day_zero(book: RuleBook) -> None:
    assert {book.rule(f"CN-SPM-SAMPLE-{part}").clock_start for part in ("INSTR", "COLL")} == {"day_zero"}


def test_follow_up_report_is_asked_only_for_significant_information(book: RuleBook) -> None:
    for part in ("SER", "NONSER"):
        rule = book.rule(f"CN-ICSR-FU-{part}")
        assert rule.trigger.en.startswith("Significant")
        assert "significant" in rule.note.en
        assert rule.restart_on_follow_up


def test_yearly_reports_are_due_on_a_fixed_date(book: RuleBook) -> None:
    fixed = {rule.id: rule.fixed_date for rule in book.rules if rule.fixed_date}

    assert fixed == {"CN-ANNUAL": "04-30", "CN-PVSUM": "03-31"}
    assert all(book.rule(rule_id).repeats and book.rule(rule_id).duration is None for rule_id in fixed)


def test_rules_that_repeat(book: RuleBook) -> None:
    assert {rule.id for rule in book.rules if rule.repeats} == {
        *("CN-CA-PROG", "CN-RECALL-PROG-1", "CN-RECALL-PROG-2", "CN-RECALL-PROG-3", "CN-PSUR-1Y", "CN-PSUR-5Y"),
        *("CN-ANNUAL", "CN-PVSUM", "CN-LIT-5Y", "CN-LIT-LATER"),
    }


def test_working_days_are_those_of_the_rules_own_authority(book: RuleBook) -> None:
    assert all(rule.calendar is rule.jurisdiction for rule in book.rules)
    assert book.rule("CN-SA-REVIEW").duration == Duration(200, Unit.DAYS, DayType.WORKING)
    assert not any(rule.inclusive for rule in book.rules)


def test_recalled_sources_never_back_a_rule_that_claims_to_be_read(book: RuleBook) -> None:
    recalled = {source.key for source in book.sources if source.how_read is HowRead.RECALLED}
    alone = {
        rule.id
        for rule in book.rules
        if rule.certainty is RuleCertainty.READ and {citation.key for citation in rule.source} <= recalled
    }

    assert not alone


def test_every_rule_names_its_recipient_or_says_why_not(book: RuleBook) -> None:
    assert {rule.id for rule in book.rules if not rule.recipient} == {"CN-CA-MAX"}


# --- Broken files ---


def faults(folder: Path, line: int, column: str, value: str) -> list[tuple[int, str, str]]:
    """What is found when one cell of rules.csv, as the file now stands, gets another value."""
    edit(folder / "rules.csv", line, column, value)
    with pytest.raises(ReferenceFault) as caught:
        read_rules(folder)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def edit(path: Path, line: int, column: str, value: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "rules"))


@pytest.mark.parametrize(
    ("line", "column", "value", "at", "message"),
    [
        (12, "unit", "week", "unit", "'week' is not one of hours, days, months, years, none"),
        (12, "trigger_zh", "", "trigger_zh", "is empty but must be given"),
        (12, "valid_from", "2023-02-30", "valid_from", "'2023-02-30' is not a date of the calendar"),
        (12, "source", "GVP 49; NOBODY 3", "source", "'NOBODY' is not a known source key"),
        (12, "source", "see there", "source", "'see there' is not a source key with its place, like GVP 49"),
        (12, "source", "", "source", "is empty but must be given"),
        (12, "source", "OWN", "source", "must name OWN where the status is default, and only there"),
        (12, "status", "default", "source", "must name OWN where the status is default, and only there"),
        (12, "duty_kind", "icrs", "duty_kind", "'icrs' is not one of annual_report, assay, "),
        (12, "jurisdiction", "EU", "id", "does not begin with its jurisdiction, EU"),
        (3, "amount", "", "amount", "must be empty where the unit is none, and only there"),
        (2, "amount", "4", "amount", "must be empty where the unit is none, and only there"),
        (3, "day_type", "working", "day_type", "only days can be working days, not years"),
        (2, "repeats", "yes", "repeats", "needs a positive amount or a fixed date to repeat by"),
        (2, "fixed_date", "02-29", "fixed_date", "'02-29' is not a day of every year"),
        (3, "fixed_date", "04-30", "fixed_date", "stands beside an amount; a rule has one or the other"),
        (2, "fixed_date", "30 April", "fixed_date", "'30 April' is not a month and a day like 04-30"),
        (12, "version", "0", "version", "0 is less than 1"),
        (3, "id", "CN-CA-DUE", "id", "'CN-CA-DUE 1' was already given in line 2"),
        (3, "recipient_en", "CDE", "recipient_zh", "is empty although the other language is given"),
    ],
)  # fmt: skip
def test_broken_rule_is_named(folder: Path, line: int, column: str, value: str, at: str, message: str) -> None:
    found = faults(folder, line, column, value)

    assert any(problem[:2] == (line, at) and problem[2].startswith(message) for problem in found), found


def second_version(folder: Path, **cells: str) -> Path:
    """A further version of the first rule, on the line below it."""
    path = folder / "rules.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:2], *lines[1:]]), encoding="utf-8")
    for column, value in cells.items():
        edit(path, 3, column, value)
    return path


def test_new_version_begins_after_the_old_one_has_ended(folder: Path) -> None:
    path = second_version(folder, version="2", valid_from="2027-01-01")
    with pytest.raises(ReferenceFault, match="line 3, valid_from: version 1 must have ended before the day"):
        read_rules(folder)

    edit(path, 2, "valid_to", "2026-12-31")

    assert read_rules(folder).rule("CN-CA-DUE").version == 2


def test_versions_stand_in_their_order(folder: Path) -> None:
    path = second_version(folder, version="1")
    edit(path, 2, "version", "2")

    with pytest.raises(ReferenceFault, match="line 3, version: must be greater than 2, which stands above it"):
        read_rules(folder)


def test_broken_sources_do_not_make_every_rule_wrong(folder: Path) -> None:
    (folder / "sources.csv").write_text("key\n")

    with pytest.raises(ReferenceFault) as caught:
        read_rules(folder)

    assert {Path(problem.path).name for problem in caught.value.problems} == {"sources.csv"}


@settings(deadline=None)
@given(data=st.data(), cell=st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_cell_is_either_fine_or_named_with_its_line(data: st.DataObject, cell: str) -> None:
    with (FOLDER / "rules.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    line = data.draw(st.integers(2, len(rows)), label="line")
    column = data.draw(st.sampled_from(rows[0]), label="column")
    with TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(FOLDER, Path(temporary) / "rules"))
        edit(folder / "rules.csv", line, column, cell)
        try:
            read_rules(folder)
        except ReferenceFault as fault:
            named = {problem.line for problem in fault.problems if problem.path.endswith("rules.csv")}
        else:
            named = {line}
    assert line in named


@settings(deadline=None)
@given(at=st.integers(0, len((FOLDER / "sources.csv").read_bytes())), inserted=st.binary(min_size=1, max_size=4))
def test_any_damage_to_the_sources_gives_rules_or_a_list_of_mistakes(at: int, inserted: bytes) -> None:
    content = (FOLDER / "sources.csv").read_bytes()
    with TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(FOLDER, Path(temporary) / "rules"))
        (folder / "sources.csv").write_bytes(content[:at] + inserted + content[at:])
        with suppress(ReferenceFault):
            assert len(read_rules(folder).rules) == 90
