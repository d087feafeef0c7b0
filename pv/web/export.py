"""Lists as CSV, for spreadsheets: with a byte order mark, and no cell that a spreadsheet would run as a formula."""

import csv
import io
from collections.abc import Iterable

from django.http import HttpResponse

# Blanks before them, and their full-width forms, are read as formulas, too.
RUN = "=+-@\t\r\n＝＋－＠"


def cell(value: object) -> str:
    """The text of a cell; one that a spreadsheet would run gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.strip(" \u00a0\u3000")[:1] in tuple(RUN) else text


def csv_file(name: str, header: Iterable[object], rows: Iterable[Iterable[object]]) -> HttpResponse:
    """A download of these rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(one) for one in header])
    writer.writerows([cell(one) for one in row] for row in rows)
    return HttpResponse(
        "\ufeff" + out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
