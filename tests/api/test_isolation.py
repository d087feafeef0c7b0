"""Not yours answers exactly like not there, at every address the router knows."""

from uuid import uuid4

import pytest

from pv.accounts.roles import Role
from pv.api.urls import router
from tests.support import api
from tests.support.api import client_for
from tests.support.people import HOLDER_A, HOLDER_B, make_user

pytestmark = pytest.mark.django_db

JSON = "application/json"
RESOURCES = [prefix for prefix, _, _ in router.registry if prefix != "organisations"]
ACTS = [
    (prefix, act.url_path, method)
    for prefix, viewset, _ in router.registry
    for act in viewset.get_extra_actions()
    for method in act.mapping
]


def test_every_resource_is_covered() -> None:
    assert set(RESOURCES) == set(api.ROWS)
    assert {(prefix, act) for prefix, act, method in ACTS if method == "post"} == set(api.acts())


def answer_without_id(answer) -> tuple[int, dict]:
    return answer.status_code, {k: v for k, v in answer.json().items() if k != "instance"}


@pytest.mark.parametrize("resource", RESOURCES)
def test_another_holders_rows_are_not_listed(head, resource: str) -> None:
    theirs, mine = api.ROWS[resource](HOLDER_B), api.ROWS[resource](HOLDER_A)
    text = head.get(f"/api/v1/{resource}/", {"page_size": 200}).content.decode()
    assert str(mine.pk) in text
    assert str(theirs.pk) not in text
    assert str(HOLDER_B) not in text


@pytest.mark.parametrize("resource", RESOURCES)
def test_another_holders_row_is_not_there(head, resource: str) -> None:
    theirs = api.ROWS[resource](HOLDER_B)
    found = head.get(f"/api/v1/{resource}/{theirs.pk}/")
    missing = head.get(f"/api/v1/{resource}/{uuid4()}/")
    assert answer_without_id(found) == answer_without_id(missing)
    assert found.status_code == 404


@pytest.mark.parametrize(("resource", "act", "method"), ACTS)
def test_another_holders_row_cannot_be_acted_on(head, resource: str, act: str, method: str) -> None:
    theirs = api.ROWS[resource](HOLDER_B)
    body = api.acts().get((resource, act), {})
    send = getattr(head, method)
    found = send(f"/api/v1/{resource}/{theirs.pk}/{act}/", body, content_type=JSON)
    missing = send(f"/api/v1/{resource}/{uuid4()}/{act}/", body, content_type=JSON)
    assert answer_without_id(found) == answer_without_id(missing)
    assert found.status_code == 404


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_filter_by_another_holders_key_finds_what_a_made_up_one_finds(head, resource: str) -> None:
    theirs = api.ROWS[resource](HOLDER_B)
    viewset = next(viewset for prefix, viewset, _ in router.registry if prefix == resource)
    for name in viewset.filterset_class.base_filters:
        value = getattr(theirs, f"{name}_id", None) or (HOLDER_B if name == "organisation" else None)
        if value is None:
            continue
        found = head.get(f"/api/v1/{resource}/", {name: value}).json()
        assert found == head.get(f"/api/v1/{resource}/", {name: uuid4()}).json()


def test_a_token_reads_its_own_organisations_only_even_when_another_is_named() -> None:
    theirs = api.obligation(HOLDER_B)
    client = client_for(make_user(Role.PV_HEAD), **{"X-Organisation": str(HOLDER_B)})
    assert client.get(f"/api/v1/obligations/{theirs.pk}/").status_code == 403


def test_requests_of_two_holders_in_turn_never_mix(head, rival) -> None:
    mine, theirs = api.obligation(HOLDER_A), api.obligation(HOLDER_B)
    for _ in range(3):
        for client, own, other in ((head, mine, theirs), (rival, theirs, mine)):
            text = client.get("/api/v1/obligations/").content.decode()
            assert str(own.pk) in text
            assert str(other.pk) not in text
