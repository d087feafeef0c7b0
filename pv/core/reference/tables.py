"""The strict reader for tables (CSV)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pv.core.reference.files import read_text
from pv.core.reference.records import Record, Report, check_unique


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file; incomplete where the file could not be read to its end."""

    rows: Sequence[Record]
    complete: bool

    def __iter__(self) -> Iterator[Record]:
        return iter(self.rows)

    def unique(self, *names: str) -> None:
        """Note every row whose values in these columns stood in an earlier row."""
        check_unique(self.rows, *names)


def read_csv(path: Path, columns: Sequence[str], report: Report, limits: Mapping[str, int] | None = None) -> Table:
    """Read a table whose header must name exactly these columns, in any order; `limits` are lengths of texts."""
    text = read_text(path, report)
    if text is None:
        return Table((), complete=False)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Record] = []
    header: list[str] = []
    complete, line = True, 1
    try:
        for cells in reader:
            if not header:
                header = cells
                if not _header_fits(path, header, columns, report):
                    return Table((), complete=False)
            elif len(cells) != len(header):
                report.add(path, line, "", _wrong_width(len(cells), len(header)))
                complete = False
            else:
                row = Record(report, path, line, dict(zip(header, cells, strict=True)))
                row.fit(limits or {})
                rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        report.add(path, line, "", f"cannot be split into cells: {error}")
        complete = False
    if not header:
        report.add(path, 1, "", "is empty")
        complete = False
    return Table(rows, complete)


def _wrong_width(cells: int, wanted: int) -> str:
    if cells == 0:
        return "is an empty line"
    return f"has {cells} cells instead of {wanted} (a comma inside a text needs quotes around it)"


def _header_fits(path: Path, header: Sequence[str], columns: Sequence[str], report: Report) -> bool:
    twice = sorted({name for name in header if header.count(name) > 1})
    unknown = [name for name in header if name not in columns]
    missing = [name for name in columns if name not in header]
    for names, message in ((twice, "stands twice in"), (unknown, "is unknown in"), (missing, "is missing in")):
        for name in names:
            report.add(path, 1, name, f"this column {message} the header; the columns are {', '.join(columns)}")
    return not (twice or unknown or missing)
