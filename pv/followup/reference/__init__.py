"""Visit plans, read from their file; plain values, no database."""

from pv.followup.reference.visit_plans import PlanStatus, VisitPlan, VisitText, read_visit_plans

__all__ = ["PlanStatus", "VisitPlan", "VisitText", "read_visit_plans"]
