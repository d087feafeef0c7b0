"""The strict readers of reference files: every mistake is named with file, line and column; nothing else is raised."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.core.partial import PartialDate
from pv.core.reference import Record, ReferenceFault, Report, Table, read_csv, read_sources, read_yaml

COLUMNS = ("id", "unit", "amount", "due_on", "name_en", "name_zh")
GOOD = "id,unit,amount,due_on,name_en,name_zh\nA,days,15,2023-06-30,one,一\nB,hours,-6,2022-10,two,二\n"


TOO_WIDE = "has 7 cells instead of 6 (a comma inside a text needs quotes around it)"


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"


def consume(row: Record) -> None:
    row.text("id")
    row.choice("unit", Unit)
    row.integer("amount")
    row.partial("due_on")
    row.pair("name")


def table_of(folder: Path, content: str | bytes) -> tuple[Table, Report]:
    path = folder / "things.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = Report()
    table = read_csv(path, COLUMNS, report)
    for row in table:
        consume(row)
    table.unique("id")
    return table, report


def problems_of(folder: Path, content: str | bytes) -> list[tuple[int, str, str]]:
    _, report = table_of(folder, content)
    with pytest.raises(ReferenceFault) as caught:
        report.finish()
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def test_good_file_is_read_into_typed_values(tmp_path: Path) -> None:
    table, report = table_of(tmp_path, GOOD)

    report.finish()
    first, second = table.rows
    assert (first.choice("unit", Unit), first.integer("amount"), first.line) == (Unit.DAYS, 15, 2)
    assert (second.partial("due_on"), second.integer("amount")) == (PartialDate(2022, 10), -6)
    assert first.day("due_on") == date(2023, 6, 30)
    assert first.pair("name").zh == "一"


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    table, report = table_of(tmp_path, "unit,id,amount,name_en,name_zh,due_on\ndays,A,15,one,一,2023\n")

    report.finish()
    assert table.rows[0].text("id") == "A"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("B,hours", "B,week", (3, "unit", "'week' is not one of hours, days")),
        ("B,hours", "B,", (3, "unit", "is empty but must be given")),
        ("-6", "six", (3, "amount", "'six' is not a whole number of at most six digits")),
        ("-6", "٣", (3, "amount", "'٣' is not a whole number of at most six digits")),
        (
            "2023-06-30", "2023-02-30",
            (2, "due_on", "'2023-02-30' is not a date of the calendar between 1900 and 2199"),
        ),
        ("2023-06-30", "30.6.2023", (2, "due_on", "'30.6.2023' is not a date (YYYY-MM-DD, YYYY-MM or YYYY)")),
        ("one,一", "one,", (2, "name_zh", "is empty but must be given")),
        ("one,一", "one,\u3000", (2, "name_zh", r"'\u3000' has blanks or line breaks at its ends")),
        ("one,一", 'one,"一\n二"', (2, "name_zh", "contains a line break or a tab")),
        ("B,hours", "A,hours", (3, "id", "'A' was already given in line 2")),
        ("B,hours", "B,hours,hours", (3, "", TOO_WIDE)),
        ("B,", "\nB,", (3, "", "is an empty line")),
        ("one", "o\x07ne", (2, "", "contains the invisible character U+0007")),
        ("one", "o\ufeffne", (2, "", "contains the invisible character U+FEFF")),
        ("two", '"two" x', (3, "", "cannot be split into cells: ',' expected after '\"'")),
        ("two", '"two', (3, "", "cannot be split into cells: unexpected end of data")),
    ],
)  # fmt: skip
def test_mistake_is_named_with_its_line_and_column(
    tmp_path: Path, old: str, new: str, expected: tuple[int, str, str]
) -> None:
    assert expected in problems_of(tmp_path, GOOD.replace(old, new, 1))


def test_all_mistakes_are_listed_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    broken = GOOD.replace("hours", "week").replace("15", "x").replace(",二", ",")

    assert [(line, column) for line, column, _ in problems_of(tmp_path, broken)] == [
        (2, "amount"),
        (3, "unit"),
        (3, "name_zh"),
    ]


def test_text_of_the_fault_names_file_line_column_and_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, report = table_of(tmp_path, GOOD.replace("hours", "week"))

    with pytest.raises(ReferenceFault) as caught:
        report.finish()

    assert str(caught.value) == "things.csv line 3, unit: 'week' is not one of hours, days"


@pytest.mark.parametrize(
    ("header", "column", "message"),
    [
        ("id,unit,amount,due_on,name_en", "name_zh", "is missing in"),
        ("id,unit,amount,due_on,name_en,name_zh,extra", "extra", "is unknown in"),
        ("id,id,unit,amount,due_on,name_en,name_zh", "id", "stands twice in"),
    ],
)
def test_header_must_name_each_column_once(tmp_path: Path, header: str, column: str, message: str) -> None:
    (problem,) = problems_of(tmp_path, header + "\nA,days,15,2023,one,一\n")

    assert problem[:2] == (1, column)
    assert problem[2].startswith(f"this column {message} the header; the columns are id, unit")


def test_byte_order_mark_and_windows_line_ends_are_named_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + GOOD.replace("hours", "week").replace("\n", "\r\n").encode()

    assert problems_of(tmp_path, content) == [
        (1, "", "starts with a byte order mark; save it as UTF-8 without one"),
        (1, "", "has Windows or old Mac line ends; save it with plain line feeds"),
        (3, "unit", "'week' is not one of hours, days"),
    ]


def test_other_encodings_are_named_with_the_line(tmp_path: Path) -> None:
    # The bytes of 一 in GB 18030 happen to be UTF-8 as well; those of 二 are not.
    assert problems_of(tmp_path, GOOD.encode("gb18030")) == [(3, "", "is not UTF-8 text")]


def test_empty_and_absent_files_are_named(tmp_path: Path) -> None:
    report = Report()

    assert problems_of(tmp_path, "") == [(1, "", "is empty")]
    assert not read_csv(tmp_path / "absent.csv", COLUMNS, report).complete
    assert report.problems[0].message == "cannot be read: No such file or directory"
    assert str(report.problems[0]).endswith("absent.csv: cannot be read: No such file or directory")


def test_text_longer_than_its_field_is_named(tmp_path: Path) -> None:
    path, report = tmp_path / "things.csv", Report()
    path.write_text(GOOD)

    read_csv(path, COLUMNS, report, {"name_en": 2})

    assert [problem.message for problem in report.problems] == ["has 3 characters, but at most 2 fit"] * 2


def test_line_numbers_count_lines_inside_quotes(tmp_path: Path) -> None:
    broken = GOOD.replace("one", '"o\nne"').replace("hours", "week")

    assert (4, "unit", "'week' is not one of hours, days") in problems_of(tmp_path, broken)


def test_span_of_validity_may_not_run_backwards(tmp_path: Path) -> None:
    report = Report()
    row = Record(report, tmp_path, 7, {"valid_from": "2024-02-29", "valid_to": "2024-02-28"})

    assert row.span() == (date(2024, 2, 29), date(2024, 2, 28))
    assert report.problems[0].message == "2024-02-28 lies before valid_from, 2024-02-29"


def test_full_date_is_asked_where_a_day_is_needed(tmp_path: Path) -> None:
    report = Report()
    Record(report, tmp_path, 7, {"on": "2024-02"}).day("on")

    assert report.problems[0].message == "'2024-02' is not a full date (YYYY-MM-DD)"


def test_list_with_an_empty_entry_is_named(tmp_path: Path) -> None:
    report = Report()

    assert Record(report, tmp_path, 7, {"keys": "A; B"}).listed("keys") == ("A", "B")
    assert not report.problems
    Record(report, tmp_path, 7, {"keys": "A;;B"}).listed("keys")
    assert report.problems[0].message == "'A;;B' has an empty entry between its semicolons"


def test_one_language_without_the_other_is_named(tmp_path: Path) -> None:
    report = Report()
    Record(report, tmp_path, 7, {"note_en": "text", "note_zh": ""}).pair("note", required=False)

    assert [(problem.column, problem.message) for problem in report.problems] == [
        ("note_zh", "is empty although the other language is given")
    ]


# --- YAML ---

DOCUMENT = """\
name: a thing
parts:
  - number: 1
    size: {amount: 3, unit: days}
    words: [a, b]
  - number: 2
    size: {amount: 4, unit: hours}
    words: []
