"""The register of real approvals: its counts, its computed bounds, its names; and broken files, which are named."""

import csv
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pv.core.partial import Precision
from pv.core.reference import ReferenceFault
from pv.products.reference import (
    AliasKind,
    Authorisation,
    Certainty,
    HowRead,
    Integrating,
    Kind,
    Register,
    Therapy,
    computed_bound,
    read_register,
)
from pv.products.reference.register import PRODUCT_COLUMNS

FOLDER = Path(__file__).parents[2] / "fixtures" / "register"

# The outer bounds that the collection this register was made from states; ours must come out of the dates alone.
LATEST = {
    "axi-cel/LBCL-2L": "2027-06",
    "relma-cel/FL": "2026-10",
    "relma-cel/MCL": "2028-08",
    "eque-cel/MM-4L": "2027-06-30",
    "inati-cel/B-ALL-adult": "2027-11-07",
    "zevor-cel/MM-4L": "2028-02-23",
    "cilta-cel/MM-4L": "2028-08",
    "amimestrocel/aGVHD": "2029-01-02",
}


@pytest.fixture(scope="module")
def register() -> Register:
    return read_register(FOLDER)


def counted(register: Register, therapy: Therapy) -> list[Authorisation]:
    return [entry for entry in register.authorisations if entry.counted_mid_2025 and entry.therapy is therapy]


def test_mid_2025_had_six_car_t_products_in_nine_indications_seven_conditional_two_full(register: Register) -> None:
    car_t = counted(register, Therapy.CAR_T)

    assert len({entry.product_key for entry in car_t}) == 6
    assert len(car_t) == 9
    assert Counter(entry.kind for entry in car_t) == {Kind.CONDITIONAL: 7, Kind.FULL: 2}


def test_mid_2025_had_one_conditional_stem_cell_product_and_one_full_gene_therapy(register: Register) -> None:
    assert [entry.kind for entry in counted(register, Therapy.STEM_CELL)] == [Kind.CONDITIONAL]
    assert [entry.kind for entry in counted(register, Therapy.GENE_THERAPY)] == [Kind.FULL]


def test_later_approvals_are_included_and_marked_and_their_kind_is_not_known(register: Register) -> None:
    later = [entry for entry in register.authorisations if not entry.counted_mid_2025]

    assert len(later) == 6
    assert len(register.authorisations) == 17
    assert {entry.kind for entry in later} == {Kind.UNKNOWN}


def test_each_conditional_approval_has_the_bound_that_follows_from_its_date(register: Register) -> None:
    bounds = {entry.key: str(entry.bound.latest) for entry in register.authorisations if entry.bound}

    assert bounds == LATEST


def test_bound_shows_its_working_and_what_is_known(register: Register) -> None:
    bounds = {entry.key: entry.bound for entry in register.authorisations}
    by_month, by_day = bounds["relma-cel/FL"], bounds["eque-cel/MM-4L"]

    assert by_month is not None
    assert (by_month.working, by_month.month_known_only) == ("2022-10 + 4 years", True)
    assert by_day is not None
    assert (by_day.working, by_day.month_known_only) == ("2023-06-30 + 4 years", False)


def test_bound_after_29_february_is_the_last_day_of_that_month() -> None:
    four, three = computed_bound(date(2024, 2, 29), "day"), computed_bound(date(2024, 2, 29), Precision.DAY, years=3)

    assert four is not None
    assert three is not None
    assert (str(four.latest), str(three.latest)) == ("2028-02-29", "2027-02-28")


@pytest.mark.parametrize(("on", "precision"), [(None, "unknown"), (date(2024, 1, 1), "year"), (None, "day")])
def test_no_bound_where_not_even_the_month_is_known(on: date | None, precision: str) -> None:
    assert computed_bound(on, precision) is None


@given(on=st.dates(date(1985, 1, 1), date(2100, 12, 31)), precision=st.sampled_from(["day", "month"]))
@example(on=date(2024, 2, 29), precision="day")
def test_bound_is_as_precise_as_the_date_and_four_years_on(on: date, precision: str) -> None:
    bound = computed_bound(on, precision)

    assert bound is not None
    assert bound.latest.precision == precision
    assert (bound.latest.year, bound.latest.month) == (on.year + 4, on.month)


