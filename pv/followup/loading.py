"""Loads the shared visit plans into the public organisation."""

from pathlib import Path
from typing import Any

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.core.errors import Conflict, gettext_noop
from pv.core.reference.records import shown_path
from pv.core.upsert import Loaded, upsert
from pv.followup.models import Line, PlannedVisit, VisitPlan
from pv.followup.reference import VisitPlan as PlanText
from pv.followup.reference import VisitText, read_visit_plans

# What windows were computed from. Names and sources may be mended in place; these may not, since lines run by them.
DECIDING = ("vector_classes", "protocol_years", "protocol_rule", "lifelong_rule")


def load_visit_plans(path: Path) -> list[Loaded]:
    """Write each version of each plan once, with its visits.

    Lines that run keep the plan they follow, so what a loaded version says never changes: Conflict asks for a new one.
    """
    texts = read_visit_plans(path)
    shared = VisitPlan.objects.for_organisations([PUBLIC_ORGANISATION])
    known = {(plan.code, plan.version): plan for plan in shared.prefetch_related("visits")}
    for text in texts:
        stored = known.get((text.code, text.version))
        if stored is not None and (_says(stored) != _said(text)):
            raise Conflict(
                gettext_noop(
                    "%(file)s: visit plan %(code)s is loaded as version %(version)s with other visits; give the "
                    "changed plan a new version."
                ),
                params={"file": shown_path(path), "code": text.code, "version": text.version},
            )
    loaded = upsert("visit plans", shared, ["code", "version"], [_plan(text) for text in texts])
    fresh = {(one.code, one.version): one for one in shared.all() if (one.code, one.version) not in known}
    rows = [
        PlannedVisit(organisation_id=PUBLIC_ORGANISATION, plan=fresh[text.code, text.version], line=line, **values)
        for text in texts
        if (text.code, text.version) in fresh
        for line, values in _visits(text)
    ]
    PlannedVisit.objects.bulk_create(rows)
    total = sum(len(text.protocol) + len(text.lifelong) for text in texts)
    return [loaded, Loaded("planned visits", total, new=len(rows))]


def _plan(text: PlanText) -> dict[str, Any]:
    return {
        "organisation_id": PUBLIC_ORGANISATION,
        "code": text.code,
        "version": text.version,
        "name_en": text.name.en,
        "name_zh": text.name.zh,
        "vector_classes": [str(one) for one in text.classes],
        "protocol_years": text.protocol_years,
        "protocol_rule": text.protocol_rule,
        "lifelong_rule": text.lifelong_rule,
        "status": text.status.value,
        "source": f"{text.source.en} / {text.source.zh}",
    }


def _visits(text: PlanText) -> list[tuple[str, dict[str, Any]]]:
    return [
        (line, _visit(position, visit))
        for line, visits in ((Line.PROTOCOL, text.protocol), (Line.LIFELONG, text.lifelong))
        for position, visit in enumerate(visits, start=1)
    ]


def _visit(position: int, visit: VisitText) -> dict[str, Any]:
    return {
        "position": position,
        "code": visit.code,
        "months": visit.months,
        "early_days": visit.early,
        "grace_days": visit.grace,
        "late_days": visit.late,
        "in_person": visit.in_person,
        "repeat_months": visit.repeat,
    }


Says = tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]


def _said(text: PlanText) -> Says:
    """What a plan decides, as the file states it."""
    plan = _plan(text)
    return {name: plan[name] for name in DECIDING}, _visits(text)


def _says(plan: VisitPlan) -> Says:
    """The same as it is stored."""
    order = {str(Line.PROTOCOL): 0, str(Line.LIFELONG): 1}
    visits = sorted(plan.visits.all(), key=lambda one: (order[one.line], one.position))
    columns = ("position", "code", "months", "early_days", "grace_days", "late_days", "in_person", "repeat_months")
    return (
        {name: getattr(plan, name) for name in DECIDING},
        [(one.line, {name: getattr(one, name) for name in columns}) for one in visits],
    )
