"""What is new is recorded by the same services as in the portal: 201 with its address, once for each key."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Deadline
from pv.obligations.models import Obligation
from pv.products.models import Authorisation, Product, StudyProduct
from tests.support import api
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db

JSON = "application/json"
KEY = {"Idempotency-Key": "0d3cf6b0-8e31-4a1d-a7dc-5fe2c8b1a0f1"}
NEW = ["products", "authorisations", "studies", "obligations", "milestones"]
each_resource = pytest.mark.parametrize("resource", NEW)
# Who must be named in each body, and is looked for among one's own rows only.
PARENTS = {
    "authorisations": ("product", api.product),
    "obligations": ("authorisation", api.authorisation),
    "milestones": ("study", api.study),
}


def post(client: Client, resource: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/{resource}/", body, content_type=JSON, headers=headers)


def owner() -> str:
    return str(make_user(Role.CLINICAL_OPERATIONS).pk)


def promise(**more: Any) -> dict[str, Any]:
    return {
        "code": "PMR-77",
        "kind": "confirmatory_trial",
        "title_en": "Confirmatory trial",
        "title_zh": "确证性临床试验",
        "sentence": "应于批准后四年内完成确证性临床试验。",
        "document": "Registration certificate",
        "page": "2",
        "owner": owner(),
        "due_on": str(clock.today() + timedelta(days=900)),
    } | more


def body(resource: str) -> dict[str, Any]:
    match resource:
        case "products":
            return {"key": "x-cel", "inn": "xcel", "product_class": "CAR-T", "product_class_zh": "CAR-T"}
        case "authorisations":
            return {
                "key": "x-cel/LBCL",
                "product": str(api.product().pk),
                "holder_en": "Holder A",
                "indication_en": "Adults with lymphoma",
                "kind": "conditional",
                "approved_on": "2026-01-15",
                "promises": [promise()],
            }
        case "studies":
            given = {"protocol": "X-301", "kind": "confirmatory", "title_en": "A trial", "title_zh": "一项试验"}
            return given | {"products": [str(api.product().pk)], "registry_numbers": ["CTR20260001"]}
        case "obligations":
            return promise(authorisation=str(api.authorisation().pk), study=str(api.study().pk))
        case _:
            planned = str(clock.today() + timedelta(days=90))
            return {"study": str(api.study().pk), "kind": "study_complete", "planned_on": planned, "owner": owner()}


def count(resource: str) -> int:
    with setting_up():
        model = type(api.ROWS[resource](HOLDER_A))
        return model.objects.for_organisations([HOLDER_A]).count()


@each_resource
def test_a_new_record_is_answered_with_its_address_and_tag(head, resource: str) -> None:
    answer = post(head, resource, body(resource))
    assert answer.status_code == 201, answer.content
    assert answer["Location"] == f"/api/v1/{resource}/{answer.json()['id']}/"
    shown = head.get(answer["Location"])
    assert (shown.json(), shown["ETag"]) == (answer.json(), answer["ETag"])
    assert shown.json()["organisation"] == str(HOLDER_A)


@each_resource
def test_asked_again_with_the_same_key_it_is_recorded_once(head, resource: str) -> None:
    given, before = body(resource), count(resource)
    first, again = (post(head, resource, given, **KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert (again.json(), again["ETag"], again["Location"]) == (first.json(), first["ETag"], first["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert count(resource) == before + 2  # count() itself leaves a row each time


@each_resource
def test_without_a_key_the_second_is_refused_in_words(head, resource: str) -> None:
    given = body(resource)
    assert post(head, resource, given).status_code == 201
    again = post(head, resource, given)
    assert (again.status_code, len(again.json()["errors"])) == (422, 1)
    assert "already" in again.json()["detail"]


@each_resource
def test_a_role_that_may_only_read_records_nothing(machine, resource: str) -> None:
    given = body(resource)
    answer = post(machine(Role.AUDITOR), resource, given)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert "It may be done by" in answer.json()["detail"]


@pytest.mark.parametrize("resource", PARENTS)
def test_what_belongs_to_another_holder_is_not_there(head, resource: str) -> None:
    field, make = PARENTS[resource]
    theirs = post(head, resource, body(resource) | {field: str(make(HOLDER_B).pk)})
    missing = post(head, resource, body(resource) | {field: str(HOLDER_B)})
    assert (theirs.status_code, missing.status_code) == (404, 404)
    assert theirs.json()["detail"] == missing.json()["detail"]


@each_resource
def test_another_organisation_cannot_be_written_for(head, resource: str) -> None:
    answer = post(head, resource, body(resource), **{"X-Organisation": str(HOLDER_B)})
    assert answer.status_code == 403


def test_it_is_written_for_the_organisation_that_is_named(machine) -> None:
    machine(Role.PV_HEAD)
    both = machine(Role.PV_HEAD, organisation=HOLDER_B)
    assert post(both, "products", body("products")).json()["organisation"] == str(HOLDER_B)


@each_resource
def test_what_is_missing_is_named(head, resource: str) -> None:
    answer = post(head, resource, {})
    assert answer.status_code == 400
    required = {"products": "key", "authorisations": "product", "studies": "protocol", "obligations": "authorisation"}
    assert required.get(resource, "study") in answer.json()["errors"]


def test_a_conditional_approval_brings_its_obligations_and_their_clocks(head) -> None:
    answer = post(head, "authorisations", body("authorisations"))
    opened = head.get("/api/v1/obligations/", {"authorisation": answer.json()["id"]}).json()["results"]
    assert [(one["code"], one["basis"]) for one in opened] == [("PMR-77", "legal")]
    with setting_up():
        assert Deadline.objects.for_organisations([HOLDER_A]).filter(subject=opened[0]["id"], closed_at=None).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"promises": []}, "kind"),
        ({"promises": None}, "kind"),
        ({"kind": "full"}, "kind"),
        ({"promises": "other kind"}, "kind"),
        ({"approved_on": "0026-01-15"}, "approved_on"),
        ({"approved_on": None, "approved_precision": "day"}, "approved_on"),
        ({"expires_on": "2025-01-15"}, "expires_on"),
    ],
)
def test_an_approval_that_contradicts_itself_leaves_nothing_behind(head, change: dict[str, Any], field: str) -> None:
    given = body("authorisations")
    if change.get("promises") == "other kind":
        change = {"promises": [promise(kind="other")]}
    given |= change
    if given["promises"] is None:
        del given["promises"]
    answer = post(head, "authorisations", given)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    with setting_up():
        assert not Authorisation.objects.for_organisations([HOLDER_A]).filter(key="x-cel/LBCL").exists()
        assert not Obligation.objects.for_organisations([HOLDER_A]).filter(code="PMR-77").exists()


def test_a_full_approval_is_recorded_alone(head) -> None:
    given = body("authorisations") | {"kind": "full", "promises": []}
    shown = post(head, "authorisations", given).json()
    assert (shown["status"], shown["kind_certainty"], shown["approved_precision"]) == ("full", "confirmed", "day")


def test_a_date_by_a_rule_is_computed(head) -> None:
    given = body("obligations") | {"due_on": None, "due_source": "rule", "rule": "CN-CA-MAX"}
    answer = post(head, "obligations", given)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["counted_from"])
    shown = post(head, "obligations", given | {"counted_from": "2026-01-15"}).json()
    assert (shown["due_on"], shown["due_source"], shown["rule_code"]) == ("2030-01-15", "rule", "CN-CA-MAX")
    assert shown["working"] == "2026-01-15 + 4 years"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"owner": str(HOLDER_A)}, 400, "owner"),
        ({"due_on": "1926-01-01"}, 422, "due_on"),
        ({"rule": "CN-CA-MAX", "counted_from": "2026-01-15"}, 422, "due_on"),
        ({"due_source": "rule"}, 422, "due_source"),
        ({"due_on": None}, 422, "due_on"),
        ({"sentence_language": "fr"}, 400, "sentence_language"),
        ({"code": "x" * 41}, 400, "code"),
    ],
)
def test_a_promise_that_cannot_be_kept_as_it_stands_names_its_field(
    head, change: dict[str, Any], status: int, field: str
) -> None:
    answer = post(head, "obligations", body("obligations") | change)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])


def test_somebody_of_another_holder_owns_nothing_here(head) -> None:
    stranger = make_user(Role.PV_HEAD, organisation=HOLDER_B)
    answer = post(head, "milestones", body("milestones") | {"owner": str(stranger.pk)})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["owner"])


def test_a_product_points_to_the_public_register_only(head) -> None:
    with setting_up():
        entry = Product.objects.for_organisations([PUBLIC_ORGANISATION]).first()
    assert entry is not None
    shown = post(head, "products", body("products") | {"public_entry": str(entry.pk)}).json()
    assert shown["public_entry"] == str(entry.pk)
    mine = post(head, "products", body("products") | {"key": "y", "public_entry": str(api.product().pk)})
    assert (mine.status_code, list(mine.json()["errors"])) == (404, ["public_entry"])


def test_a_study_names_its_products_once_each(head) -> None:
    given = body("studies")
    twice = post(head, "studies", given | {"products": given["products"] * 2})
    assert (twice.status_code, list(twice.json()["errors"])) == (422, ["products"])
    pk = post(head, "studies", given).json()["id"]
    with setting_up():
        about = StudyProduct.objects.for_organisations([HOLDER_A]).filter(study_id=pk)
        assert [str(one.product_id) for one in about] == given["products"]


def test_a_milestone_starts_its_clock(head) -> None:
    shown = post(head, "milestones", body("milestones")).json()
    assert shown["due_on"] == shown["planned_on"]
    with setting_up():
        found = Deadline.objects.for_organisations([HOLDER_A]).get(subject=shown["id"])
    assert found.due_on == date.fromisoformat(shown["planned_on"])


def test_a_key_used_for_an_act_does_not_record(head) -> None:
    row = api.obligation()
    assert (
        head.post(
            f"/api/v1/obligations/{row.pk}/forecast/", {"forecast_on": "2031-01-01"}, content_type=JSON, headers=KEY
        ).status_code
        == 200
    )
    answer = post(head, "obligations", body("obligations"), **KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize(("resource", "most"), [("products", 15), ("studies", 17), ("obligations", 31)])
def test_queries_of_a_new_record(head, resource: str, most: int) -> None:
    given = body(resource)
    with CaptureQueriesContext(connection) as queries:
        assert post(head, resource, given).status_code == 201
    assert len(queries) <= most


def test_queries_for_each_promise_more(head) -> None:
    figures = []
    for n in (1, 2, 3):
        given = body("authorisations") | {"key": f"x-cel/{n}"}
        given["promises"] = [promise(code=f"PMR-{n}-{k}") for k in range(n)]
        with CaptureQueriesContext(connection) as queries:
            assert post(head, "authorisations", given).status_code == 201
        figures.append(len(queries))
    assert figures[2] - figures[1] == figures[1] - figures[0]


def test_the_description_says_what_comes_back(client: Client) -> None:
    paths = client.get("/api/v1/schema/").json()["paths"]
    for resource in NEW:
        described = paths[f"/api/v1/{resource}/"]["post"]
        assert set(described["responses"]["201"]["headers"]) == {"Location", "ETag"}
        headers = {one["name"] for one in described["parameters"] if one["in"] == "header"}
        assert headers == {"X-Organisation", "Idempotency-Key"}


def test_a_moved_date_is_stated_by_somebody(head) -> None:
    given = {"due_on": "2031-01-01", "reason": "letter", "evidence": "letter 7", "due_source": "rule"}
    answer = head.post(f"/api/v1/obligations/{api.obligation().pk}/due/", given, content_type=JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["due_source"])