"""


def read_document(folder: Path, content: str) -> Report:
    path, report = folder / "things.yaml", Report()
    path.write_text(content)
    document = read_yaml(path, report)
    if document is not None:
        document.only("name", "parts").text("name")
        for part in document.children("parts"):
            part.only("number", "size", "words").count("number", at_least=1)
            part.words("words")
            if size := part.child("size"):
                size.only("amount", "unit", optional=("note",)).count("amount")
                size.choice("unit", Unit)
    return report


def test_good_document_is_read(tmp_path: Path) -> None:
    read_document(tmp_path, DOCUMENT).finish()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("unit: hours", "unit: week", (7, "parts[2].size.unit", "'week' is not one of hours, days")),
        ("unit: hours", "", (7, "parts[2].size.unit", "is missing")),
        ("unit: hours", "unit: ~", (7, "parts[2].size.unit", "is empty but must be given")),
        ("unit: hours", "unit: [hours]", (7, "parts[2].size.unit", "must be a single value")),
        ("unit: hours", "unit: hours, tone: x", (7, "parts[2].size.tone", "is not one of amount, unit, note")),
        ("unit: hours", "unit: hours, unit: days", (7, "parts[2].size.unit", "this key was already given")),
        ("amount: 4", "? [a]\n    , amount: 4", (7, "parts[2].size.?", "this key is not a plain word")),
        ("{amount: 4, unit: hours}", "4", (7, "parts[2].size", "size must be a group of keys and values")),
        ("number: 2", "number: 0", (6, "parts[2].number", "0 is less than 1")),
        ("[a, b]", "[a, a]", (5, "parts[1].words", "'a' stands twice")),
        ("[a, b]", "[a, [b]]", (5, "parts[1].words", "must be a list of plain words")),
        ("[a, b]", "a", (5, "parts[1].words", "must be a list")),
        ("name: a thing", "name: a: thing", (1, "", "is not valid YAML: mapping values are not allowed here")),
        ("a thing", "a \x9dthing", (1, "", "contains an invisible character")),
    ],
)
def test_mistake_in_a_document_is_named_with_its_line_and_place(
    tmp_path: Path, old: str, new: str, expected: tuple[int, str, str]
) -> None:
    report = read_document(tmp_path, DOCUMENT.replace(old, new, 1))

    assert expected in [(problem.line, problem.column, problem.message) for problem in report.problems]


@pytest.mark.parametrize("content", ["", "- a\n", "just words\n", "parts: []\nname: x\n", "a: " + "[" * 5000])
def test_document_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ReferenceFault):
        read_document(tmp_path, content).finish()


# --- Sources ---


def test_source_that_was_read_says_where(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    path.write_text(
        "key,title_en,title_zh,issuer_en,issuer_zh,issued_on,in_force_on,how_read,extent_en,extent_zh,where\n"
        "LAW,Law,法,State,国家,2019,2019-12-01,read,all,全文,\n"
    )
    report = Report()

    (source,), _ = read_sources(path, report)

    assert source.issued == PartialDate(2019)
    assert [problem.column for problem in report.problems] == ["where"]


# --- Whatever is typed ---

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(deadline=None)
@given(line=st.integers(1, 2), column=st.integers(0, 5), cell=ANYTHING)
def test_any_cell_is_either_fine_or_named_with_its_line(line: int, column: int, cell: str) -> None:
    lines = [row.split(",") for row in GOOD.splitlines()]
    lines[line][column] = cell
    with TemporaryDirectory() as folder:
        _, report = table_of(Path(folder), "\n".join(",".join(row) for row in lines) + "\n")
    if report.problems:
        # A quote or a line break in the cell may shift what comes after it, never what stands before.
        assert min(problem.line for problem in report.problems) >= min(line + 1, 3)
    else:
        assert cell == cell.strip()


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_table_or_a_list_of_mistakes(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        table, report = table_of(Path(folder), content)
    assert table.complete or report.problems


@settings(deadline=None)
@given(at=st.integers(0, len(DOCUMENT)), inserted=ANYTHING)
def test_any_document_gives_values_or_a_list_of_mistakes(at: int, inserted: str) -> None:
    with TemporaryDirectory() as folder:
        report = read_document(Path(folder), DOCUMENT[:at] + inserted + DOCUMENT[at:])
    assert all(problem.line >= 1 for problem in report.problems)
