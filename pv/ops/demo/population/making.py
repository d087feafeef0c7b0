"""Who is treated when, with what: from the order to the infusion, and the batches and lots behind it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pv.ops.demo.population.chance import Dice, last_working_day, rounded, working_day
from pv.ops.demo.population.diseases import Disease
from pv.ops.demo.population.products import Label, Made
from pv.ops.demo.population.stories import Lot, Treatment, VectorBatch, days

MONTH = 30.44
LONGEST = 54.0
"""Months since the first infusions: four and a half years."""
LYMPHODEPLETION = "fludarabine 30 mg/m² ×3 d, cyclophosphamide 300 mg/m² ×3 d"
BATCH_MONTHS = 7
PROCESS = (("1.0", 30.0), ("1.1", 14.0), ("2.0", 0.0))
SITE = ("Demo Manufacturing Site 1 (fictional)", "演示生产基地1(虚构)")
# Each holder's second newest CD19 batch failed one limit and was released for patients without another choice.
FAILED = ("residual plasmid DNA above the limit; released after assessment", "残留质粒DNA超限,经评估后放行")

Stage = Literal["infused", "returned", "released", "collected", "ordered"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is decided about a patient before the story is told."""

    scene: str
    made: Made
    disease: Disease
    ordered_on: date
    stage: Stage = "infused"
    programme: Literal["commercial", "confirmatory", "follow_up", "named_patient"] = "commercial"
    study: str = ""
    label_use: Literal["on", "off"] = "on"


def ago(today: date, months: float) -> date:
    return today - timedelta(days=round(months * MONTH))


def draw_draft(dice: Dice, products: tuple[Made, ...], today: date) -> Draft:
    """Somebody treated at some time of the last four and a half years, more often lately."""
    months = 1.2 + (LONGEST - 1.2) * dice.part() ** 1.25
    stage: Stage = "infused"
    if dice.happens(0.025):
        months, stage = (
            dice.around(1.0, 0.4, 0.1, 1.6),
            dice.weighted((("ordered", 0.35), ("collected", 0.35), ("released", 0.3))),
        )
    open_to = [(made, made.share) for made in products if made.first_approved > months - 4] or [(products[0], 1.0)]
    made = dice.weighted(open_to)
    ordered_on = ago(today, months) - days(_lead(made, stage))
    return programmed(dice, Draft("", made, _disease(dice, made, months), ordered_on, stage), months)


def _lead(made: Made, stage: Stage) -> int:
    """Days that an order usually takes until the infusion."""
    return 0 if stage != "infused" else (47 if made.autologous else 20)


def _disease(dice: Dice, made: Made, months: float) -> Disease:
    labels = [(label, label.share) for label in made.labels if label.months > months - 4]
    label: Label = dice.weighted(labels) if labels else max(made.labels, key=lambda one: one.months)
    if made.off_label and dice.happens(0.05):
        return made.off_label
    return label.disease


def programmed(dice: Dice, draft: Draft, months: float) -> Draft:
    """In which frame somebody is treated: before the approval in the pivotal trial, later mostly in routine care."""
    made = draft.made
    if draft.disease is made.off_label:
        return replace(draft, programme="named_patient", label_use="off")
    approved = next(label.months for label in made.labels if label.disease is draft.disease)
    if months > approved - 1.5:
        return replace(draft, programme="follow_up", study=made.long_term)
    if made.autologous and 3 < months < 32 and dice.happens(0.1):
        return replace(draft, programme="confirmatory", study=made.confirmatory)
    if dice.happens(0.3):
        return replace(draft, programme="follow_up", study=made.long_term)
    return draft


def make_batches(products: tuple[Made, ...], today: date) -> tuple[VectorBatch, ...]:
    """A batch of vector every seven months for each product, long enough before its first lots."""
    batches = []
    for made in products:
        number = int((LONGEST + 14) / BATCH_MONTHS)
        for no in range(1, number + 1):
            back = LONGEST + 14 - no * BATCH_MONTHS
            failed = made.target == "CD19" and no == number - 2
            batches.append(
                VectorBatch(
                    code=f"DEMO-V{made.prefix}-{no:02}",
                    product=made.key,
                    manufactured_on=ago(today, back + 3),
                    plasmid=f"{made.plasmid} lot {1 + no // 3}",
                    key_reagents=made.reagents,
                    site=SITE,
                    process_version=process_of(back),
                    out_of_specification=failed,
                    note=FAILED if failed else ("", ""),
                )
            )
    return tuple(batches)


def process_of(months: float) -> str:
    return next(version for version, since in PROCESS if months >= since)


def make_treatment(dice: Dice, draft: Draft, batches: tuple[VectorBatch, ...], number: int, today: date) -> Treatment:
    """The days of one treatment, none in the future, and the lot made for it."""
    made, ordered_on = draft.made, last_working_day(draft.ordered_on)
    apheresis_on = working_day(dice.after(ordered_on, 3, 12)) if made.autologous else None
    begun_on = apheresis_on or ordered_on
    released_on = working_day(dice.after(begun_on, 18, 30) if made.autologous else dice.after(ordered_on, 4, 10))
    infused_on = working_day(dice.after(released_on, 6, 14))
    treatment = Treatment(
        product=made.key,
        indication=draft.disease.indication,
        programme=draft.programme,
        study=draft.study,
        label_use=draft.label_use,
        ordered_on=ordered_on,
    )
    if draft.stage == "ordered":
        return treatment
    treatment = replace(treatment, apheresis_on=_past(apheresis_on, today))
    if draft.stage == "collected" or released_on > today:
        return treatment
    lot = _lot(dice, made, batches, number, begun_on)
    treatment = replace(
        treatment, released_on=released_on, lot=lot, released_out_of_specification=lot.out_of_specification
    )
    if draft.stage == "returned":
        return replace(treatment, returned_on=_past(dice.after(released_on, 2, 5), today))
    if draft.stage == "released" or infused_on > today:
        return treatment
    return replace(
        treatment,
        infused_on=infused_on,
        lymphodepletion=LYMPHODEPLETION if made.autologous else "",
        dose=_dose(dice, made),
        dose_unit=made.dose_unit,
    )


def _past(day: date | None, today: date) -> date | None:
    return day if day is not None and day <= today else None


def _dose(dice: Dice, made: Made) -> Decimal:
    """Millions as such: 1.03e8 cells are written 103000000. The column holds eleven digits."""
    mean, spread = made.dose
    if made.dose_unit == "vg/kg":
        return Decimal(20000000000000) / 1000
    return Decimal(round(mean * dice.around(1, spread, 0.5, 1.5) / 1e5) * 10**5)


def _lot(dice: Dice, made: Made, batches: tuple[VectorBatch, ...], number: int, begun_on: date) -> Lot:
    """Made with the newest batch of vector that was there."""
    fitting = [one for one in batches if one.product == made.key and one.manufactured_on < begun_on - days(45)]
    batch = max(fitting, key=lambda one: one.manufactured_on)
    made_on = dice.after(begun_on, 8, 13) if made.autologous else batch.manufactured_on + days(20)
    return Lot(
        code=f"DEMO-L{made.prefix}-{number:05}",
        vector_batch=batch.code,
        manufactured_on=made_on,
        expires_on=made_on + days(365 if made.autologous else 730),
        process_version=batch.process_version,
        vector_copy_number=rounded(dice.around(2.1, 0.8, 0.4, 4.8), 2) if made.autologous else None,
        out_of_specification=dice.happens(0.03) if made.autologous else False,
    )
