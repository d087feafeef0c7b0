"""Which plan answers for a lineage, and what it asks for by when."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.biosamples.models import Instruction, PlanItem, SamplingPlan
from pv.core import clock
from pv.core.days import Duration, Unit, add, due_instant, hours_after
from pv.core.errors import MissingRule, NotFound
from pv.deadlines.computing import ComputedDue, compute_due
from pv.deadlines.models import Rule
from pv.deadlines.services import rule_for

INSTRUCTION_RULE = "CN-SPM-SAMPLE-INSTR"
_ZONE = ZoneInfo("Asia/Shanghai")


def plan_for(lineage: str, organisation: UUID) -> SamplingPlan:
    """The newest plan for a lineage, the organisation's own before the shared one; MissingRule if none.

    Its items come along, in their order.
    """
    readable = SamplingPlan.objects.for_organisations([organisation, PUBLIC_ORGANISATION])
    found = list(readable.filter(lineages__contains=[lineage]))
    if not found:
        raise MissingRule(_("No sampling plan is set up for this lineage."))
    newest: SamplingPlan = max(found, key=lambda plan: (plan.organisation_id == organisation, plan.version))
    return newest


def items_of(plan: SamplingPlan) -> list[PlanItem]:
    """What a plan asks for, in its order."""
    rows = PlanItem.objects.for_organisations([plan.organisation_id]).filter(plan=plan)
    return list(rows.order_by("position"))


def advice(*, organisation: UUID, cause: UUID | None = None, lineage: str = "") -> list[PlanItem]:
    """What to secure: for a cause as it was asked for, else for a lineage; every text stands in both languages.

    Raises NotFound for a cause that nothing was asked for, MissingRule for a lineage without a plan.
    """
    if cause is None:
        return items_of(plan_for(lineage, organisation))
    asked = Instruction.objects.for_organisations([organisation]).select_related("plan").filter(cause=cause).first()
    if asked is None:
        raise NotFound(_("There is no such record."))
    return items_of(asked.plan)


@dataclass(frozen=True, slots=True)
class ItemDue:
    """When an item is due, by which rule, and how that came about."""

    on: date
    rule: Rule | None
    working: str


def dues_of(items: list[PlanItem], organisation: UUID, day_zero: date) -> dict[UUID, ItemDue]:
    """When each item is due. Raises MissingRule where a rule is not in force or an item names none."""
    computed: dict[tuple[str, date], ComputedDue] = {}
    dues = {}
    for item in items:
        start, working = _start(item, day_zero)
        if not item.collect_rule:
            if not item.offset_months:
                raise MissingRule(_("No rule was found for this. Ask regulatory affairs which one applies."))
            dues[item.pk] = ItemDue(start, None, working)
            continue
        key = (item.collect_rule, start)
        if key not in computed:
            computed[key] = compute_due(item.collect_rule, organisation, start)
        due = computed[key]
        dues[item.pk] = ItemDue(due.due_on, due.rule, due.working)
    return dues


def _start(item: PlanItem, day_zero: date) -> tuple[date, str]:
    months = item.offset_months
    if not months:
        return day_zero, str(day_zero)
    return add(day_zero, Duration(months, Unit.MONTHS)), f"{day_zero} + {months} month{'s' if months > 1 else ''}"


@dataclass(frozen=True, slots=True)
class InstructionDue:
    """By which instant the written instruction has to be out."""

    at: datetime
    rule: Rule
    working: str


def instruction_due(organisation: UUID, day_zero: date, from_at: datetime | None) -> InstructionDue:
    """48 hours, by the rule, from `from_at`; else from the midnight that ends day 0, or from now if that is sooner.

    Raises MissingRule without a rule that counts hours.
    """
    rule = rule_for(INSTRUCTION_RULE, organisation, day_zero)
    if rule.amount is None or rule.unit != Unit.HOURS:
        raise MissingRule(_("The rule for the sampling instruction gives no hours."))
    start = from_at or min(clock.now(), due_instant(day_zero, _ZONE))
    return InstructionDue(hours_after(start, rule.amount), rule, f"{start:%Y-%m-%d %H:%M} UTC + {rule.amount} hours")
