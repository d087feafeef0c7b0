"""Recording products, authorisations and studies; correcting a kind; enrolment."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.accounts.roles import Role
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.products import services
from pv.products.models import Authorisation, Product, Study
from tests.support.factories import AuthorisationFactory, ProductFactory, StudyFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ra(holder_a: UUID) -> Any:
    user = make_user(Role.REGULATORY_AFFAIRS)
    with acting_as(user, organisation=holder_a):
        yield user


def product(by: User, organisation: UUID, **changes: Any) -> Product:
    wanted = {"key": "cel", "inn": "testcel", "product_class": "CAR-T", "product_class_zh": "CAR-T"} | changes
    return services.record_product(by=by, organisation=organisation, **wanted)


def authorisation(by: User, organisation: UUID, **changes: Any) -> Authorisation:
    facts: Any = {"key": "cel/LBCL", "holder_en": " Holder A ", "indication_en": "Adults", "kind": "full"} | changes
    facts.setdefault("product_id", None)
    facts["product_id"] = facts["product_id"] or ProductFactory().pk
    return services.record_authorisation(by=by, organisation=organisation, **facts)


def test_a_product_may_point_to_the_public_register(ra: User, holder_a: UUID) -> None:
    entry = Product.objects.filter(organisation_id=PUBLIC_ORGANISATION).first()
    assert product(ra, holder_a, public_entry_id=entry.pk).public_entry == entry


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"key": ""}, "key"), ({"inn": ""}, "inn"), ({"product_class": " "}, "product_class")],
)
def test_a_product_has_key_name_and_class(ra: User, holder_a: UUID, changes: dict[str, str], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        product(ra, holder_a, **changes)
    assert refused.value.field == field


def test_a_key_is_given_once(ra: User, holder_a: UUID) -> None:
    product(ra, holder_a)
    with pytest.raises(DomainError, match="already") as refused:
        product(ra, holder_a)
    assert refused.value.field == "key"


def test_an_entry_that_is_not_public_cannot_be_pointed_to(ra: User, holder_a: UUID, holder_b: UUID) -> None:
    with pytest.raises(NotFound):
        product(ra, holder_a, public_entry_id=ProductFactory(organisation_id=holder_b).pk)
    with pytest.raises(NotFound):
        authorisation(ra, holder_a, public_entry_id=AuthorisationFactory(organisation_id=holder_b).pk)


def test_an_authorisation_takes_its_status_from_its_kind(ra: User, holder_a: UUID) -> None:
    made = authorisation(ra, holder_a, approved_on=date(2024, 3, 1))
    assert (made.status, made.kind_certainty, made.approved_precision, made.holder_en) == (
        "full", "confirmed", "day", "Holder A",
    )  # fmt: skip
    assert authorisation(ra, holder_a, key="cel/FL").approved_precision == "unknown"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": " "}, "key"),
        ({"holder_en": ""}, "holder_en"),
        ({"indication_en": ""}, "indication_en"),
        ({"kind": "provisional"}, "kind"),
        ({"kind_certainty": "sure"}, "kind_certainty"),
        ({"status": "gone"}, "status"),
        ({"approved_on": date(2024, 1, 1), "expires_on": date(2023, 1, 1)}, "expires_on"),
        ({"approved_on": None, "approved_precision": "day"}, "approved_on"),
        ({"kind": "conditional"}, "kind"),
    ],
)
def test_what_is_wrong_with_an_authorisation_is_named(
    ra: User, holder_a: UUID, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        authorisation(ra, holder_a, **changes)
    assert refused.value.field == field
    assert not Authorisation.objects.for_organisations([holder_a]).exists()


def test_another_holders_product_does_not_exist(ra: User, holder_a: UUID, holder_b: UUID) -> None:
    with pytest.raises(NotFound):
        authorisation(ra, holder_a, product_id=ProductFactory(organisation_id=holder_b).pk)


def test_a_kind_is_corrected_without_touching_anything_else(ra: User) -> None:
    old = AuthorisationFactory(conditional=True)
    made = services.correct_kind(old.pk, by=ra, kind="full", kind_certainty="supported", reason="wording read")
    assert (made.kind, made.kind_certainty, made.status, made.version) == ("full", "supported", "full", 2)
    assert made.obligations.count() == 1


def test_what_the_authority_did_stays_when_the_kind_is_corrected(ra: User) -> None:
    old = AuthorisationFactory(conditional=True, status="suspended")
    made = services.correct_kind(old.pk, by=ra, kind="full", kind_certainty="confirmed", reason="wording read")
    assert made.status == "suspended"


def test_a_kind_is_not_corrected_to_conditional_without_obligations(ra: User) -> None:
    old = AuthorisationFactory()
    with pytest.raises(DomainError, match="at least one confirmatory obligation"):
        services.correct_kind(old.pk, by=ra, kind="conditional", kind_certainty="confirmed", reason="wording read")
    assert Authorisation.objects.get(pk=old.pk).kind == "full"


def test_a_correction_needs_a_reason_and_a_difference(ra: User) -> None:
    old = AuthorisationFactory()
    with pytest.raises(DomainError) as refused:
        services.correct_kind(old.pk, by=ra, kind="unknown", kind_certainty="unknown", reason="")
    assert refused.value.field == "reason"
    with pytest.raises(Conflict, match="already"):
        services.correct_kind(old.pk, by=ra, kind="full", kind_certainty="confirmed", reason="r")


def test_an_entry_of_the_public_register_is_not_corrected_here(ra: User) -> None:
    entry = Authorisation.objects.filter(organisation_id=PUBLIC_ORGANISATION).first()
    with pytest.raises(NotFound):
        services.correct_kind(entry.pk, by=ra, kind="full", kind_certainty="confirmed", reason="r")


def study(by: User, organisation: UUID, **changes: Any) -> Study:
    wanted = {"protocol": "CONF-1", "kind": "confirmatory", "title_en": "A trial", "title_zh": "一项试验"} | changes
    return services.record_study(by=by, organisation=organisation, **wanted)


def test_a_study_names_its_products(ra: User, holder_a: UUID) -> None:
    about = [ProductFactory(), ProductFactory()]
    made = study(ra, holder_a, products=[one.pk for one in about], registry_numbers=["CTR20260001"])
    assert {one.product for one in made.products.all()} == set(about)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"protocol": ""}, "protocol"),
        ({"kind": "party"}, "kind"),
        ({"title_zh": ""}, "title_zh"),
        ({"planned_patients": -1}, "planned_patients"),
        ({"enrolled_patients": 10**7}, "enrolled_patients"),
    ],
)
def test_what_is_wrong_with_a_study_is_named(ra: User, holder_a: UUID, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        study(ra, holder_a, **changes)
    assert refused.value.field == field


def test_a_protocol_number_and_a_product_are_named_once(ra: User, holder_a: UUID, holder_b: UUID) -> None:
    study(ra, holder_a)
    with pytest.raises(DomainError, match="protocol number already"):
        study(ra, holder_a)
    one = ProductFactory().pk
    with pytest.raises(DomainError, match="named twice"):
        study(ra, holder_a, protocol="CONF-2", products=[one, one])
    with pytest.raises(NotFound):
        study(ra, holder_a, protocol="CONF-3", products=[ProductFactory(organisation_id=holder_b).pk])


def test_enrolment_is_updated_under_the_version_seen(ra: User) -> None:
    old = StudyFactory()
    made = services.update_enrolment(old.pk, by=ra, enrolled_patients=45, planned_patients=100, version=1)
    assert (made.enrolled_patients, made.planned_patients, made.version) == (45, 100, 2)
    with pytest.raises(Conflict, match=f"{ra.name} changed this on"):
        services.update_enrolment(old.pk, by=ra, enrolled_patients=46, version=1)
    with pytest.raises(DomainError, match="between 0 and one million"):
        services.update_enrolment(old.pk, by=ra, enrolled_patients=-1)


def test_roles_are_asked(holder_a: UUID) -> None:
    recorder, held = make_user(Role.RECORDER), StudyFactory()
    with acting_as(recorder, organisation=holder_a):
        for attempt in (
            lambda: product(recorder, holder_a),
            lambda: authorisation(recorder, holder_a),
            lambda: study(recorder, holder_a),
            lambda: services.update_enrolment(held.pk, by=recorder, enrolled_patients=1),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_nobody_writes_for_another_holder(ra: User, holder_b: UUID) -> None:
    with pytest.raises(NotAllowed):
        product(ra, holder_b)
