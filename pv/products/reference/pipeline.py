"""Reads the landscape of the pipeline: how many products or trials stand at which stage, each count with its unit.

Counts of different units never stand on one axis and are never added up. An empty count means "not given", not zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pv.core.reference import Bilingual, Record, Report, Source, Table, read_csv, read_sources
from pv.products.reference.words import Therapy

KEY = re.compile(r"[a-z][a-z0-9_]*(?:/[a-z0-9_]+)?")
QUARTER = re.compile(r"[0-9]{4}-Q[1-4]")
COLUMNS = (
    *("key", "section", "therapy", "therapy_en", "therapy_zh", "stage", "stage_en", "stage_zh", "label_en", "label_zh"),
    *("count", "unit", "as_of", "source", "note_en", "note_zh"),
)


class Section(StrEnum):
    """A cell of the picture, a figure that stands apart from it, or the headline of another text."""

    STAGE = "stage"
    FIGURE = "figure"
    HEADLINE = "headline"


class Stage(StrEnum):
    """The stages of development, in their order."""

    IND_REVIEW = "ind_review"
    IND_APPROVED = "ind_approved"
    EXPLORATORY = "exploratory"
    CONFIRMATORY = "confirmatory"
    NDA_REVIEW = "nda_review"
    APPROVED = "approved"


class CountUnit(StrEnum):
    TRIALS_OR_APPLICATIONS = "trials_or_applications"
    PRODUCTS = "products"
    PRODUCT_INDICATIONS = "product_indications"
    IND_APPLICATIONS = "ind_applications"
    APPLICATIONS = "applications"
    PERMISSIONS = "permissions"
    CASES = "cases"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class PipelineFigure:
    """One count, or the fact that it was not given (`count` and `unit` are None)."""

    key: str
    section: Section
    therapy: Therapy | None
    therapy_name: Bilingual
    stage: Stage | None
    stage_name: Bilingual
    label: Bilingual
    count: int | None
    unit: CountUnit | None
    as_of: str
    source: str
    note: Bilingual


@dataclass(frozen=True, slots=True)
class Pipeline:
    figures: tuple[PipelineFigure, ...]
    sources: tuple[Source, ...]

    def figure(self, key: str) -> PipelineFigure:
        return next(figure for figure in self.figures if figure.key == key)


def read_pipeline(path: Path) -> Pipeline:
    """Read the figures and, from sources.csv beside them, what they rest on; or raise a ReferenceFault."""
    report = Report()
    sources, source_table = read_sources(path.parent / "sources.csv", report)
    table = read_csv(path, COLUMNS, report)
    figures = tuple(_figure(row) for row in table)
    table.unique("key")
    if source_table.complete:
        for row in table:
            row.known("source", row.raw("source"), {source.key for source in sources}, "source key")
    if table.complete:
        _check_every_cell_is_there(path, table, figures, report)
    report.finish()
    return Pipeline(figures, sources)


def _figure(row: Record) -> PipelineFigure:
    section = row.choice("section", Section)
    in_picture = section is Section.STAGE
    count = row.integer("count", required=not in_picture, at_least=0)
    unit = row.optional_choice("unit", CountUnit, required=count is not None)
    if row.clean and count is None and unit is not None:
        row.fault("unit", "is given although there is no count")
    therapy = row.optional_choice("therapy", Therapy, required=in_picture)
    stage = row.optional_choice("stage", Stage, required=in_picture)
    if row.clean and in_picture and row.raw("key") != f"{therapy}/{stage}":
        row.fault("key", f"must be {therapy}/{stage}, after its therapy and stage")
    return PipelineFigure(
        key=row.matching("key", KEY, "a key like car_t/exploratory or ind_reviewed"),
        section=section,
        therapy=therapy,
        therapy_name=row.pair("therapy", required=in_picture),
        stage=stage,
        stage_name=row.pair("stage", required=in_picture),
        label=row.pair("label"),
        count=count,
        unit=unit,
        as_of=row.matching("as_of", QUARTER, "a quarter like 2025-Q2"),
        source=row.text("source"),
        note=row.pair("note", required=False),
    )


def _check_every_cell_is_there(path: Path, table: Table, figures: tuple[PipelineFigure, ...], report: Report) -> None:
    """A picture with a cell left out would look like a zero."""
    last = table.rows[-1].line if table.rows else 1
    given = {figure.key for figure in figures}
    for therapy in Therapy:
        for stage in Stage:
            if f"{therapy}/{stage}" not in given:
                report.add(path, last, "key", f"no line for {therapy}/{stage}; a count not given is an empty cell")
