"""Leaving a context leaves nothing behind, not even inside a transaction that goes on."""

import pytest
from django.db import connection, transaction

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.products.models import Product
from tests.support.factories import ProductFactory


@pytest.mark.django_db
def test_after_the_setup_nothing_is_visible() -> None:
    ProductFactory()
    assert not Product.objects.exists()


@pytest.mark.django_db
def test_an_outer_context_comes_back(holder_a, holder_b) -> None:
    ProductFactory()
    with acting_as(None), transaction.atomic():
        ProductFactory()
        assert not Product.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.actor', true)")
        assert cursor.fetchone() == ("",)


@pytest.mark.django_db
def test_work_given_up_takes_the_context_back_too(holder_a) -> None:
    with acting_as(None):
        with acting_as(SYSTEM, organisation=holder_a):
            ProductFactory()
            transaction.set_rollback(True)
        assert not Product.objects.exists()
    with acting_as(SYSTEM, organisation=holder_a):
        assert not Product.objects.for_organisations([holder_a]).exists()
