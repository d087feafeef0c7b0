"""Tokens: the way in for machines."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from knox.models import AuthToken

from pv.accounts.models import FailedLogin, User
from pv.accounts.roles import Role
from tests.support.api import client_for, token_of
from tests.support.people import PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db

ME = "/api/v1/organisations/"


def log_in(email: str, password: str = PASSWORD, **more: str):
    body = {"email": email, "password": password}
    return Client(**more).post("/api/v1/tokens/", body, content_type="application/json")


def test_address_and_password_give_a_token_that_works_and_ends() -> None:
    user = make_user(Role.RECORDER)
    answer = log_in(user.email.upper())
    assert answer.status_code == 201
    assert sorted(answer.json()) == ["expiry", "token"]
    client = Client(headers={"Authorization": f"Token {answer.json()['token']}"})
    assert client.get(ME).status_code == 200
    assert client.delete("/api/v1/tokens/current/").status_code == 204
    assert client.get(ME).status_code == 401


def test_a_token_is_shown_once_and_kept_as_a_hash() -> None:
    user = make_user(Role.RECORDER)
    text = log_in(user.email).json()["token"]
    assert text not in str(AuthToken.objects.get(user=user).digest)
    assert Client().get("/api/v1/tokens/").status_code == 405
    assert client_for(user).get("/api/v1/tokens/current/").status_code == 405


def test_an_unknown_address_and_a_wrong_password_are_answered_alike() -> None:
    user = make_user(Role.RECORDER)
    answers = [log_in("nobody@a.example"), log_in(user.email, "wrong"), log_in(user.email, "")]
    bodies = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401, 400]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "wrong_credentials"
    assert answers[0]["WWW-Authenticate"] == "Token"
    assert answers[0]["Content-Type"] == "application/problem+json"


def test_somebody_who_left_gets_none_and_their_tokens_end() -> None:
    user = make_user(Role.RECORDER)
    client = client_for(user)
    with setting_up():
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert log_in(user.email).status_code == 401
    assert client.get(ME).status_code == 401


def test_too_many_failures_are_told_to_wait_even_with_the_right_password() -> None:
    user, other = make_user(Role.RECORDER), make_user(Role.PV_HEAD)
    for _ in range(10):
        assert log_in(user.email, "wrong").status_code == 401
    answer = log_in(user.email)
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (429, "900", "throttled")
    assert log_in(other.email).status_code == 201


def test_failures_from_one_place_are_counted_whatever_the_address() -> None:
    FailedLogin.objects.bulk_create(FailedLogin(subject=f"{n}", source="127.0.0.1") for n in range(50))
    assert log_in(make_user(Role.RECORDER).email).status_code == 429


def test_a_forged_forwarding_header_starts_no_new_count() -> None:
    for n in range(10):
        log_in("nobody@a.example", headers={"X-Forwarded-For": f"10.0.0.{n}"})
    assert set(FailedLogin.objects.values_list("source", flat=True)) == {"127.0.0.1"}


def test_old_failures_are_forgotten() -> None:
    user = make_user(Role.RECORDER)
    for _ in range(10):
        log_in(user.email, "wrong")
    rows = [FailedLogin(subject=row.subject, source=row.source) for row in FailedLogin.objects.all()]
    FailedLogin.objects.all().delete()
    FailedLogin.objects.bulk_create(rows)
    with pytest.raises(Exception, match="permission denied"):
        FailedLogin.objects.update(at=Now() - timedelta(minutes=16))


@pytest.mark.parametrize(
    "header", ["Token", "Token a b", "Token ünknown", "Token " + "0" * 64, "Bearer x", "Token \x00"]
)
def test_whatever_is_wrong_with_a_token_is_401(header: str) -> None:
    answer = Client(headers={"Authorization": header}).get(ME)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token")


def test_an_expired_token_is_not_valid() -> None:
    user = make_user(Role.RECORDER)
    _, text = AuthToken.objects.create(user=user, expiry=timedelta(seconds=-1))
    assert Client(headers={"Authorization": f"Token {text}"}).get(ME).status_code == 401


def test_the_oldest_of_too_many_tokens_end(settings) -> None:
    settings.TOKENS_FOR_ONE_PERSON = 3
    user = make_user(Role.RECORDER)
    texts = [token_of(user) for _ in range(3)]
    assert log_in(user.email).status_code == 201
    assert AuthToken.objects.filter(user=user).count() == 3
    assert Client(headers={"Authorization": f"Token {texts[0]}"}).get(ME).status_code == 401


def test_what_was_sent_is_checked_first() -> None:
    answer = Client().post("/api/v1/tokens/", {"email": "x"}, content_type="application/json")
    assert answer.status_code == 400
    assert sorted(answer.json()["errors"]) == ["email", "password"]
