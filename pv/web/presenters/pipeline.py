"""The picture of the pipeline: therapy by stage. Each unit has a panel and a scale of its own; nothing is added up.

A count that was not given is drawn as such: it is not zero.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pv.products.models import PipelineFigure
from pv.products.reference import Stage
from pv.web.presenters.words import either, places

UNITS = {
    "trials_or_applications": gettext_lazy("trials or applications"),
    "products": gettext_lazy("products"),
    "product_indications": gettext_lazy("product-indications"),
    "ind_applications": gettext_lazy("IND applications"),
    "applications": gettext_lazy("applications"),
    "permissions": gettext_lazy("permissions"),
    "cases": gettext_lazy("cases"),
    "months": gettext_lazy("months"),
    "years": gettext_lazy("years"),
}
STAGES = [stage.value for stage in Stage]
# The two figures that the picture is read against, and that are not part of it.
APART = ("ind_reviewed", "ind_approved")

LABEL, COLUMN, ROW, HEAD = 178, 131, 42, 44
NARROW, NARROW_LABEL, NARROW_ROW = 350, 170, 26


@dataclass(frozen=True, slots=True)
class Cell:
    """One therapy at one stage, where it stands in both drawings, and how long its bar is."""

    figure: PipelineFigure
    x: int
    y: int
    bar: int
    narrow_y: int
    narrow_bar: int
    mark: str

    @property
    def given(self) -> bool:
        return self.figure.count is not None

    @property
    def stage(self) -> str:
        return either(self.figure.stage, self.figure.stage_zh)

    @property
    def count(self) -> str:
        return f"{self.figure.count}{self.mark}" if self.given else _("not given")


@dataclass(frozen=True, slots=True)
class Lane:
    """All stages of one therapy."""

    name: str
    y: int
    narrow_y: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Panel:
    """Therapies that are counted in one unit; or, without a unit, those of which no count is given."""

    unit: str
    title: str
    stages: list[tuple[int, list[str]]]
    lanes: list[Lane]

    @property
    def width(self) -> int:
        return LABEL + COLUMN * len(STAGES)

    @property
    def height(self) -> int:
        return HEAD + ROW * len(self.lanes)

    @property
    def narrow_height(self) -> int:
        return sum(30 + NARROW_ROW * len(lane.cells) for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The picture, the figures that stand apart from it, and where all of it comes from."""

    panels: list[Panel]
    apart: list[PipelineFigure]
    others: list[PipelineFigure]
    cells: list[PipelineFigure]
    footnotes: list[tuple[str, str]]

    @property
    def as_of(self) -> str:
        return next((one.as_of for one in self.cells), "")

    @property
    def sources(self) -> list[str]:
        return list(dict.fromkeys(source_words(one.source) for one in [*self.cells, *self.apart, *self.others]))

    def table(self) -> Iterator[list[Any]]:
        """Every figure as a line, for the export."""
        for one in [*self.cells, *self.apart, *self.others]:
            count = _("not given") if one.count is None else one.count
            note = either(one.note_en, one.note_zh)
            yield [
                either(one.record, one.record_zh),
                count,
                unit_words(one.unit),
                one.as_of,
                note,
                source_words(one.source),
            ]


def pipeline(figures: list[PipelineFigure]) -> Pipeline:
    """Sort the figures into panels, one for each unit."""
    cells = [one for one in figures if one.section == PipelineFigure.Section.STAGE]
    therapies: dict[str, list[PipelineFigure]] = {}
    for one in cells:
        therapies.setdefault(one.key.partition("/")[0], []).append(one)
    notes = _Notes()
    by_unit: dict[str, list[list[PipelineFigure]]] = {}
    for row in therapies.values():
        units = dict.fromkeys(one.unit for one in row if one.count is not None) or {"": None}
        for unit in units:
            by_unit.setdefault(unit, []).append(row)
    ordered = sorted(by_unit, key=lambda unit: unit == "")
    return Pipeline(
        panels=[_panel(unit, by_unit[unit], notes) for unit in ordered],
        apart=[one for one in figures if one.key in APART],
        others=[one for one in figures if one.section != PipelineFigure.Section.STAGE and one.key not in APART],
        cells=cells,
        footnotes=notes.lines,
    )


@dataclass(slots=True)
class _Notes:
    """Notes of counts that are given, numbered as they come."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def mark(self, figure: PipelineFigure) -> str:
        text = either(figure.note_en, figure.note_zh)
        if figure.count is None or not text:
            return ""
        self.lines.append((_SUPERSCRIPT[len(self.lines) % len(_SUPERSCRIPT)], text))
        return self.lines[-1][0]


_SUPERSCRIPT = "¹²³⁴⁵⁶⁷⁸⁹"


def _panel(unit: str, rows: list[list[PipelineFigure]], notes: _Notes) -> Panel:
    most = max((one.count or 0 for row in rows for one in row if one.unit == unit), default=0) or 1
    lanes, narrow_y = [], 0
    for number, row in enumerate(rows):
        y, top = HEAD + ROW * number, narrow_y + 30
        cells = []
        for place, figure in enumerate(row):
            share = (figure.count or 0) / most if figure.unit == unit else 0
            cells.append(
                Cell(
                    figure=figure,
                    x=LABEL + COLUMN * STAGES.index(figure.key.partition("/")[2]),
                    y=y,
                    bar=_length(share, COLUMN - 58),
                    narrow_y=top + NARROW_ROW * place,
                    narrow_bar=_length(share, NARROW - NARROW_LABEL - 50),
                    mark=notes.mark(figure),
                )
            )
        lanes.append(Lane(either(row[0].therapy, row[0].therapy_zh), y, narrow_y, cells))
        narrow_y = top + NARROW_ROW * len(row)
    stages = [(one.x, _two_lines(one.stage)) for one in lanes[0].cells]
    title = _("Counted in %(unit)s") % {"unit": unit_words(unit)} if unit else _("No figure is given in the text")
    return Panel(unit, title, stages, lanes)


def _length(share: float, room: int) -> int:
    """A bar's length; what is not nothing is seen."""
    return max(3, round(share * room)) if share else 0


def _two_lines(text: str) -> list[str]:
    """A stage's name on at most two lines, cut at a comma or at a blank near the middle."""
    if places(text) <= 18:
        return [text]
    for sign in (", ", "、"):
        head, found, tail = text.partition(sign)
        if found:
            return [head + sign.rstrip(), tail]
    blank = text.rfind(" ", 0, len(text) // 2 + 4)
    return [text[:blank], text[blank + 1 :]] if blank > 0 else [text]


def unit_words(code: str) -> str:
    return str(UNITS.get(code, code))


# As the loader writes it: the title in both languages, and perhaps where it is.
SOURCE = re.compile(r"(?P<english>.+?) / (?P<chinese>.+?)(?P<where> \([^()]*\))?")


def source_words(line: str) -> str:
    """A source in the reader's language."""
    match = SOURCE.fullmatch(line)
    return either(match["english"], match["chinese"]) + (match["where"] or "") if match else line
