"""My notices, the bell, taking over, and who was told what."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as
from pv.accounts.roles import Role
from pv.notices.models import Acknowledgement, Delivery
from pv.notices.services import my_notices, tick
from tests.support.factories import DeadlineFactory, LadderFactory
from tests.support.people import HOLDER_A, make_user
from tests.support.portal import World, flat
from tests.web.conftest import SignIn

COUNT = "/notices/count/"


def answers(world: World) -> list[Acknowledgement]:
    with acting_as(world.ra, organisation=HOLDER_A):
        return list(Acknowledgement.objects.for_organisations([HOLDER_A]).order_by("at"))


def take_page(world: World) -> str:
    return f"/deadlines/{world.clock_of(world.late).pk}/take/"


def test_the_bell_counts_what_was_not_seen_and_answers_304_while_nothing_changes(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    first = client.get(COUNT)
    assert first.json()["count"] > 0
    etag = first["ETag"]
    assert client.get(COUNT, headers={"If-None-Match": etag}).status_code == 304
    with acting_as(world.ra, organisation=HOLDER_A):
        ids = list(my_notices(world.ra, [HOLDER_A]).values_list("pk", flat=True))
    assert client.post("/notices/seen/", {"delivery": ids})["Location"] == "/notices/"
    second = client.get(COUNT, headers={"If-None-Match": etag})
    assert (second.status_code, second.json()) == (200, {"count": 0, "shown": ""})
    assert 'data-bell-count aria-hidden="true" hidden' in flat(client.get("/notices/").content)


def test_somebody_elses_notices_are_neither_shown_nor_marked(sign_in: SignIn, world: World) -> None:
    stranger = sign_in(make_user(Role.MEDICAL_REVIEWER))
    with acting_as(world.ra, organisation=HOLDER_A):
        mine = my_notices(world.ra, [HOLDER_A]).first()
    stranger.post("/notices/seen/", {"delivery": [str(mine.pk)]})
    with acting_as(world.ra, organisation=HOLDER_A):
        assert Delivery.objects.get(pk=mine.pk).seen_at is None
    assert "PMR-1" not in stranger.get("/notices/?show=all").content.decode()
    assert stranger.post("/notices/seen/", {"delivery": ["nonsense"]}).status_code == 404


def test_opening_the_link_of_a_mail_does_nothing_and_the_button_takes_it(sign_in: SignIn, world: World) -> None:
    client, address = sign_in(world.head), take_page(world)
    assert "I take it" in client.get(address).content.decode()
    client.head(address)
    assert answers(world) == []
    page = client.post(address, {"via": "mail", "note": "I ring the site."}, follow=True).content.decode()
    assert "You have it. Nobody further is told of this warning." in page
    assert f"{world.head.name} took it" in page
    (answer,) = answers(world)
    assert (answer.by, answer.via, answer.note) == (world.head, "mail", "I ring the site.")


def test_two_taps_from_the_bell(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    assert f'action="{take_page(world)}"' in client.get("/notices/").content.decode()
    assert client.post(take_page(world), {"via": "notices"}).status_code == 302
    assert len(answers(world)) == 1


def test_taking_twice_is_taking_once_and_a_second_person_is_told_who_has_it(sign_in: SignIn, world: World) -> None:
    first, second = sign_in(world.head), sign_in(world.ra)
    for _ in range(2):
        assert first.post(take_page(world), {"via": "unheard of"}).status_code == 302
    conflict = second.post(take_page(world))
    assert conflict.status_code == 409
    assert f"{world.head.name} has taken this already" in conflict.content.decode()
    assert [one.via for one in answers(world)] == ["page"]


def test_what_has_not_rung_cannot_be_taken(sign_in: SignIn, world: World) -> None:
    client, quiet = sign_in(world.head), world.clock_of(world.milestone)
    address = f"/deadlines/{quiet.pk}/take/"
    assert "Nobody has been told of this yet" in client.get(address).content.decode()
    assert client.post(address).status_code == 422


def test_a_closed_one_says_so(sign_in: SignIn, world: World) -> None:
    client, address = sign_in(world.ra), take_page(world)
    client.post(f"/obligations/{world.late.pk}/submit/",
                {"version": "1", "submitted_on": "2026-01-02", "evidence": "Notice 7"})  # fmt: skip
    assert "This is done" in client.get(address).content.decode()
    assert client.post(address).status_code == 409


def test_several_are_taken_from_the_list_and_what_cannot_be_is_said(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.head)
    clocks = [world.clock_of(one).pk for one in (world.late, world.agreed, world.milestone)]
    page = client.post("/deadlines/take/", {"deadline": clocks, "next": "/?who=all"}, follow=True).content.decode()
    assert "You have taken 2." in page
    assert "Nobody has been told of this yet" in page
    assert len(answers(world)) == 2


def test_not_answered_and_seen_are_two_things(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    assert "PMR-1" in client.get("/notices/?show=unanswered").content.decode()
    client.post(take_page(world))
    assert "PMR-1" not in client.get("/notices/?show=unanswered").content.decode()
    page = client.get("/notices/").content.decode()
    assert "PMR-1" in page
    assert "took it" in page
    assert client.get("/notices/?show=nonsense").context["show"] == "unseen"


def test_the_deadlines_page_says_who_was_told_by_which_way_and_who_comes_next(sign_in: SignIn, world: World) -> None:
    client, pk = sign_in(world.head), world.clock_of(world.late).pk
    page = client.get(f"/deadlines/{pk}/").content.decode()
    for words in (world.ra.name, "(owner)", "in the app · sent", "e-mail · waiting", "If nobody acts"):
        assert words in page
    client.post(f"/deadlines/{pk}/take/")
    assert f"{world.head.name} took it" in client.get(f"/deadlines/{pk}/").content.decode()


def test_queries_do_not_grow_with_the_notices(sign_in: SignIn, db: None) -> None:
    owner, figures = make_user(Role.PV_OFFICER), []
    client, ladder = sign_in(owner), LadderFactory()
    for count in (2, 20):
        for _ in range(count):
            DeadlineFactory(ladder=ladder, assignee=owner, overdue=True)
        tick(driver="test")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/notices/").status_code == 200
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 20


@pytest.mark.parametrize("count", [0, 3])
def test_older_notices_are_paged(sign_in: SignIn, db: None, count: int) -> None:
    owner = make_user(Role.PV_OFFICER)
    client, ladder = sign_in(owner), LadderFactory()
    for _ in range(30 + count):
        DeadlineFactory(ladder=ladder, assignee=owner, overdue=True)
    tick(driver="test")
    after = client.get("/notices/").context["after"]
    assert bool(after) == bool(count)
    if after:
        assert len(client.get(f"/notices/?after={after}").context["notices"]) == count
