"""What a holder has on the market: products with their approvals, and how many obligations each of these carries."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from pv.obligations.models import Obligation
from pv.products.models import Authorisation, Product


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval, and its number of obligations."""

    row: Authorisation
    obligations: int


@dataclass(frozen=True, slots=True)
class Holding:
    """One product with its approvals."""

    product: Product
    approvals: list[Approval]


def holdings(organisations: list[UUID]) -> list[Holding]:
    """Three questions, however many there are."""
    counted = (
        Obligation.objects.for_organisations(organisations)
        .values_list("authorisation_id")
        .annotate(n=Count("id"))
        .order_by("authorisation_id")
    )
    numbers = dict(counted)
    approvals: dict[UUID, list[Approval]] = {}
    for row in Authorisation.objects.for_organisations(organisations).select_related("product").order_by("key"):
        approvals.setdefault(row.product_id, []).append(Approval(row, numbers.get(row.pk, 0)))
    products = Product.objects.for_organisations(organisations).order_by("organisation_id", "key")
    return [Holding(one, approvals.get(one.pk, [])) for one in products]
