"""What is listed, shown and filtered; entity tags; whose rows."""

from datetime import date, timedelta

import pytest
from django.test import Client

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.accounts.roles import Role
from pv.core import clock
from tests.support import api
from tests.support.api import client_for
from tests.support.factories import DeadlineFactory, MembershipFactory, ObligationFactory, StudyProductFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user

pytestmark = pytest.mark.django_db


def keys(client: Client, resource: str, **query: object) -> list[str]:
    answer = client.get(f"/api/v1/{resource}/", query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize("resource", api.ROWS)
def test_what_is_listed_is_what_is_shown(head, resource: str) -> None:
    row = api.ROWS[resource](HOLDER_A)
    listed = [
        one
        for one in head.get(f"/api/v1/{resource}/", {"page_size": 200}).json()["results"]
        if one["id"] == str(row.pk)
    ]
    shown = head.get(f"/api/v1/{resource}/{row.pk}/").json()
    assert listed == [shown]
    assert shown["organisation"] == str(HOLDER_A)


@pytest.mark.parametrize("resource", api.ROWS)
def test_what_the_caller_has_already_is_not_sent_again(head, resource: str) -> None:
    row = api.ROWS[resource](HOLDER_A)
    address = f"/api/v1/{resource}/{row.pk}/"
    etag = head.get(address)["ETag"]
    same = head.get(address, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", etag)
    assert head.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert head.get(address, headers={"If-None-Match": "*"}).status_code == 304


def test_pages_follow_each_other_without_a_count(head) -> None:
    rows = {str(ObligationFactory().pk) for _ in range(5)}
    seen, address = [], "/api/v1/obligations/?page_size=2"
    while address:
        page = head.get(address).json()
        assert sorted(page) == ["next", "previous", "results"]
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
    assert seen == sorted(rows)


def test_obligations_are_found_by_what_they_are(head) -> None:
    running, late, done = api.obligation(), api.obligation(late=True), api.obligation(submitted=True)
    assert keys(head, "obligations", late="true") == [str(late.pk)]
    assert keys(head, "obligations", late="false") == [str(running.pk), str(done.pk)]
    assert keys(head, "obligations", state="submitted") == [str(done.pk)]
    assert keys(head, "obligations", code=late.code) == [str(late.pk)]
    assert keys(head, "obligations", authorisation=running.authorisation_id) == [str(running.pk)]
    assert keys(head, "obligations", due_to=clock.today()) == [str(late.pk)]
    assert keys(head, "obligations", owner=running.owner_id) == [str(row.pk) for row in (running, late, done)]
    assert keys(head, "obligations", organisation=HOLDER_B) == []
    shown = head.get(f"/api/v1/obligations/{late.pk}/").json()
    assert (shown["progress"], shown["slippage_days"], shown["owner_name"]) == ("late", 0, late.owner.name)


def test_deadlines_come_the_earliest_first_and_say_what_they_are(head) -> None:
    overdue, soon = DeadlineFactory(overdue=True), DeadlineFactory()
    advice = DeadlineFactory(late=True, basis="advice", due_on=clock.today() - timedelta(days=9))
    closed = DeadlineFactory(met=True, due_on=clock.today() - timedelta(days=20))
    assert keys(head, "deadlines") == [str(one.pk) for one in (closed, advice, overdue, soon)]
    assert keys(head, "deadlines", open="true", late="true") == [str(advice.pk), str(overdue.pk)]
    assert keys(head, "deadlines", overdue="true") == [str(overdue.pk)]
    assert keys(head, "deadlines", overdue="false", open="true") == [str(advice.pk), str(soon.pk)]
    assert keys(head, "deadlines", late="false") == [str(closed.pk), str(soon.pk)]
    assert keys(head, "deadlines", open="false") == [str(closed.pk)]
    assert keys(head, "deadlines", taken="true") == []
    assert keys(head, "deadlines", taken="false", subject=soon.subject) == [str(soon.pk)]
    shown = head.get(f"/api/v1/deadlines/{overdue.pk}/").json()
    assert (shown["is_late"], shown["is_overdue"], shown["rung"]) == (True, True, 0)
    assert shown["title"] == "PMR-1 Confirmatory trial"
    assert shown["path"] == f"/obligations/{overdue.subject}/"
    assert head.get(f"/api/v1/deadlines/{closed.pk}/").json()["next_alert_at"] is None


def test_a_title_is_in_the_callers_language() -> None:
    client = client_for(make_user(Role.PV_HEAD), **{"Accept-Language": "zh-hans"})
    row = DeadlineFactory()
    assert client.get(f"/api/v1/deadlines/{row.pk}/").json()["title"] == "PMR-1 确证性临床试验"


def test_the_last_working_day_is_said_where_the_calendar_is_known(head) -> None:
    saturday = DeadlineFactory(due_on=date(2026, 3, 7))
    unknown = DeadlineFactory(due_on=date(2090, 3, 7))
    assert head.get(f"/api/v1/deadlines/{saturday.pk}/").json()["last_working_day"] == "2026-03-06"
    assert head.get(f"/api/v1/deadlines/{unknown.pk}/").json()["last_working_day"] is None


def test_the_public_register_is_listed_beside_ones_own(head) -> None:
    own = api.authorisation()
    everything = keys(head, "authorisations", page_size=200)
    assert str(own.pk) in everything
    assert len(everything) > 10
    assert keys(head, "authorisations", public="false") == [str(own.pk)]
    assert str(own.pk) not in keys(head, "authorisations", public="true", page_size=200)
    assert str(own.pk) not in keys(head, "authorisations", organisation=PUBLIC_ORGANISATION, page_size=200)


def test_studies_are_found_by_their_product(head) -> None:
    link = StudyProductFactory()
    api.study()
    assert keys(head, "studies", product=link.product_id) == [str(link.study_id)]


def test_milestones_are_found_by_whether_they_are_reached(head) -> None:
    row = api.milestone()
    assert keys(head, "milestones", reached="false", study=row.study_id) == [str(row.pk)]
    assert keys(head, "milestones", reached="true") == []


def test_notices_are_ones_own(head) -> None:
    mine, other = api.notice(), api.notice(reader=make_user(Role.PV_OFFICER))
    assert keys(head, "notices") == [str(mine.pk)]
    assert keys(head, "notices", seen="true") == []
    assert head.get(f"/api/v1/notices/{other.pk}/").status_code == 404


def test_an_obligation_tells_what_was_done_to_it(head) -> None:
    row = api.obligation()
    head.post(f"/api/v1/obligations/{row.pk}/forecast/", {"forecast_on": "2031-01-01"}, content_type="application/json")
    (change,) = head.get(f"/api/v1/obligations/{row.pk}/changes/").json()
    assert (change["what"], change["new"]) == ("forecast", "2031-01-01")


def test_organisations_are_ones_own_with_ones_roles() -> None:
    user = make_user(Role.PV_HEAD)
    MembershipFactory(user=user, organisation_id=HOLDER_B, role=Role.RECORDER)
    listed = client_for(user, **{"X-Organisation": str(HOLDER_B)}).get("/api/v1/organisations/").json()["results"]
    assert [(one["id"], one["roles"], one["is_current"]) for one in listed] == [
        (str(HOLDER_A), ["pv_head"], False),
        (str(HOLDER_B), ["recorder"], True),
    ]


def test_the_organisation_named_must_be_ones_own() -> None:
    user = make_user(Role.PV_HEAD)
    for named in (str(HOLDER_B), "x", str(PUBLIC_ORGANISATION)):
        answer = client_for(user, **{"X-Organisation": named}).get("/api/v1/obligations/")
        assert (answer.status_code, answer.json()["errors"]) == (
            403,
            {"X-Organisation": ["This organisation is not yours."]},
        )


def test_somebody_without_any_organisation_sees_nothing() -> None:
    client = client_for(make_user())
    for resource in api.ROWS:
        assert client.get(f"/api/v1/{resource}/").status_code == 403


def test_nothing_can_be_cached_by_others(head) -> None:
    answer = head.get("/api/v1/obligations/")
    assert answer["Cache-Control"] == "no-store, private"
    assert {"Authorization", "Cookie", "Accept-Language"} <= {one.strip() for one in answer["Vary"].split(",")}


@pytest.mark.parametrize("resource", api.ROWS)
def test_queries_do_not_grow_with_the_rows(head, resource: str, django_assert_max_num_queries) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert head.get(f"/api/v1/{resource}/", {"page_size": 200}).status_code == 200
        return len(queries)

    api.ROWS[resource](HOLDER_A)
    one = count()
    for _ in range(3):
        api.ROWS[resource](HOLDER_A)
    assert count() == one
    assert one <= 16