def test_where_the_kind_is_inferred_the_entry_says_why(register: Register) -> None:
    doubtful = {entry.key for entry in register.authorisations if entry.kind_certainty is Certainty.INFERRED_LOW}

    assert doubtful == {"relma-cel/LBCL-3L", "relma-cel/MCL"}
    assert all(entry.kind_note for entry in register.authorisations)


def test_every_entry_has_evidence_and_contradictions_are_kept(register: Register) -> None:
    disputed = {entry.key for entry in register.authorisations if not all(text.agrees for text in entry.sources)}

    assert all(entry.sources for entry in register.authorisations)
    assert disputed == {"axi-cel/LBCL-3L", "relma-cel/LBCL-3L", "brexu-cel/B-ALL-adult"}
    read = [text for entry in register.authorisations for text in entry.sources if text.how_read is HowRead.READ]
    assert all(text.where for text in read)


def test_what_was_not_found_stays_empty(register: Register) -> None:
    entries = {entry.key: entry for entry in register.authorisations}

    assert entries["brexu-cel/B-ALL-adult"].approved is None
    assert entries["satri-cel/GC-3L"].vector.en == ""
    assert entries["satri-cel/GC-3L"].integrating is Integrating.UNKNOWN
    assert entries["renike-cel/LBCL-3L"].inn == ""
    assert {entry.certificate_number for entry in register.authorisations} == {"", "国药准字S20210019"}


def test_no_text_says_that_anybody_is_late(register: Register) -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.csv")).lower()

    assert not [
        word for word in ("overdue", "late ", "delay", "missed", "逾期", "超期", "延误", "未按期") if word in texts
    ]


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("阿昔卡巴基因西洛仑赛", "axi-cel"),
        ("阿基仑赛", "axi-cel"),
        ("Yescarta", "axi-cel"),
        ("fkc876", "axi-cel"),
        ("艾米迈托注射液", "amimestrocel"),
        ("达纳科基因-庞帕沃韦克", "dalnacogene-ponparvovec"),
        ("JWCAR029", "relma-cel"),
        ("IBI326", "eque-cel"),
        ("LCAR-B38M", "cilta-cel"),
        ("CT041", "satri-cel"),
        ("瑞基奥仑赛注射液", "relma-cel"),
        ("舒瑞基奥仑赛注射液", "satri-cel"),
        ("布瑞基奥仑赛", "brexu-cel"),
        ("基奥仑赛", None),
    ],
)
def test_products_are_found_by_whole_names_only(register: Register, name: str, product: str | None) -> None:
    assert register.product_named(name) == product


def test_every_product_has_a_name_in_every_way_it_is_known(register: Register) -> None:
    named = {alias.product_key for alias in register.aliases}

    assert named == {entry.product_key for entry in register.authorisations}
    assert {alias.name for alias in register.aliases if alias.kind is AliasKind.CODE} >= {"CT053", "CNCT19", "PLEB001"}


def test_change_of_a_holders_name_is_kept(register: Register) -> None:
    names = {name.name.zh for name in register.holder_names if name.holder_en.startswith("Fosun")}

    assert names == {"复星凯瑞(上海)生物科技有限公司", "复星凯特生物科技有限公司"}


# --- Broken files ---


def faults(folder: Path) -> list[tuple[str, int, str, str]]:
    with pytest.raises(ReferenceFault) as caught:
        read_register(folder)
    return [(Path(p.path).name, p.line, p.column, p.message) for p in caught.value.problems]


def change(folder: Path, name: str, line: int, cells: dict[str, str]) -> None:
    """Give some cells of one line other values."""
    path = folder / name
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    rows[line - 2].update(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "register"))


