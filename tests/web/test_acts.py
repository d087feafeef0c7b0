"""What is done to an obligation in the portal: in each state what is possible, by whom it is allowed, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict
from pv.obligations import services
from pv.obligations.models import Obligation
from pv.obligations.rules import MOVES, State
from pv.web.presenters.acts import OBLIGATION, POSSIBLE
from pv.web.views.acts import OBLIGATION_PAGES
from tests.support.people import HOLDER_A, make_user
from tests.support.portal import World, flat
from tests.web.conftest import SignIn

PATHS = {
    "change_due": "due",
    "change_forecast": "forecast",
    "submit": "submit",
    "fulfil": "fulfil",
    "send_back": "return",
    "waive": "waive",
    "fail": "fail",
    "reopen": "reopen",
    "reassign": "owner",
}
BECOMES = {
    "submit": State.SUBMITTED,
    "fulfil": State.FULFILLED,
    "send_back": State.RETURNED,
    "waive": State.WAIVED,
    "fail": State.FAILED,
    "reopen": State.OPEN,
}


def given(act: str) -> dict[str, Any]:
    """What is typed into the form of an act."""
    today = clock.today().isoformat()
    said = {"reason": "As the letter says.", "evidence": "Letter 12"}
    return {
        "change_due": {"due_on": "2031-06-30", "due_source": ""} | said,
        "change_forecast": {"forecast_on": "2031-06-30", "reason": ""},
        "submit": {"submitted_on": today, "evidence": "Notice 7"},
        "fulfil": {"decided_on": today, "evidence": "Letter 12"},
        "send_back": said,
        "waive": {"decided_on": today} | said,
        "fail": {"decided_on": today, "reason": "As the report says.", "evidence": ""},
        "reopen": {"reason": "Again.", "document": "Letter 13", "document_on": today},
        "reassign": {"owner": str(make_user(Role.PV_OFFICER).pk), "reason": ""},
    }[act]


WAYS: dict[State, tuple[str, ...]] = {
    State.OPEN: (),
    State.SUBMITTED: ("submit",),
    State.RETURNED: ("submit", "send_back"),
    State.FAILED: ("fail",),
    State.FULFILLED: ("submit", "fulfil"),
    State.WAIVED: ("waive",),
}


def address(obligation: Obligation, act: str = "") -> str:
    return f"/obligations/{obligation.pk}/" + (f"{PATHS[act]}/" if act else "")


def now(world: World) -> Obligation:
    with acting_as(world.ra, organisation=HOLDER_A):
        return Obligation.objects.for_organisations([HOLDER_A]).select_related("owner").get(pk=world.risky.pk)


def bring(client: Client, world: World, state: State) -> Obligation:
    """The obligation in this state, by the portal's own forms."""
    for version, act in enumerate(WAYS[state], start=1):
        assert client.post(address(world.risky, act), given(act) | {"version": version}).status_code == 302
    return now(world)


def buttons(client: Client, obligation: Obligation) -> set[str]:
    page = client.get(address(obligation)).content.decode()
    return {act for act in PATHS if f'href="{address(obligation, act)}"' in page}


def test_the_table_says_what_the_rules_say() -> None:
    assert set(POSSIBLE) == set(State)
    for state, possible in POSSIBLE.items():
        assert {BECOMES[act] for act in possible if act in BECOMES} == MOVES[state], state
    assert {one.view for one in OBLIGATION} == set(PATHS) == set(OBLIGATION_PAGES)
    assert all(one.verb == OBLIGATION_PAGES[one.view].verb for one in OBLIGATION)


@pytest.mark.parametrize("state", State)
def test_a_page_shows_the_buttons_that_its_state_allows_and_each_leads_somewhere(
    sign_in: SignIn, world: World, state: State
) -> None:
    client = sign_in(world.ra)
    row = bring(client, world, state)
    assert row.state == state
    assert buttons(client, row) == POSSIBLE[state]
    for act in PATHS:
        assert client.get(address(row, act)).status_code == (200 if act in POSSIBLE[state] else 409), act


@pytest.mark.parametrize(("state", "act"), [(state, act) for state in State for act in sorted(POSSIBLE[state])])
def test_each_button_does_what_it_says(sign_in: SignIn, world: World, state: State, act: str) -> None:
    client = sign_in(world.ra)
    row = bring(client, world, state)
    answer = client.post(address(row, act), given(act) | {"version": row.version}, follow=True)
    assert answer.redirect_chain == [(address(row), 302)]
    changed = now(world)
    assert changed.version == row.version + 1
    assert changed.state == BECOMES.get(act, state)
    assert changed.code in answer.content.decode()
    assert f"-{row.pk}" in flat(answer.content).split('data-draft-done="')[1].split('"')[0]


