"""Log-in, log-out, language, organisation."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from tests.support.people import HOLDER_A, HOLDER_B, PASSWORD, make_user
from tests.support.portal import flat
from tests.web.conftest import SignIn

LOGIN = "/login/"


@pytest.fixture
def officer(db: None) -> User:
    return make_user(Role.PV_OFFICER)


def enter(client: Client, email: str, password: str = PASSWORD, **more: str) -> object:
    return client.post(LOGIN, {"email": email, "password": password, **more})


def test_log_in_leads_to_what_is_due(officer: User) -> None:
    client = Client()
    answer = enter(client, officer.email)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_the_address_is_read_in_any_case_and_the_password_exactly(officer: User) -> None:
    assert enter(Client(), f" {officer.email.upper()} ").status_code == 302
    assert enter(Client(), officer.email, PASSWORD.upper()).status_code == 422


def test_unknown_people_and_wrong_passwords_read_the_same(officer: User) -> None:
    wrong = enter(Client(), officer.email, "something else")
    unknown = enter(Client(), officer.email.replace("@", ".x@"), "something else")
    words = "This e-mail and password do not belong together."
    assert words in wrong.content.decode()
    assert wrong.content.decode().replace(officer.email, "") != ""
    assert strip(wrong.content.decode(), officer.email) == strip(
        unknown.content.decode(), officer.email.replace("@", ".x@")
    )


def strip(page: str, email: str) -> str:
    """The page without what differs by nature: the address typed and the form's token."""
    return "\n".join(line for line in page.replace(email, "").splitlines() if "csrfmiddlewaretoken" not in line)


def test_what_was_typed_stays_but_never_the_password(officer: User) -> None:
    page = enter(Client(), officer.email, "a wrong pass phrase").content.decode()
    assert officer.email in page
    assert "a wrong pass phrase" not in page


def test_an_inactive_person_stays_outside(officer: User) -> None:
    with acting_as(officer):
        User.objects.filter(pk=officer.pk).update(is_active=False)
    assert enter(Client(), officer.email).status_code == 422


def test_the_session_gets_a_new_key(officer: User) -> None:
    client = Client()
    client.post("/language/", {"language": "zh-hans"})
    before = client.session.session_key
    enter(client, officer.email)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///x"]
)
def test_nobody_is_sent_elsewhere(officer: User, wanted: str) -> None:
    assert enter(Client(), officer.email, next=wanted)["Location"] == "/"
    client = Client()
    client.force_login(officer)
    assert client.get(LOGIN, {"next": wanted})["Location"] == "/"
    assert client.post("/language/", {"language": "en", "next": wanted})["Location"] == "/"


def test_the_page_asked_for_comes_after_the_log_in(officer: User) -> None:
    asked = Client().get("/obligations/?kind=other")
    assert asked["Location"] == "/login/?next=%2Fobligations%2F%3Fkind%3Dother"
    assert enter(Client(), officer.email, next="/obligations/?kind=other")["Location"] == "/obligations/?kind=other"


def test_a_post_without_a_session_asks_for_the_log_in_and_comes_back_to_the_form(officer: User) -> None:
    there = f"/obligations/{officer.pk}/due/"
    assert Client().post(there)["Location"] == f"/login/?next={there.replace('/', '%2F')}"
    assert (
        Client().post("/notices/seen/", headers={"referer": "https://evil.example/"})["Location"] == "/login/?next=%2F"
    )


def test_log_out_ends_the_session(sign_in: SignIn, officer: User) -> None:
    client = sign_in(officer)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == LOGIN
    assert client.get("/")["Location"].startswith(LOGIN)


def test_a_language_chosen_before_the_log_in_becomes_the_persons_own(officer: User) -> None:
    client = Client()
    client.post("/language/", {"language": "zh-hans", "next": LOGIN})
    assert 'lang="zh-Hans"' in client.get(LOGIN).content.decode()
    enter(client, officer.email)
    officer.refresh_from_db()
    assert officer.language == "zh-hans"
    assert 'lang="zh-Hans"' in client.get("/").content.decode()


def test_the_menu_changes_the_language_for_good(sign_in: SignIn, officer: User) -> None:
    client = sign_in(officer)
    client.post("/language/", {"language": "zh-hans", "next": "/register/"})
    client.post("/language/", {"language": "tlh"})
    officer.refresh_from_db()
    assert officer.language == "zh-hans"
    client.post("/logout/")
    assert 'lang="zh-Hans"' in client.get(LOGIN).content.decode()


def test_one_works_only_for_ones_own_organisations(sign_in: SignIn, officer: User) -> None:
    client = sign_in(officer)
    for wrong in (str(HOLDER_B), "nonsense", ""):
        assert client.post("/organisation/", {"organisation": wrong}).status_code == 404
    make_user(Role.PV_OFFICER, organisation=HOLDER_B, email=officer.email)
    assert (
        client.post("/organisation/", {"organisation": str(HOLDER_B), "next": "/register/"})["Location"] == "/register/"
    )
    assert client.session["organisation"] == str(HOLDER_B)
    page = flat(client.get("/").content)
    assert f'value="{HOLDER_B}" selected' in page
    assert f'value="{HOLDER_A}"' in page


def test_somebody_without_an_organisation_is_told_so(sign_in: SignIn, db: None) -> None:
    answer = sign_in(make_user()).get("/", follow=True)
    assert answer.status_code == 403
