"""What went wrong, said calmly, in the reader's language, without asking the database."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from tests.support.people import make_user
from tests.support.portal import World
from tests.web.conftest import SignIn


def away(*_args: Any, **_more: Any) -> Any:
    raise OperationalError("connection refused")


def broken(*_args: Any, **_more: Any) -> Any:
    raise ZeroDivisionError("a patient's name")


@pytest.mark.parametrize(("language", "words"), [("en", "There is no such page"), ("zh-hans", "没有该页面")])
def test_not_found_keeps_the_frame(sign_in: SignIn, db: None, language: str, words: str) -> None:
    answer = sign_in(make_user(Role.PV_OFFICER), language).get("/nothing/here/")
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (404, True)
    assert 'class="side"' in page


def test_a_visitor_gets_it_in_the_browsers_language(db: None) -> None:
    page = Client().get("/nothing/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).content.decode()
    assert "没有该页面" in page
    assert 'class="side"' not in page


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_the_database_away_is_said_and_asked_again(
    sign_in: SignIn, world: World, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_args: Any, **_more: Any) -> Any:
        raise error("gone")

    monkeypatch.setattr("pv.accounts.middleware.access_of", fail)
    client = sign_in(world.ra)
    client.raise_request_exception = False
    answer = client.get("/obligations/", headers={"Accept-Language": "zh-CN"})
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "暂时无法连接数据库" in page
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_page_for_it_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database is allowed in this test at all: neither session nor person can be read."""
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    for place in ("django.contrib.sessions.backends.db.SessionStore.load", "pv.accounts.middleware.access_of"):
        monkeypatch.setattr(place, away)
    monkeypatch.setattr("pv.accounts.context.transaction.atomic", away)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "The database cannot be reached at the moment" in answer.content.decode()


def test_the_database_dying_inside_a_page_is_the_same(
    sign_in: SignIn, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pv.web.views.register.totals", away)
    client = sign_in(world.ra)
    client.raise_request_exception = False
    assert client.get("/register/").status_code == 503


def test_a_fault_of_ours_shows_a_number_and_no_detail(
    sign_in: SignIn, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pv.web.views.register.totals", broken)
    client = sign_in(world.ra)
    client.raise_request_exception = False
    answer = client.get("/register/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in page
    assert "patient" not in page
    assert "ZeroDivision" not in page


def test_error_pages_ask_nothing(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    with CaptureQueriesContext(connection) as queries:
        client.get("/nothing/")
    # session, person, roles, the context's settings and organisations; the page itself adds none
    assert len(queries) <= 8


def test_a_form_that_stood_open_across_a_log_in_says_that_its_text_is_kept(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.ra)
    answer = client.post(f"/obligations/{world.risky.pk}/due/", {"due_on": "2030-01-01"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This page stood open too long" in page
    assert f'href="/obligations/{world.risky.pk}/due/"' in page


def test_a_bad_request_has_its_page(db: None) -> None:
    answer = Client().get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "could not be understood" in answer.content.decode()


def test_only_the_methods_of_a_page_are_answered(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    assert client.post("/register/").status_code == 405
    assert client.get("/notices/seen/").status_code == 405
    assert client.delete("/").status_code == 405