@pytest.mark.parametrize(
    ("name", "line", "cells", "expected"),
    [
        (
            "authorisations.csv", 2, {"approved_on": "2023-02-30"},
            ("approved_on", "'2023-02-30' is not a date of the calendar between 1900 and 2199"),
        ),
        (
            "authorisations.csv", 2, {"approved_on": "2021-06"},
            ("approved_precision", "day does not fit the date 2021-06"),
        ),
        (
            "authorisations.csv", 18, {"approved_precision": "month"},
            ("approved_precision", "month does not fit the date (empty)"),
        ),
        ("authorisations.csv", 3, {"kind": "half"}, ("kind", "'half' is not one of conditional, full, unknown")),
        (
            "authorisations.csv", 13, {"kind_certainty": "confirmed"},
            ("kind_certainty", "confirmed does not fit the kind unknown: both are unknown, or neither"),
        ),
        ("authorisations.csv", 3, {"key": "axi-cel/LBCL-3L"}, ("key", "'axi-cel/LBCL-3L' was already given in line 2")),
        ("authorisations.csv", 3, {"target": "BCMA"}, ("target", "differs from line 2, which is the same product")),
        ("authorisations.csv", 5, {"indication_zh": ""}, ("indication_zh", "is empty but must be given")),
        (
            "authorisations.csv", 5, {"trials_note_zh": ""},
            ("trials_note_zh", "is empty although the other language is given"),
        ),
        ("aliases.csv", 4, {"product_key": "nobody"}, ("product_key", "'nobody' is not a known product")),
        ("aliases.csv", 12, {"name": "ＡＸＩ-cel"}, ("name", "already names another product in line 3")),
        ("aliases.csv", 3, {"name": "x" * 201}, ("name", "has 201 characters, but at most 200 fit")),
        ("evidence.csv", 2, {"where": ""}, ("where", "is empty but must be given")),
        ("evidence.csv", 2, {"authorisation": "x/y"}, ("authorisation", "'x/y' is not a known authorisation")),
        ("holder_names.csv", 3, {"valid_from": "2025-01-01", "valid_to": "2024-01-01"},
         ("valid_to", "2024-01-01 lies before valid_from, 2025-01-01")),
        ("holder_names.csv", 3, {"holder_en": "Nobody"}, ("holder_en", "'Nobody' is not a known holder")),
    ],
)  # fmt: skip
def test_broken_row_is_named(
    folder: Path, name: str, line: int, cells: dict[str, str], expected: tuple[str, str]
) -> None:
    change(folder, name, line, cells)

    assert (name, line, *expected) in faults(folder)


def test_entry_without_evidence_is_named(folder: Path) -> None:
    path = folder / "evidence.csv"
    path.write_text(
        "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("NL003"))
    )

    assert faults(folder) == [("authorisations.csv", 16, "key", "has no line in evidence.csv")]


def test_mistakes_of_all_files_are_listed_together(folder: Path) -> None:
    change(folder, "authorisations.csv", 4, {"integrating": "perhaps"})
    change(folder, "aliases.csv", 7, {"language": "fr"})
    (folder / "holder_names.csv").unlink()

    assert [(name, line, column) for name, line, column, _ in faults(folder)] == [
        ("aliases.csv", 7, "language"),
        ("authorisations.csv", 4, "integrating"),
        ("authorisations.csv", 5, "integrating"),
        ("authorisations.csv", 6, "integrating"),
        ("holder_names.csv", 0, ""),
    ]


def test_unreadable_register_does_not_make_every_name_unknown(folder: Path) -> None:
    (folder / "authorisations.csv").write_text("key\n")

    assert {name for name, *_ in faults(folder)} == {"authorisations.csv"}


FILES = ["authorisations.csv", "evidence.csv", "aliases.csv", "holder_names.csv"]
# What other lines lean on: changed here, it may be the others that no longer fit.
LEANED_ON = {"key", "holder_en", *PRODUCT_COLUMNS}


@settings(deadline=None)
@given(name=st.sampled_from(FILES), data=st.data(), cell=st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_cell_is_either_fine_or_named_with_its_line(name: str, data: st.DataObject, cell: str) -> None:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    line = data.draw(st.integers(2, len(rows)), label="line")
    column = data.draw(st.sampled_from(rows[0]), label="column")
    with TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(FOLDER, Path(temporary) / "register"))
        change(folder, name, line, {column: cell})
        try:
            read_register(folder)
        except ReferenceFault as fault:
            named = {(Path(problem.path).name, problem.line) for problem in fault.problems}
            assert (name, line) in named or (name == FILES[0] and column in LEANED_ON)
