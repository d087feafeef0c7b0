"""Guessing passwords is slow, by whichever door, and nobody starts a new count by forging where they come from."""

import pytest
from django.test import Client, RequestFactory

from pv.accounts.models import FailedLogin
from pv.accounts.roles import Role
from pv.accounts.throttle import source_of
from tests.support.people import PASSWORD, make_user

FORWARDED = "203.0.113.9, 198.51.100.7, 10.0.0.5"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "source"),
    [
        (0, FORWARDED, "192.0.2.1"),
        (1, FORWARDED, "10.0.0.5"),
        (2, FORWARDED, "198.51.100.7"),
        (9, FORWARDED, "203.0.113.9"),
        (1, "", "192.0.2.1"),
        (1, " , ", "192.0.2.1"),
        (1, "x" * 100, "x" * 64),
    ],
)
def test_only_the_proxies_in_front_are_believed(settings, rf: RequestFactory, proxies, forwarded, source) -> None:
    settings.PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.1")
    assert source_of(request) == source


def test_a_request_through_a_socket_comes_from_nowhere(rf: RequestFactory) -> None:
    request = rf.get("/")
    del request.META["REMOTE_ADDR"]
    assert source_of(request) == ""


@pytest.mark.django_db
def test_both_doors_count_together() -> None:
    user = make_user(Role.RECORDER)

    def through_the_portal(password: str) -> tuple[int, str]:
        answer = Client().post("/login/", {"email": user.email, "password": password})
        return answer.status_code, answer.content.decode()

    def through_the_api(password: str) -> int:
        body = {"email": user.email, "password": password}
        return Client().post("/api/v1/tokens/", body, content_type="application/json").status_code

    for _ in range(5):
        assert through_the_portal("wrong")[0] == 422
        assert through_the_api("wrong") == 401
    status, page = through_the_portal(PASSWORD)
    assert status == 422
    assert "Too many attempts have failed" in page
    assert through_the_api(PASSWORD) == 429


@pytest.mark.django_db
def test_the_right_password_leaves_no_trace_of_failure() -> None:
    user = make_user(Role.RECORDER)
    assert Client().post("/login/", {"email": user.email, "password": PASSWORD}).status_code == 302
    assert not FailedLogin.objects.exists()
