"""How it goes on: whether and when the treated disease comes back, and whether the patient dies, when and of what."""

from dataclasses import dataclass
from datetime import date, timedelta

from pv.core.partial import PartialDate
from pv.ops.demo.plan import Words
from pv.ops.demo.population.chance import Dice, working_day
from pv.ops.demo.population.diseases import Disease
from pv.ops.demo.population.making import MONTH
from pv.ops.demo.population.stories import Death, Handling, days

Cause = tuple[Words, str]
"""Cause of death, and whether the reporter suspects a reaction to the product."""

OF_DISEASE: dict[str, Words] = {
    "MM": ("progression of multiple myeloma", "多发性骨髓瘤进展"),
    "B-ALL": ("relapse of acute lymphoblastic leukaemia", "急性淋巴细胞白血病复发"),
}
LYMPHOMA: Words = ("progression of lymphoma", "淋巴瘤进展")
OTHERWISE: tuple[tuple[Cause, float], ...] = (
    ((("septic shock after pneumonia", "肺炎继发感染性休克"), "unknown"), 0.2),
    ((("COVID-19 pneumonia", "新型冠状病毒肺炎"), "no"), 0.3),
    ((("intracerebral haemorrhage", "脑出血"), "no"), 0.2),
    ((("myocardial infarction", "心肌梗死"), "no"), 0.3),
)
SOURCES: tuple[Words, ...] = (
    ("told by the daughter on the telephone", "女儿电话告知"),
    ("told by the spouse on the telephone", "配偶电话告知"),
    ("hospital record", "医院病历"),
    ("discharge summary of a local hospital", "当地医院出院小结"),
)
NOT_RELATED: Words = (
    "Progression of the treated disease; reporter and reviewer see no relation",
    "原发疾病进展,报告人与评审者均认为无关",
)
NO_RELATION: Words = ("Reporter and reviewer see no possible relation", "报告人与评审者均认为不可能相关")


@dataclass(frozen=True, slots=True)
class Fate:
    """Days on which things happen; None where they have not happened until today."""

    relapsed_on: date | None = None
    biopsied: bool = False
    rescue: str = ""
    died_on: date | None = None
    cause: Words = ("", "")
    suspected: str = "no"

    def alive_on(self, day: date) -> bool:
        return self.died_on is None or day < self.died_on


def draw_fate(dice: Dice, disease: Disease, infused_on: date, today: date) -> Fate:
    """What becomes of somebody treated on that day, as far as it has happened."""
    if not disease.prior_lines:
        return Fate()
    relapsed_on = died_on = None
    cause: Words = OF_DISEASE.get(disease.key, LYMPHOMA)
    suspected = "no"
    if dice.happens(disease.relapse):
        relapsed_on = _later(infused_on, 1.2 + dice.waiting(disease.relapse_months))
        if dice.happens(disease.lethal):
            died_on = _later(relapsed_on, 1 + dice.waiting(8))
    elif dice.happens(disease.toxic):
        died_on = _later(infused_on, 0.8 + dice.waiting(7))
        cause, suspected = dice.weighted(OTHERWISE)
    biopsied, rescue = dice.happens(0.72), dice.one(disease.rescue)
    if relapsed_on is None or relapsed_on > today:
        relapsed_on, biopsied, rescue = None, False, ""
    if died_on is not None and died_on > today - days(3):
        died_on = None
    return Fate(relapsed_on, biopsied, rescue, died_on, cause, suspected)


def _later(day: date, months: float) -> date:
    return day + timedelta(days=round(months * MONTH))


def known_death(dice: Dice, fate: Fate, today: date) -> tuple[date, Death, Handling] | None:
    """When the holder learnt of the death, what of it is known, and what was done; None where nobody knows yet."""
    if fate.died_on is None:
        return None
    learned_on = working_day(dice.after(fate.died_on, 2, 30))
    if learned_on > today:
        return None
    verified_on = working_day(dice.after(learned_on, 6, 34))
    died = PartialDate.of(fate.died_on)
    if dice.happens(0.1) and verified_on > today:
        died = PartialDate(fate.died_on.year, fate.died_on.month)
    death = Death(
        died=died,
        cause=fate.cause,
        suspected="unknown" if fate.suspected == "unknown" else "no",
        autopsy="no",
        source=dice.one(SOURCES),
        verified_on=verified_on if verified_on <= today else None,
    )
    if death.suspected == "unknown":
        return learned_on, death, Handling("case", triaged_after=0, reported_after=0, causality="unlikely")
    return learned_on, death, Handling("not_reportable", triaged_after=1, reason=NOT_RELATED)
