"""What a holder begins with, in the portal: each form, whoever opens it, and a click that comes twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Deadline
from pv.obligations.models import Obligation
from pv.products.models import Authorisation, Product, Study
from tests.support.database import Urls
from tests.support.factories import AuthorisationFactory, ProductFactory, StudyFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up
from tests.support.portal import World, flat, open_obligation
from tests.web.conftest import SignIn

FORMS = {
    "product": "/products/new/",
    "study": "/studies/new/",
    "authorisation": "/authorisations/new/",
    "conditional": "/authorisations/new/conditional/",
    "obligation": "/obligations/new/",
}
MODELS = {
    "product": Product,
    "study": Study,
    "authorisation": Authorisation,
    "conditional": Authorisation,
    "obligation": Obligation,
}
each_form = pytest.mark.parametrize("name", FORMS)


def promise() -> dict[str, Any]:
    return {
        "code": "PMR-77",
        "kind": "confirmatory_trial",
        "title_en": "Confirmatory trial",
        "title_zh": "确证性临床试验",
        "study": "",
        "sentence": "应于批准后四年内完成确证性临床试验。",
        "sentence_language": "zh-hans",
        "document": "Registration certificate",
        "page": "2",
        "due_source": "certificate",
        "due_on": "2030-01-15",
        "rule": "",
        "counted_from": "",
        "owner": str(make_user(Role.CLINICAL_OPERATIONS).pk),
    }


def approval() -> dict[str, Any]:
    return {
        "product": str(ProductFactory().pk),
        "key": "x-cel/LBCL",
        "indication_en": "Adults with lymphoma",
        "indication_zh": "淋巴瘤成人患者",
        "public_entry": "",
        "holder_en": "Holder A",
        "holder_zh": "持有人甲",
        "certificate_number": "S20260001",
        "approved_on": "2026年1月15日",
        "study_complete_on": "",
        "application_by": "2030-01-15",
        "expires_on": "",
    }


def typed(name: str) -> dict[str, Any]:
    """What somebody types into a form, the product ticked."""
    match name:
        case "product":
            given = {"key": "x-cel", "inn": "xcel", "product_class": "CAR-T", "product_class_zh": "CAR-T"}
            given |= dict.fromkeys(
                ("generic_zh", "brand_en", "brand_zh", "target", "vector", "vector_zh", "public_entry"), ""
            )
            given |= {"integrating": "yes"}
        case "study":
            given = {"protocol": "X-301", "kind": "confirmatory", "title_en": "A trial", "title_zh": "一项试验"}
            given |= {"registry_numbers": "CTR20260001, NCT01234567", "planned_patients": "90", "enrolled_patients": ""}
            given |= {f"product-{ProductFactory().pk}": "on"}
        case "authorisation":
            given = approval() | {"kind": "full"}
        case "conditional":
            given = approval() | promise()
        case _:
            given = promise() | {"authorisation": str(AuthorisationFactory().pk)}
    return given | {"organisation": str(HOLDER_A)}


def stored(name: str) -> int:
    with setting_up():
        return int(MODELS[name].objects.for_organisations([HOLDER_A]).count())


def one(code: str = "PMR-77") -> Obligation:
    with setting_up():
        return Obligation.objects.for_organisations([HOLDER_A]).select_related("authorisation").get(code=code)


@pytest.fixture
def ra(sign_in: SignIn) -> Client:
    """Regulatory affairs of holder A."""
    return sign_in(make_user(Role.REGULATORY_AFFAIRS))


@each_form
def test_what_is_typed_is_recorded_and_said(ra: Client, name: str) -> None:
    given, before = typed(name), stored(name)
    answer = ra.post(FORMS[name], given, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain, answer.context["form"].errors
    assert stored(name) == before + 1
    assert f'data-draft-done="new-{name}-{HOLDER_A}"' in page
    assert "recorded" in page


@each_form
def test_a_double_click_stores_once(ra: Client, name: str) -> None:
    given, before = typed(name), stored(name)
    answers = [ra.post(FORMS[name], given) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert stored(name) == before + 1


@each_form
def test_a_number_that_is_taken_is_answered_beside_its_field(ra: Client, name: str) -> None:
    given = typed(name)
    ra.post(FORMS[name], given)
    before = stored(name)
    field = {"study": "protocol", "obligation": "code"}.get(name, "key")
    other = "title_en" if "title_en" in given and name != "conditional" else "indication_en"
    other = "inn" if name == "product" else other
    answer = ra.post(FORMS[name], given | {other: "Something else altogether"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "already" in page
    assert f'href="#id_{field}"' in page
    assert "Something else altogether" in page
    assert stored(name) == before


@each_form
def test_a_refused_form_keeps_what_was_typed(ra: Client, name: str) -> None:
    given, before = typed(name), stored(name)
    wrong = {name: "" for name in ("key", "protocol", "code") if name in given}
    answer = ra.post(FORMS[name], given | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert "data-bound" in page
    for field, value in given.items():
        if field not in wrong and value and field != "organisation":
            bound = answer.context["form"][field].value()
            assert bound is True or str(bound) == value, field
    assert stored(name) == before


@each_form
def test_an_empty_form_names_every_field_that_is_needed(ra: Client, name: str) -> None:
    answer = ra.post(FORMS[name])
    page = answer.content.decode()
    assert answer.status_code == 422
    needed = {"product": "product_class", "study": "title_en", "authorisation": "approved_on"}.get(name, "sentence")
    assert needed in answer.context["form"].errors
    assert page.count('class="field wrong"') == len(set(answer.context["form"].errors) - {"organisation"})


@each_form
@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.QA_CMC, Role.AUTHORITY])
def test_who_may_not_write_gets_no_form(sign_in: SignIn, name: str, role: Role) -> None:
    client, given = sign_in(make_user(role)), typed(name)
    assert client.get(FORMS[name]).status_code == 403
    answer = client.post(FORMS[name], given)
    assert answer.status_code == 403
    assert "It may be done by" in answer.content.decode()


@each_form
def test_another_organisation_is_not_there(ra: Client, name: str) -> None:
    given = typed(name)
    theirs = ra.post(FORMS[name], given | {"organisation": str(HOLDER_B)})
    missing = ra.post(FORMS[name], given | {"organisation": str(uuid4())})
    assert (theirs.status_code, missing.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("name", "field", "make"),
    [
        ("conditional", "product", ProductFactory),
        ("authorisation", "product", ProductFactory),
        ("obligation", "authorisation", AuthorisationFactory),
        ("obligation", "study", StudyFactory),
    ],
)
def test_rows_of_another_holder_are_no_choice(ra: Client, name: str, field: str, make: Any) -> None:
    theirs = make(organisation_id=HOLDER_B)
    answer = ra.post(FORMS[name], typed(name) | {field: str(theirs.pk)})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert str(theirs.pk) not in [key for key, _label in answer.context["form"].fields[field].choices]


def test_people_of_another_holder_own_nothing_here(ra: Client) -> None:
    stranger = make_user(Role.PV_HEAD, organisation=HOLDER_B)
    answer = ra.post(FORMS["obligation"], typed("obligation") | {"owner": str(stranger.pk)})
    assert list(answer.context["form"].errors) == ["owner"]
    assert stranger.name not in answer.content.decode()


def test_it_is_recorded_where_the_form_was_opened(sign_in: SignIn) -> None:
    both = make_user(Role.REGULATORY_AFFAIRS)
    make_user(Role.REGULATORY_AFFAIRS, organisation=HOLDER_B, email=both.email)
    client = sign_in(both)
    client.post("/organisation/", {"organisation": str(HOLDER_B)})
    before = stored("product")
    assert client.post(FORMS["product"], typed("product")).status_code == 302
    assert stored("product") == before + 1


def test_a_conditional_approval_starts_the_clock_of_its_obligation(ra: Client) -> None:
    page = ra.post(FORMS["conditional"], typed("conditional"), follow=True).content.decode()
    row = one()
    assert "PMR-77 is recorded, due 2030-01-15 Tue." in page
    assert "Told next:" in page
    assert (row.authorisation.kind, row.authorisation.status) == ("conditional", "conditional")
    assert row.authorisation.approved_on.isoformat() == "2026-01-15"
    with setting_up():
        assert Deadline.objects.for_organisations([HOLDER_A]).get(subject=row.pk).basis == "legal"


def test_a_conditional_approval_with_another_duty_is_refused_beside_the_kind(ra: Client) -> None:
    before = stored("authorisation")
    answer = ra.post(FORMS["conditional"], typed("conditional") | {"kind": "risk_management"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["kind"])
    assert "at least one confirmatory obligation" in answer.content.decode()
    assert stored("authorisation") == before
    with setting_up():
        assert not Obligation.objects.for_organisations([HOLDER_A]).exists()


def test_a_date_before_the_approval_is_a_slip(ra: Client) -> None:
    answer = ra.post(FORMS["authorisation"], typed("authorisation") | {"expires_on": "2025-01-15"})
    assert list(answer.context["form"].errors) == ["expires_on"]
    answer = ra.post(FORMS["authorisation"], typed("authorisation") | {"approved_on": "1926-01-15"})
    assert list(answer.context["form"].errors) == ["approved_on"]


RULE = {"due_source": "rule", "due_on": "", "rule": "CN-CA-MAX", "counted_from": "2026-01-15"}


def test_a_computed_date_is_seen_before_it_is_saved(ra: Client) -> None:
    given = typed("obligation") | RULE
    answer = ra.post(FORMS["obligation"], given)
    page = flat(answer.content)
    assert answer.status_code == 200
    assert stored("obligation") == 0
    assert "Due 2030-01-15 Tue" in page
    assert "2026-01-15 + 4 years" in page
    assert "Look at it, then save once more." in page
    assert 'name="seen" value="2030-01-15"' in page
    assert ra.post(FORMS["obligation"], given | {"seen": "2030-01-15"}).status_code == 302
    row = one()
    assert (row.due_on.isoformat(), row.due_source, row.basis) == ("2030-01-15", "rule", "advice")
    assert row.working == "2026-01-15 + 4 years"


def test_another_date_than_the_one_seen_is_shown_again(ra: Client) -> None:
    given = typed("obligation") | RULE | {"counted_from": "2026-01-16", "seen": "2030-01-15"}
    assert ra.post(FORMS["obligation"], given).status_code == 200
    assert stored("obligation") == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rule": ""}, "rule"),
        ({"counted_from": ""}, "counted_from"),
        ({"counted_from": "2026-02"}, "counted_from"),
        ({"counted_from": "1950-01-01"}, "counted_from"),
        ({"rule": "CN-ICSR-SER"}, "rule"),
        ({"due_source": "certificate"}, "due_on"),
        ({"due_source": "agreed", "due_on": "2026-02-30"}, "due_on"),
    ],
)
def test_each_way_to_a_date_asks_for_its_own_fields(ra: Client, change: dict[str, str], field: str) -> None:
    answer = ra.post(FORMS["obligation"], typed("obligation") | RULE | change)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


def test_what_was_typed_for_the_other_way_counts_for_nothing(ra: Client) -> None:
    given = typed("obligation") | {"rule": "CN-CA-MAX", "counted_from": "nonsense", "due_source": "agreed"}
    assert ra.post(FORMS["obligation"], given).status_code == 302
    assert (one().due_source, one().basis, one().rule_id) == ("agreed", "internal", None)


def test_the_date_is_computed_while_one_types(ra: Client) -> None:
    def asked(**query: str) -> str:
        answer = ra.get("/obligations/new/computed/", query)
        assert answer.status_code == 200
        return flat(answer.content)

    assert 'value="2030-01-15"' in asked(rule="CN-CA-MAX", counted_from="2026年1月15日")
    assert "Due 2026-03-16 Mon" in asked(rule="CN-PSUR-DUE", counted_from="2026-01-15", organisation=str(HOLDER_A))
    assert "has no day 30" in asked(rule="CN-CA-MAX", counted_from="2026-02-30")
    assert "No rule was found" in asked(rule="XX", counted_from="2026-01-15")
    assert "This rule counts from: date of conditional approval." in asked(rule="CN-CA-MAX")
    for half in ({}, {"counted_from": "2026-01-15"}, {"rule": "CN-CA-MAX", "counted_from": "2026-01"}):
        assert "before anything is saved" in asked(**half)
    assert ra.get("/obligations/new/computed/", {"organisation": str(HOLDER_B)}).status_code == 403


def test_the_form_begins_with_what_the_link_names(ra: Client) -> None:
    approval = AuthorisationFactory()
    page = flat(ra.get(f"/obligations/new/?authorisation={approval.pk}").content)
    assert f'value="{approval.pk}" selected' in page
    assert f'data-draft="new-obligation-{HOLDER_A}-{approval.pk}"' in page
    assert ra.get("/obligations/new/?authorisation=nonsense&study=1").status_code == 200
    assert 'value="Holder A"' in ra.get(FORMS["authorisation"]).content.decode()


def test_a_product_may_be_linked_to_the_public_register(ra: Client) -> None:
    with setting_up():
        entry = Product.objects.for_organisations([PUBLIC_ORGANISATION]).order_by("key")[0]
    assert ra.post(FORMS["product"], typed("product") | {"public_entry": str(entry.pk)}).status_code == 302
    with setting_up():
        assert Product.objects.for_organisations([HOLDER_A]).get(key="x-cel").public_entry_id == entry.pk


def test_a_study_knows_its_products_and_numbers(ra: Client) -> None:
    page = ra.post(FORMS["study"], typed("study"), follow=True).content.decode()
    assert "X-301 A trial" in page
    assert "testcabtagene" in page
    with setting_up():
        row = Study.objects.for_organisations([HOLDER_A]).get(protocol="X-301")
    assert (row.registry_numbers, row.planned_patients) == (["CTR20260001", "NCT01234567"], 90)
    answer = ra.post(FORMS["study"], typed("study") | {"protocol": "X-302", "registry_numbers": "9" * 41})
    assert list(answer.context["form"].errors) == ["registry_numbers"]


def test_a_holder_can_begin_with_nothing(ra: Client) -> None:
    assert 'href="/products/"' in ra.get("/obligations/").content.decode()
    empty = ra.get("/products/").content.decode()
    assert 'class="panel empty"' in empty
    assert 'href="/products/new/"' in empty
    page = ra.post(FORMS["product"], typed("product"), follow=True).content.decode()
    with setting_up():
        product = Product.objects.for_organisations([HOLDER_A]).get(key="x-cel")
    assert f"/authorisations/new/conditional/?product={product.pk}" in page
    given = typed("conditional") | {"product": str(product.pk)}
    assert ra.post(FORMS["conditional"], given, follow=True).status_code == 200
    assert "PMR-77" in ra.get("/obligations/").content.decode()
    listed = ra.get("/products/").content.decode()
    assert f"/obligations/new/?authorisation={one().authorisation_id}" in listed


def test_buttons_stand_only_where_they_lead_somewhere(sign_in: SignIn, world: World) -> None:
    reader, writer = sign_in(make_user(Role.INSPECTOR)), sign_in(world.ra)
    for address in ("/obligations/", "/products/"):
        assert "/new/" in writer.get(address).content.decode()
        assert "/new/" not in reader.get(address).content.decode()
    officer = sign_in(world.officer).get("/products/").content.decode()
    assert "/obligations/new/" in officer
    assert "/authorisations/new/" not in officer
    assert "/studies/" not in sign_in(make_user(Role.AUTHORITY)).get("/products/").content.decode()
    assert sign_in(make_user(Role.LABORATORY)).get("/products/").status_code == 403


def test_products_of_another_holder_are_not_listed(ra: Client) -> None:
    theirs = AuthorisationFactory(organisation_id=HOLDER_B)
    assert str(theirs.pk) not in ra.get("/products/").content.decode()


def at_once(work: Callable[[Client], Any], clients: list[Client]) -> list[Any]:
    """The same work by several browsers, each in a thread with a connection of its own, released together."""
    gate = threading.Barrier(len(clients))

    def run(client: Client) -> Any:
        gate.wait()
        try:
            return work(client)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(run, clients))


def test_two_clicks_at_the_same_moment_store_once(committing: Urls) -> None:
    """The second waits for the first one's number, then finds its record."""
    by = make_user(Role.REGULATORY_AFFAIRS)
    given = {name: typed(name) for name in ("product", "conditional")}
    clients = [Client() for _ in range(2)]
    for client in clients:
        client.force_login(by)
    for name, form in given.items():
        before = stored(name)
        answers = at_once(lambda client, name=name, form=form: client.post(FORMS[name], form), clients)
        assert [answer.status_code for answer in answers] == [302, 302]
        assert answers[0]["Location"] == answers[1]["Location"]
        assert stored(name) == before + 1


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize(("address", "most"), [*((one, 16) for one in FORMS.values()), ("/products/", 14)])
def test_queries_do_not_grow_with_the_rows(ra: Client, address: str, most: int) -> None:
    figures = []
    for count in (2, 6):
        for n in range(count):
            by = make_user(Role.REGULATORY_AFFAIRS, email=f"p{count}-{n}@a.example")
            row = open_obligation(by, f"Q-{count}-{n}", clock.today() + timedelta(days=40), study_id=StudyFactory().pk)
            assert row.pk
        figures.append(queries(ra, address))
    assert figures[0] == figures[1]
    assert figures[0] <= most
