"""Lots and vector batches are recorded once, by QA and regulatory affairs, of the right product."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core.errors import DomainError, NotAllowed, NotFound
from pv.products import services
from pv.products.models import Lot, Product
from tests.support.factories import ProductFactory, VectorBatchFactory
from tests.support.people import HOLDER_B, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def qa(holder_a: UUID):
    user = make_user(Role.QA_CMC)
    with acting_as(user, organisation=holder_a):
        yield user


@pytest.fixture
def product(db: None) -> Product:
    row: Product = ProductFactory()
    return row


def test_a_batch_and_its_lots(qa: User, holder_a: UUID, product: Product) -> None:
    batch = services.record_vector_batch(
        by=qa, organisation=holder_a, product_id=product.pk, code=" VB-1 ", site="Plant 2", plasmid="pL-7"
    )
    lot = services.record_lot(
        by=qa, organisation=holder_a, product_id=product.pk, code="L-1", vector_batch_id=batch.pk,
        manufactured_on=date(2025, 3, 1), vector_copy_number=Decimal("2.4"),
    )  # fmt: skip
    assert (batch.code, lot.vector_batch) == ("VB-1", batch)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": " "}, "code"),
        ({"code": "x" * 61}, "code"),
        ({"code": "taken"}, "code"),
        ({"manufactured_on": date(2199, 1, 1)}, "manufactured_on"),
        ({"manufactured_on": date(2025, 3, 1), "expires_on": date(2025, 2, 1)}, "expires_on"),
        ({"vector_copy_number": Decimal("99999.1")}, "vector_copy_number"),
    ],
)
def test_a_wrong_lot_names_its_field(
    qa: User, holder_a: UUID, product: Product, given: dict[str, Any], field: str
) -> None:
    services.record_lot(by=qa, organisation=holder_a, product_id=product.pk, code="taken")
    with pytest.raises(DomainError) as refused:
        services.record_lot(by=qa, organisation=holder_a, product_id=product.pk, **({"code": "L-2"} | given))
    assert refused.value.field == field
    assert Lot.objects.count() == 1


def test_a_batch_is_of_the_same_product_and_holder(qa: User, holder_a: UUID, product: Product) -> None:
    with pytest.raises(DomainError) as refused:
        services.record_lot(
            by=qa, organisation=holder_a, product_id=product.pk, code="L", vector_batch_id=VectorBatchFactory().pk
        )
    assert refused.value.field == "vector_batch"
    theirs = VectorBatchFactory(organisation_id=HOLDER_B)
    with pytest.raises(NotFound):
        services.record_lot(by=qa, organisation=holder_a, product_id=product.pk, code="L", vector_batch_id=theirs.pk)
    with pytest.raises(NotFound):
        services.record_vector_batch(by=qa, organisation=holder_a, product_id=theirs.product_id, code="V")


def test_a_recorder_records_no_lots(holder_a: UUID, product: Product) -> None:
    recorder = make_user(Role.RECORDER)
    with acting_as(recorder, organisation=holder_a):
        with pytest.raises(NotAllowed):
            services.record_lot(by=recorder, organisation=holder_a, product_id=product.pk, code="L")
        with pytest.raises(NotAllowed):
            services.record_vector_batch(by=recorder, organisation=holder_a, product_id=product.pk, code="V")
