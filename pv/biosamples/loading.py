"""Loads the shared sampling plans into the public organisation."""

from pathlib import Path
from typing import Any

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.biosamples.models import PlanItem, SamplingPlan
from pv.biosamples.reference import Item, Plan, read_sampling_plans
from pv.core.errors import Conflict, gettext_noop
from pv.core.reference.records import shown_path
from pv.core.upsert import Loaded, upsert
from pv.deadlines.models import Rule

# What requests follow from. Texts may be mended in place; these may not, since open requests name the item.
DECIDING = ("timing", "offset_months", "material", "collect_rule", "required")


def load_sampling_plans(path: Path) -> list[Loaded]:
    """Write each version of each plan once; one that asks for other specimens needs a new version."""
    rules = set(Rule.objects.for_organisations([PUBLIC_ORGANISATION]).values_list("code", flat=True))
    texts = read_sampling_plans(path, rules)
    shared = SamplingPlan.objects.for_organisations([PUBLIC_ORGANISATION])
    known = {(plan.code, plan.version): plan for plan in shared.prefetch_related("items")}
    for text in texts:
        stored = known.get((text.code, text.version))
        if stored is not None and _asked(stored) != [_deciding(item) for item in text.items]:
            raise Conflict(
                gettext_noop(
                    "%(file)s line %(line)s: sampling plan %(code)s is loaded as version %(version)s with other items; "
                    "give the changed plan a new version."
                ),
                params={
                    "file": shown_path(path),
                    "line": path.read_text(encoding="utf-8").partition(f"code: {text.code}\n")[0].count("\n") + 1,
                    "code": text.code,
                    "version": text.version,
                },
            )
    plans = upsert("sampling plans", shared, ["code", "version"], [_plan(text) for text in texts])
    return [plans, _items(texts)]


def _items(texts: tuple[Plan, ...]) -> Loaded:
    shared = SamplingPlan.objects.for_organisations([PUBLIC_ORGANISATION])
    stored = {(plan.code, plan.version): plan.pk for plan in shared}
    listed = [stored[text.code, text.version] for text in texts]
    return upsert(
        "items of sampling plans",
        PlanItem.objects.for_organisations([PUBLIC_ORGANISATION]).filter(plan__in=listed),
        ["plan_id", "position"],
        [_item(stored[text.code, text.version], item) for text in texts for item in text.items],
    )


def _plan(text: Plan) -> dict[str, Any]:
    return {
        "organisation_id": PUBLIC_ORGANISATION,
        "code": text.code,
        "version": text.version,
        "name_en": text.name.en,
        "name_zh": text.name.zh,
        "lineages": list(text.lineages),
        "status": text.status,
        "source": f"{text.source.en} / {text.source.zh}",
    }


def _item(plan: Any, text: Item) -> dict[str, Any]:
    return {
        "organisation_id": PUBLIC_ORGANISATION,
        "plan_id": plan,
        "position": text.position,
        "timing": text.timing,
        "offset_months": text.offset_months,
        "material": text.material,
        "what_en": text.what.en,
        "what_zh": text.what.zh,
        "quantity_en": text.quantity.en,
        "quantity_zh": text.quantity.zh,
        "handling_en": text.handling.en,
        "handling_zh": text.handling.zh,
        "temperature": text.temperature,
        "process_within_hours": text.process_within_hours,
        "collect_rule": text.collect_rule,
        "required": text.required,
    }


def _deciding(text: Item) -> tuple[Any, ...]:
    return tuple(getattr(text, name) for name in DECIDING)


def _asked(plan: SamplingPlan) -> list[tuple[Any, ...]]:
    return [tuple(getattr(item, name) for name in DECIDING) for item in plan.items.all()]
