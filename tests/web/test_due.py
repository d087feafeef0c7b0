"""The home page's list: whose, which, in what order, and at what cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Deadline
from tests.support.factories import DeadlineFactory, LadderFactory
from tests.support.people import HOLDER_B, make_user
from tests.support.portal import World, codes, flat
from tests.web.conftest import SignIn


def many(count: int, owner: User, **more: object) -> list[Deadline]:
    ladder = LadderFactory()
    return [
        DeadlineFactory(
            ladder=ladder, assignee=owner, due_on=clock.today() + timedelta(days=n),
            args={"code": f"N-{n:03}", "title_en": "T", "title_zh": "T"}, **more,
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def test_ones_own_come_first_and_all_for_who_owns_nothing(sign_in: SignIn, world: World) -> None:
    assert codes(sign_in(world.officer).get("/").content) == ["AGR-1"]
    assert len(codes(sign_in(world.head).get("/").content)) == 4


def test_a_team_is_who_holds_the_same_role_and_what_nobody_owns(sign_in: SignIn, world: World) -> None:
    second = make_user(Role.PV_OFFICER, email="second@a.example")
    DeadlineFactory(assignee=None, args={"code": "NOBODY", "title_en": "T", "title_zh": "T"})
    assert codes(sign_in(second).get("/?who=team").content) == ["AGR-1", "NOBODY"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("state=late", ["AGR-1", "PMR-1"]),
        ("state=open", ["AGR-1", "PMR-1", "CONF", "PMR-2"]),
        ("state=done", []),
        ("basis=legal", ["PMR-1", "PMR-2"]),
        ("basis=internal&state=late", ["AGR-1"]),
        ("kind=obligation", ["AGR-1", "PMR-1", "PMR-2"]),
        ("sort=-due", ["PMR-2", "CONF", "PMR-1", "AGR-1"]),
        ("kind=nonsense&basis=x&product=1&sort=%00&after=zzz&state=&who=us", ["AGR-1", "PMR-1", "CONF", "PMR-2"]),
    ],
)
def test_the_address_says_what_is_shown(sign_in: SignIn, world: World, query: str, wanted: list[str]) -> None:
    address = f"/?{query}" if "who=" in query else f"/?who=all&{query}"
    found = [
        code if not code.startswith("CONF") else "CONF" for code in codes(sign_in(world.head).get(address).content)
    ]
    assert found == wanted


def test_late_today_and_this_week_are_counted(sign_in: SignIn, db: None) -> None:
    owner = make_user(Role.PV_OFFICER)
    for days in (-3, 0, 5, 20, 60):
        DeadlineFactory(assignee=owner, due_on=clock.today() + timedelta(days=days))
    DeadlineFactory(assignee=owner, due_on=clock.today() - timedelta(days=2), basis="internal")
    counts = sign_in(owner).get("/").context["counts"]
    assert counts == {"late": 2, "overdue": 1, "today": 1, "week": 2, "month": 3}
    page = sign_in(owner).get("/").content.decode()
    assert "If nobody acts for 30 days, 3 more will be late." in page
    assert len(codes(sign_in(owner).get("/?state=month").content)) == 3


def test_overdue_is_said_of_legal_ones_only(sign_in: SignIn, world: World) -> None:
    page = sign_in(world.head).get("/?who=all").content.decode()
    assert page.count("overdue 6 days") == 1
    assert page.count("late 20 days") == 1


def test_pages_follow_each_other_without_gap_or_double(sign_in: SignIn, db: None) -> None:
    owner = make_user(Role.PV_OFFICER)
    many(120, owner)
    client, seen, address = sign_in(owner), [], "/?sort=due"
    while address:
        answer = client.get(address)
        seen += codes(answer.content)
        after = answer.context["list"].after
        address = f"/?sort=due&after={after}" if after else ""
    assert seen == [f"N-{n:03}" for n in range(1, 121)]


@pytest.mark.parametrize("sort", ["-due", "kind", "first"])
def test_each_order_can_be_paged(sign_in: SignIn, db: None, sort: str) -> None:
    owner = make_user(Role.PV_OFFICER)
    many(60, owner)
    client = sign_in(owner)
    first = client.get(f"/?sort={sort}")
    rest = client.get(f"/?sort={sort}&after={first.context['list'].after}")
    assert len(set(codes(first.content) + codes(rest.content))) == 60


def test_queries_are_few_and_do_not_grow_with_the_rows(sign_in: SignIn, db: None) -> None:
    owner = make_user(Role.PV_OFFICER)
    client, figures = sign_in(owner), []
    for count in (2, 40):
        many(count, owner)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/?who=all").status_code == 200
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 26


def test_the_list_says_whose_row_it_is_for_who_works_for_several(sign_in: SignIn, world: World) -> None:
    both = make_user(Role.PV_HEAD, email="both@a.example")
    make_user(Role.PV_HEAD, organisation=HOLDER_B, email="both@a.example")
    DeadlineFactory(organisation_id=HOLDER_B, args={"code": "B-1", "title_en": "T", "title_zh": "T"})
    client = sign_in(both)
    page = client.get("/?who=all").content.decode()
    assert "B-1" in page
    assert "Holder B</td>" in flat(page)
    assert codes(client.get(f"/?who=all&organisation={HOLDER_B}").content) == ["B-1"]


def test_rows_say_who_has_taken_them(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.head)
    assert 'name="one"' in client.get("/?who=all&state=late").content.decode()
    clock_id = world.clock_of(world.late).pk
    client.post("/deadlines/take/", {"one": str(clock_id), "next": "/?who=all"})
    assert f"{world.head.name} has it" in client.get("/?who=all").content.decode()
