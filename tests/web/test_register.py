"""The register of real approvals: bounds as computed, doubts said, nobody called late; and the pipeline's picture."""

import re

import pytest

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.products.models import Authorisation, PipelineFigure
from pv.web.presenters.pipeline import pipeline
from pv.web.presenters.register import Entry, Source, totals
from tests.support.people import setting_up
from tests.support.portal import World
from tests.web.conftest import SignIn

LATENESS = re.compile(r"overdue|state-late|state-soon|class=\"clock|逾期|延误|超期")


def entries() -> dict[str, Entry]:
    with setting_up():
        rows = Authorisation.objects.for_organisations([PUBLIC_ORGANISATION]).select_related("product")
        return {row.key: Entry(row) for row in rows}


@pytest.fixture
def register(db: None) -> dict[str, Entry]:
    return entries()


def test_a_bound_is_shown_as_computed_and_no_more_precise_than_its_date(register: dict[str, Entry]) -> None:
    by_month, by_day = register["relma-cel/FL"], register["eque-cel/MM-4L"]
    assert (str(by_month.bound.latest), by_month.bound_words) == (
        "2026-10",
        "2022-10 + 4 years; month known only; the certificate decides",
    )
    assert (str(by_day.bound.latest), by_day.bound_words) == (
        "2027-06-30",
        "2023-06-30 + 4 years; the certificate decides",
    )


def test_only_conditional_approvals_have_a_bound(register: dict[str, Entry]) -> None:
    assert register["axi-cel/LBCL-3L"].bound_words == "none: full approval"
    assert register["satri-cel/GC-3L"].bound_words == "not computed: the kind of approval is not known"
    undated = register["relma-cel/FL"]
    undated.row.approved_on, undated.row.approved_precision = None, "unknown"
    assert Entry(undated.row).bound_words == "not computed: the date of approval is not known"
    assert Entry(undated.row).approved == "not known"


def test_the_count_of_mid_2025_comes_out_and_its_doubt_is_named(register: dict[str, Entry]) -> None:
    found = totals(register.values())
    assert [one.count for one in found.figures] == [6, 9, 7, 2, 1, 1]
    assert {one.row.key for one in found.inferred} == {
        "relma-cel/LBCL-3L", "relma-cel/MCL", "inati-cel/B-ALL-adult", "zevor-cel/MM-4L",
    }  # fmt: skip
    assert found.later == 6


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_says_or_shows_that_a_real_holder_is_late(sign_in: SignIn, world: World, language: str) -> None:
    client = sign_in(world.ra, language)
    for address in ["/register/", *(f"/register/{entry.row.pk}/" for entry in entries().values())]:
        main = client.get(address).content.decode().partition("<main")[2]
        assert not LATENESS.search(main), address


def test_later_approvals_are_marked_and_can_be_left_out(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    assert client.get("/register/").content.decode().count('tag">after the count of mid-2025') == 6
    assert client.get("/register/?counted=yes").content.decode().count("data-row") == 11
    assert client.get("/register/?kind=unknown").content.decode().count("data-row") == 6
    assert client.get("/register/?q=瑞基奥仑赛注射液").content.decode().count("data-row") >= 3


def test_an_entry_says_where_each_thing_was_read_and_how(sign_in: SignIn, world: World) -> None:
    entry = entries()["axi-cel/LBCL-3L"]
    page = sign_in(world.ra).get(f"/register/{entry.row.pk}/").content.decode()
    for words in ("second hand", "recalled", "says otherwise", "国药准字S20210019", "Formerly Fosun Kite"):
        assert words in page


def test_a_source_is_read_in_the_readers_language() -> None:
    line = "example.org (a form) [second hand / 二手资料]: holder / 持有人 — disagrees / 与本目录不一致"
    assert Source.of(line) == Source("example.org (a form)", "second hand", "holder", was_read=False, disagrees=True)
    assert Source.of("a line of another shape").where == "a line of another shape"
    assert Source.of("— [recalled / 凭记忆]: day / 日期").where == ""


@pytest.fixture
def figures(db: None) -> list[PipelineFigure]:
    with setting_up():
        return list(PipelineFigure.objects.for_organisations([PUBLIC_ORGANISATION]))


def test_units_never_share_an_axis_and_nothing_is_added_up(figures: list[PipelineFigure]) -> None:
    shown = pipeline(figures)
    assert [(panel.unit, [lane.name for lane in panel.lanes][:2]) for panel in shown.panels] == [
        ("trials_or_applications", ["CAR-T"]),
        ("products", ["stem cell", "gene therapy"]),
        ("", ["CAR-NK", "TCR-T"]),
    ]
    longest = [max(cell.bar for lane in panel.lanes for cell in lane.cells) for panel in shown.panels]
    assert longest[0] == longest[1]  # each panel has its own scale: 72 trials and 87 products are as long
    assert longest[2] == 0
    assert [one.count for one in shown.apart] == [765, 553]


def test_a_count_that_is_not_given_is_not_zero(figures: list[PipelineFigure]) -> None:
    cells = [cell for panel in pipeline(figures).panels for lane in panel.lanes for cell in lane.cells]
    assert len(cells) == 48
    assert sum(not cell.given for cell in cells) == 48 - 13
    assert {cell.count for cell in cells if not cell.given} == {"not given"}
    assert "0" not in {cell.count for cell in cells}


@pytest.mark.parametrize(("language", "word"), [("en", "not given"), ("zh-hans", "未给出")])
def test_the_picture_has_its_source_and_a_table_behind_it(
    sign_in: SignIn, world: World, language: str, word: str
) -> None:
    page = sign_in(world.ra, language).get("/register/pipeline/").content.decode()
    assert "d41573-025-00126-7" in page
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert table.count("<tr") == 48
    assert table.count(word) == 35
