"""The pipeline's figures: every count with its unit, none made up, none left out."""

import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.core.reference import ReferenceFault
from pv.products.reference import (
    CountUnit,
    Kind,
    Pipeline,
    Section,
    Stage,
    Therapy,
    read_pipeline,
    read_register,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
FILE = FIXTURES / "pipeline" / "pipeline.csv"


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return read_pipeline(FILE)


def test_picture_has_a_cell_for_every_therapy_at_every_stage(pipeline: Pipeline) -> None:
    cells = {(figure.therapy, figure.stage) for figure in pipeline.figures if figure.section is Section.STAGE}

    assert cells == {(therapy, stage) for therapy in Therapy for stage in Stage}
    assert len(pipeline.figures) == 64


def test_only_the_counts_that_were_given_are_there(pipeline: Pipeline) -> None:
    given_counts = {f.key: f.count for f in pipeline.figures if f.section is Section.STAGE and f.count is not None}

    assert given_counts == {
        "car_t/ind_approved": 45,
        "car_t/exploratory": 72,
        "car_t/confirmatory": 15,
        "car_t/nda_review": 7,
        "car_t/approved": 9,
        "stem_cell/ind_approved": 44,
        "stem_cell/exploratory": 87,
        "stem_cell/confirmatory": 3,
        "stem_cell/approved": 1,
        "gene_therapy/exploratory": 55,
        "gene_therapy/confirmatory": 7,
        "gene_therapy/nda_review": 2,
        "gene_therapy/approved": 1,
    }


def test_count_not_given_has_no_unit_and_says_so(pipeline: Pipeline) -> None:
    missing = [figure for figure in pipeline.figures if figure.count is None]

    assert len(missing) == 35
    assert all(figure.unit is None and "Not given" in figure.note.en for figure in missing)
    assert pipeline.figure("t_cell_lymphomas_reported").count == 0


def test_car_t_is_counted_in_another_unit_than_the_other_therapies(pipeline: Pipeline) -> None:
    units = {(f.therapy is Therapy.CAR_T, f.unit) for f in pipeline.figures if f.section is Section.STAGE and f.unit}

    assert units == {(True, CountUnit.TRIALS_OR_APPLICATIONS), (False, CountUnit.PRODUCTS)}


def test_applications_reviewed_and_approved_stand_apart_from_the_picture(pipeline: Pipeline) -> None:
    reviewed, approved = pipeline.figure("ind_reviewed"), pipeline.figure("ind_approved")

    assert (reviewed.count, approved.count) == (765, 553)
    assert {reviewed.section, approved.section} == {Section.FIGURE}
    assert {reviewed.unit, approved.unit} == {CountUnit.IND_APPLICATIONS}
    assert all(figure.as_of == "2025-Q2" for figure in pipeline.figures)


def test_headlines_of_other_texts_are_kept_apart(pipeline: Pipeline) -> None:
    headlines = {figure.count: figure.source for figure in pipeline.figures if figure.section is Section.HEADLINE}

    assert headlines == {133: "HEADLINE-2025", 160: "HEADLINE-2025"}


def test_register_agrees_with_the_published_counts(pipeline: Pipeline) -> None:
    entries = [entry for entry in read_register(FIXTURES / "register").authorisations if entry.counted_mid_2025]
    car_t = [entry for entry in entries if entry.therapy is Therapy.CAR_T]

    assert pipeline.figure("car_t_products").count == len({entry.product_key for entry in car_t})
    assert pipeline.figure("car_t_indications").count == len(car_t)
    assert pipeline.figure("car_t_indications_conditional").count == sum(e.kind is Kind.CONDITIONAL for e in car_t)
    assert pipeline.figure("car_t_indications_full").count == sum(e.kind is Kind.FULL for e in car_t)
    assert pipeline.figure("confirmatory_years").count == 4


def faults(folder: Path, old: str, new: str) -> list[tuple[int, str, str]]:
    shutil.copytree(FILE.parent, folder / "pipeline")
    path = folder / "pipeline" / "pipeline.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReferenceFault) as caught:
        read_pipeline(path)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("45,trials_or_applications", "45,trials", (3, "unit", "'trials' is not one of trials_or_applications, ")),
        ("45,trials_or_applications", "45,", (3, "unit", "is empty but must be given")),
        ("45,trials_or_applications", ",products", (3, "unit", "is given although there is no count")),
        ("45,trials_or_applications", "-45,products", (3, "count", "-45 is less than 0")),
        ("765,ind", ",ind", (50, "count", "is empty but must be given")),
        ("car_t/exploratory", "car_t/explore", (4, "key", "must be car_t/exploratory, after its therapy and stage")),
        ("2025-Q2", "2025-06", (2, "as_of", "'2025-06' is not a quarter like 2025-Q2")),
        ("NRDD25", "NOBODY", (2, "source", "'NOBODY' is not a known source key")),
    ],
)
def test_broken_figure_is_named(tmp_path: Path, old: str, new: str, expected: tuple[int, str, str]) -> None:
    line, column, message = expected

    assert [
        found for found in faults(tmp_path, old, new) if found[:2] == (line, column) and found[2].startswith(message)
    ]


def test_cell_left_out_of_the_picture_is_named(tmp_path: Path) -> None:
    line = next(
        text for text in FILE.read_text(encoding="utf-8").splitlines(keepends=True) if "car_nk/approved" in text
    )

    assert faults(tmp_path, line, "") == [
        (64, "key", "no line for car_nk/approved; a count not given is an empty cell"),
    ]


@settings(deadline=None)
@given(at=st.integers(0, len(FILE.read_bytes())), inserted=st.binary(min_size=1, max_size=6))
def test_any_damage_gives_figures_or_a_list_of_mistakes(at: int, inserted: bytes) -> None:
    content = FILE.read_bytes()
    with TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(FILE.parent, Path(temporary) / "pipeline"))
        (folder / FILE.name).write_bytes(content[:at] + inserted + content[at:])
        with suppress(ReferenceFault):
            assert len(read_pipeline(folder / FILE.name).figures) == 64