@pytest.mark.parametrize(("state", "act"), [(state, act) for state in State for act in sorted(POSSIBLE[state])])
def test_a_double_click_does_it_once(sign_in: SignIn, world: World, state: State, act: str) -> None:
    client = sign_in(world.ra)
    row = bring(client, world, state)
    typed = given(act) | {"version": row.version}
    assert [client.post(address(row, act), typed).status_code for _ in range(2)] == [302, 302]
    assert now(world).version == row.version + 1


@pytest.mark.parametrize("act", sorted(set(PATHS) - {"change_due", "change_forecast", "submit"}))
def test_a_refused_act_keeps_what_was_typed(sign_in: SignIn, world: World, act: str) -> None:
    client = sign_in(world.ra)
    state = next(state for state in State if act in POSSIBLE[state] and (act != "reopen" or state == State.FAILED))
    row = bring(client, world, state)
    typed = given(act) | {"version": row.version}
    wrong = {"fulfil": "evidence", "reassign": "owner", "reopen": "document"}.get(act, "reason")
    answer = client.post(address(row, act), typed | {wrong: ""})
    page = answer.content.decode()
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [wrong])
    assert f'href="#id_{wrong}"' in page
    for name, value in typed.items():
        if name != wrong and value:
            assert str(answer.context["form"][name].value()) == str(value)
    assert now(world).version == row.version


def test_a_decision_cannot_lie_ahead_or_before_the_acceptance(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    row = bring(client, world, State.SUBMITTED)
    for days in (2, -400):
        day = (clock.today() + timedelta(days=days)).isoformat()
        answer = client.post(address(row, "fulfil"), given("fulfil") | {"version": 2, "decided_on": day})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["decided_on"])


def test_an_act_that_is_not_possible_any_more_says_so_and_keeps_the_words(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    row = bring(client, world, State.WAIVED)
    answer = client.post(address(row, "fail"), given("fail") | {"version": 1})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "As the report says." in page
    assert 'name="version" value="2"' in page
    with pytest.raises(Conflict), acting_as(world.ra, organisation=HOLDER_A), transaction.atomic():
        services.reopen(row.pk, by=world.ra, reason="Again.")


def test_two_people_who_give_it_away_meet_a_clear_conflict(sign_in: SignIn, world: World) -> None:
    with acting_as(world.head, organisation=HOLDER_A):
        services.reassign(world.risky.pk, by=world.head, owner=world.head, version=1)
    answer = sign_in(world.ra).post(address(world.risky, "reassign"), given("reassign") | {"version": 1})
    page = flat(answer.content)
    assert answer.status_code == 409
    assert f"<td>{world.head.name}</td><td>{world.officer.name}</td>" in page


def test_only_people_of_the_house_are_offered_and_the_owner_is_not(sign_in: SignIn, world: World) -> None:
    stranger = make_user(Role.AUTHORITY)
    answer = sign_in(world.ra).get(address(world.risky, "reassign"))
    offered = {key for key, _name in answer.context["form"].fields["owner"].choices}
    assert str(world.officer.pk) in offered
    assert str(world.ra.pk) not in offered
    assert str(stranger.pk) not in offered
    page = (
        sign_in(world.ra)
        .post(address(world.risky, "reassign"), given("reassign") | {"version": 1}, follow=True)
        .content.decode()
    )
    assert f"is owned by {world.officer.name} now." in page


@pytest.mark.parametrize("act", PATHS)
def test_who_may_not_write_gets_neither_button_nor_form(
    sign_in: SignIn, world: World, foreign: Obligation, act: str
) -> None:
    reader = sign_in(make_user(Role.INSPECTOR))
    assert buttons(reader, world.risky) == set()
    typed = given(act) | {"version": 1}
    assert reader.get(address(world.risky, act)).status_code == 403
    assert reader.post(address(world.risky, act), typed).status_code == 403
    writer = sign_in(world.ra)
    assert writer.get(address(foreign, act)).status_code == 404
    assert writer.post(address(foreign, act), typed).status_code == 404
    assert now(world).version == 1


def test_a_date_is_corrected_by_fewer(sign_in: SignIn, world: World) -> None:
    assert buttons(sign_in(world.officer), world.risky) == POSSIBLE[State.OPEN] - {"change_due"}


@pytest.mark.parametrize("act", PATHS)
def test_queries_of_an_act(sign_in: SignIn, world: World, act: str) -> None:
    client = sign_in(world.ra)
    state = next(state for state in State if act in POSSIBLE[state])
    row = bring(client, world, state)
    with CaptureQueriesContext(connection) as queries:
        client.get(address(row, act))
    assert len(queries) <= 20
    with CaptureQueriesContext(connection) as queries:
        client.post(address(row, act), given(act) | {"version": row.version})
    assert len(queries) <= 48
