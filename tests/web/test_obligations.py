"""Obligations in the portal: reading them, and the forms that change them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as
from pv.core import clock
from pv.obligations import services
from pv.obligations.models import Obligation
from tests.support.people import HOLDER_A
from tests.support.portal import World, codes, flat, open_obligation
from tests.web.conftest import SignIn


def now(world: World, obligation: Obligation) -> Obligation:
    """The row as it stands."""
    with acting_as(world.ra, organisation=HOLDER_A):
        return Obligation.objects.for_organisations([HOLDER_A]).get(pk=obligation.pk)


def address(obligation: Obligation, form: str = "") -> str:
    return f"/obligations/{obligation.pk}/" + (f"{form}/" if form else "")


DUE = {
    "due_on": "2030-06-30",
    "reason": "The authority granted it.",
    "evidence": "Letter 12, 2026-03-02",
    "due_source": "",
}


def test_the_detail_page_shows_sentence_dates_clock_and_ledger(sign_in: SignIn, world: World) -> None:
    page = sign_in(world.ra).get(address(world.late)).content.decode()
    for words in (
        "应完成确证性临床试验。",
        "overdue 6 days",
        "Opened, due",
        "Registration certificate",
        "Who was told",
    ):
        assert words in page
    assert 'lang="zh-Hans">应' in flat(page)


def test_the_due_date_is_moved_and_the_page_says_what_was_set_in_motion(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    answer = client.post(address(world.risky, "due"), DUE | {"version": "1"}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(address(world.risky), 302)]
    assert "PMR-2 is due 2030-06-30 Sun." in page
    assert "Told next:" in page
    assert f'data-draft-done="due_on-{world.risky.pk}"' in page
    row = now(world, world.risky)
    assert (row.due_on.isoformat(), row.version) == ("2030-06-30", 2)
    assert row.original_due_on == world.risky.original_due_on
    assert "Due date moved from" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2026-02-30", "2026-02 has no day 30."),
        ("2026-13-01", "There is no month 13."),
        ("2026-02", "Please give the day as well, as in 2026-02-28."),
        ("03/04/2026", "Please write the date as 2026-02-13, or as 2026-02 or 2026."),
        ("0026-01-01", "The year must lie between 1900 and 2199."),
        ("1926-01-01", "The date must lie between 1990-01-01 and 2200-12-31."),
        ("", "This field is required."),
    ],
)
def test_an_impossible_date_is_answered_beside_the_field(sign_in: SignIn, world: World, typed: str, words: str) -> None:
    answer = sign_in(world.ra).post(address(world.risky, "due"), DUE | {"version": "1", "due_on": typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    field = page[page.index('class="field wrong"') :]
    assert words in field
    assert page.count(words) == 2  # on top, too, where it leads to the field
    assert 'href="#id_due_on"' in page
    assert "The authority granted it." in page
    assert f'value="{typed}"' in page or not typed
    assert now(world, world.risky).version == 1


def test_a_date_is_read_as_people_write_it(sign_in: SignIn, world: World) -> None:
    sign_in(world.ra).post(address(world.risky, "due"), DUE | {"version": "1", "due_on": "2030年6月30日"})
    assert now(world, world.risky).due_on.isoformat() == "2030-06-30"


def test_a_refusal_of_the_service_stands_beside_its_field(sign_in: SignIn, world: World) -> None:
    same_day = world.risky.due_on.isoformat()
    answer = sign_in(world.ra).post(address(world.risky, "due"), DUE | {"version": "1", "due_on": same_day})
    assert answer.status_code == 422
    assert "It is due on this day already." in answer.content.decode()
    ahead = (clock.today() + timedelta(days=2)).isoformat()
    answer = sign_in(world.ra).post(
        address(world.risky, "submit"), {"version": "1", "submitted_on": ahead, "evidence": "Notice 7"}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"submitted_on"}


@pytest.mark.parametrize("form", ["due", "submit"])
def test_evidence_that_does_not_fit_is_answered_beside_its_field(sign_in: SignIn, world: World, form: str) -> None:
    given = DUE | {"version": "1", "submitted_on": clock.today().isoformat(), "evidence": "x" * 288}
    answer = sign_in(world.ra).post(address(world.risky, form), given)
    assert answer.status_code == 422
    assert "at most 280 characters" in answer.content.decode()
    assert answer.context["form"].errors.keys() == {"evidence"}


def test_two_people_on_one_obligation_meet_a_clear_conflict(sign_in: SignIn, world: World) -> None:
    with acting_as(world.head, organisation=HOLDER_A):
        services.change_due(
            world.risky.pk, by=world.head, due_on=clock.today() + timedelta(days=500), reason="Another letter",
            evidence="Letter 9", version=1,
        )  # fmt: skip
    client = sign_in(world.ra)
    answer = client.post(address(world.risky, "due"), DUE | {"version": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert world.head.name in page  # who, and when
    assert (clock.today() + timedelta(days=500)).isoformat() in page  # what stands now
    assert "2030-06-30" in page  # what was typed
    assert "The authority granted it." in page
    assert 'name="version" value="2"' in page
    assert now(world, world.risky).version == 2
    # Saved again, knowingly, it takes the place of the other.
    assert client.post(address(world.risky, "due"), DUE | {"version": "2"}).status_code == 302
    assert now(world, world.risky).due_on.isoformat() == "2030-06-30"


def test_a_double_click_saves_once(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    answers = [client.post(address(world.risky, "due"), DUE | {"version": "1"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert now(world, world.risky).version == 2
    page = client.get(address(world.risky)).content.decode()
    assert page.count("Due date moved") == 1


def test_the_forecast_is_set_and_taken_back(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    form = address(world.late, "forecast")
    assert client.post(form, {"version": "1", "forecast_on": "2030-01-01", "reason": ""}).status_code == 302
    assert now(world, world.late).forecast_on.isoformat() == "2030-01-01"
    assert 'value="2030-01-01"' in client.get(form).content.decode()
    assert client.post(form, {"version": "2", "forecast_on": "", "reason": ""}).status_code == 302
    assert now(world, world.late).forecast_on is None


def test_the_acceptance_stops_the_clock_and_cannot_be_recorded_twice(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    form = address(world.late, "submit")
    assert f'data-day="{clock.today()}"' in client.get(form).content.decode()
    given = {"version": "1", "submitted_on": clock.today().isoformat(), "evidence": "Notice 7"}
    page = client.post(form, given, follow=True).content.decode()
    assert "Its clock has stopped." in page
    assert "state-done" in page
    assert "/submit/" not in page
    again = client.post(form, given | {"version": "2"})
    assert again.status_code == 409
    assert "Notice 7" in again.content.decode()


def test_lists_are_filtered_by_progress_kind_and_words(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)

    def found(query: str) -> list[str]:
        return codes(client.get(f"/obligations/?{query}").content)

    assert found("") == ["AGR-1", "PMR-1", "PMR-2"]
    assert found("progress=late") == ["AGR-1", "PMR-1"]
    assert found("progress=at_risk") == ["PMR-2"]
    assert found("progress=on_time") == found("progress=done") == []
    assert found("q=pmr") == ["PMR-1", "PMR-2"]
    assert found("kind=other") == []
    assert found(f"product={world.late.authorisation.product_id}") == ["PMR-1"]


def test_the_time_line_shows_first_granted_and_forecast(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    client.post(address(world.risky, "due"), DUE | {"version": "1"})
    page = client.get("/obligations/").content.decode()
    drawings = re.findall(r'<svg class="picture (\w+)".*?</svg>', page, re.DOTALL)
    assert drawings == ["wide", "narrow"]
    wide = page[page.index('class="picture wide"') : page.index('class="picture narrow"')]
    assert wide.count("<title>due:") == 3
    assert wide.count("<title>first promised:") == 1
    assert wide.count("<title>forecast:") == 1
    assert 'class="granted late"' in wide  # the overdue legal one
    assert 'class="granted inside"' in wide  # the late internal one is not red


def test_queries_do_not_grow_with_the_rows(sign_in: SignIn, world: World) -> None:
    client, figures = sign_in(world.ra), []
    authorisation = world.late.authorisation
    for first, last in ((10, 12), (12, 40)):
        for n in range(first, last):
            open_obligation(world.ra, f"X-{n}", clock.today() + timedelta(days=n), authorisation=authorisation)
        with CaptureQueriesContext(connection) as queries:
            client.get("/obligations/")
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 24


def test_a_form_behind_an_ended_log_in_stores_nothing_and_comes_back(world: World) -> None:
    answer = Client().post(address(world.risky, "due"), DUE | {"version": "1"})
    assert answer["Location"] == "/login/?next=" + address(world.risky, "due").replace("/", "%2F")
    assert now(world, world.risky).version == 1
