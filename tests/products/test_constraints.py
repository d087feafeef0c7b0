"""What the database itself refuses in this room."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.products.models import Alias, Authorisation, Product, Study, StudyProduct
from tests.support.factories import (
    AliasFactory,
    AuthorisationFactory,
    ProductFactory,
    StudyFactory,
    StudyProductFactory,
)

pytestmark = pytest.mark.django_db


def twice(factory: Callable[..., Any], *same: str) -> None:
    one = factory()
    factory(**{name: getattr(one, name) for name in same})


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("product_key_once_in_an_organisation", lambda: twice(ProductFactory, "key")),
        ("alias_once_for_a_product", lambda: twice(AliasFactory, "product", "language", "name")),
        ("authorisation_key_once_in_an_organisation", lambda: twice(AuthorisationFactory, "key")),
        ("authorisation_date_and_precision_together", lambda: AuthorisationFactory(approved_on=None)),
        ("authorisation_date_and_precision_together", lambda: AuthorisationFactory(approved_precision="unknown")),
        ("study_protocol_once_in_an_organisation", lambda: twice(StudyFactory, "protocol")),
        ("study_product_once", lambda: twice(StudyProductFactory, "study", "product")),
    ],
)
def test_a_broken_constraint_is_named(name: str, make: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name):
        make()


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        ("authorisation_product_id", lambda b: AuthorisationFactory(product=ProductFactory(organisation_id=b))),
        ("alias_product_id", lambda b: AliasFactory(product=ProductFactory(organisation_id=b))),
        ("studyproduct_study_id", lambda b: StudyProductFactory(study=StudyFactory(organisation_id=b))),
        ("studyproduct_product_id", lambda b: StudyProductFactory(product=ProductFactory(organisation_id=b))),
        ("no such row in this organisation", lambda b: ProductFactory(public_entry=ProductFactory(organisation_id=b))),
        (
            "no such row in this organisation",
            lambda b: AuthorisationFactory(public_entry=AuthorisationFactory(organisation_id=b)),
        ),
    ],
)
def test_a_child_cannot_name_another_holders_parent(
    holder_b: UUID, constraint: str, make: Callable[[UUID], Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        make(holder_b)


def test_the_other_holder_sees_nothing(holder_a: UUID, holder_b: UUID) -> None:
    AuthorisationFactory(approved_on=date(2024, 1, 1))
    AliasFactory()
    StudyProductFactory()
    with acting_as(SYSTEM, organisation=holder_b):
        for model in (Product, Alias, Authorisation, Study, StudyProduct):
            assert not model.objects.for_organisations([holder_a]).exists()
            assert not model.objects.filter(organisation_id=holder_a).exists()
