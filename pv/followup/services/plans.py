"""Which plan a product's patients follow. Where none is found that is a question for somebody, never a guess."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current
from pv.accounts.models import PUBLIC_ORGANISATION
from pv.core.errors import MissingRule
from pv.followup.models import PlannedVisit, VisitPlan
from pv.followup.rules import Planned, vector_class
from pv.products.models import Product


def plan_for(product: Product, organisation: UUID) -> VisitPlan:
    """The newest plan for this class of product, the organisation's own before the shared one.

    Raises MissingRule where the product's record does not say what it is, or no plan names its class.
    """
    kind = vector_class(product.integrating, product.product_class, product.product_class_zh, product.vector)
    if kind is None:
        raise MissingRule(
            _("The record of this product does not say of which class it is. Complete it, and visits are planned."),
            field="product",
        )
    plans = VisitPlan.objects.for_organisations([organisation, PUBLIC_ORGANISATION])
    found = list(plans.filter(vector_classes__contains=[str(kind)]))
    if not found:
        raise MissingRule(_("No visit plan is set up for this class of product."), field="product")
    newest: VisitPlan = max(found, key=lambda plan: (plan.organisation_id == organisation, plan.version))
    return newest


Plans = Mapping[tuple[UUID, str], list[Planned]]


def planned_visits(plans: Collection[UUID]) -> Plans:
    """(plan, line) -> its visits in order."""
    found: dict[tuple[UUID, str], list[Planned]] = {}
    readable = [*current().organisations, PUBLIC_ORGANISATION]
    rows = PlannedVisit.objects.for_organisations(readable).filter(plan_id__in=set(plans))
    for row in rows.order_by("plan_id", "line", "position"):
        found.setdefault((row.plan_id, row.line), []).append(
            Planned(
                row.code,
                row.months,
                row.early_days,
                row.grace_days,
                row.late_days,
                row.in_person,
                row.repeat_months,
            )
        )
    return found
