"""Specimens: retains from before the treatment for most patients, blood at some visits, and what happened to them."""

from datetime import date
from decimal import Decimal

from pv.ops.demo.plan import Words
from pv.ops.demo.population.chance import Dice
from pv.ops.demo.population.stories import Record, Specimen, Step, Treatment, days

RETAINED = 0.88
"""For so many patients an apheresis retain was kept; of the others none is left or none was ever taken."""
PRODUCT_KEPT = 0.35
BLOOD_AT_VISIT, LATELY = 0.035, 0.5
"""How often blood is drawn for the bank at a visit; lately more often, so that some of it is under way."""

WARMED: Words = (
    "Liquid nitrogen refilled late over a holiday; QA decided: keep, marked",
    "假期液氮补充延迟,QA评估:保留并标记",
)
ASSAY: Words = ("Transgene copies and clonal haematopoiesis panel", "转基因拷贝数及克隆性造血检测")
LAST_VIAL: Words = ("Last vial used for manufacturing investigation", "末管用于生产偏差调查")


def tell_specimens(
    dice: Dice, code: str, scene: str, treatment: Treatment, centre: str, records: list[Record], today: date
) -> tuple[Specimen, ...]:
    """What is kept of one patient, with its chain of custody, as far as it was entered until today."""
    found = []
    if treatment.apheresis_on and treatment.lot and treatment.released_on:
        if dice.happens(RETAINED) or scene in ("t_cell", "fresh", "aml", "taken"):
            found.append(_retain(dice, code, scene, treatment.apheresis_on, treatment.released_on, today))
        if dice.happens(PRODUCT_KEPT) or scene == "t_cell":
            found.append(
                Specimen(
                    code=f"{code}-P1",
                    timing="before_treatment",
                    material="product",
                    collected_on=treatment.lot.manufactured_on,
                    quantity=Decimal(1),
                    unit="vial",
                    temperature="vapour",
                    holder="bank",
                    place=_box(dice),
                    entered_on=treatment.released_on,
                )
            )
    for record in records:
        often = LATELY if record.entered_on >= today - days(2) else BLOOD_AT_VISIT
        if record.kind == "full" and record.visit != "M1" and record.seen_on and dice.happens(often):
            found.append(
                _blood(dice.of(record.visit), code, record.visit, record.seen_on, record.entered_on, centre, today)
            )
    return tuple(found)


def _box(dice: Dice) -> str:
    return f"LN2-{dice.number(1, 4)} / {dice.one('ABCDEF')}{dice.number(1, 9)} / {dice.number(1, 81):02}"


def _retain(dice: Dice, code: str, scene: str, collected_on: date, entered_on: date, today: date) -> Specimen:
    """Two or three vials of PBMC from the apheresis; some thawed since, some warmed once, some used up."""
    vials = dice.number(2, 3)
    what = dice.weighted((("kept", 0.84), ("thawed", 0.09), ("used_up", 0.05), ("warmed", 0.02)))
    if scene in ("t_cell", "fresh", "aml"):
        what = "kept"
    elif scene == "mds":
        what = "warmed"
    elif scene == "skin":
        what = "used_up"
    later = dice.after(entered_on, 60, 400)
    steps: list[Step] = []
    if later < today - days(30):
        if what == "warmed":
            steps = [Step(later, "excursion", celsius=Decimal("-112.0"), minutes=dice.number(25, 140), note=WARMED)]
        elif what == "thawed":
            steps = [
                Step(later, "thawed", note=ASSAY),
                Step(later, "analysed", change=Decimal(-1), note=ASSAY),
                Step(later + days(1), "stored", place=_box(dice)),
            ]
        elif what == "used_up":
            steps = [
                Step(later, "thawed", note=LAST_VIAL),
                Step(later, "analysed", change=Decimal(-1), note=LAST_VIAL),
                Step(later + days(1), "exhausted", note=LAST_VIAL),
            ]
    return Specimen(
        code=f"{code}-A1",
        timing="before_treatment",
        material="apheresis",
        collected_on=collected_on,
        quantity=Decimal(vials),
        unit="vial",
        temperature="vapour",
        holder="bank",
        place=_box(dice),
        entered_on=entered_on,
        steps=tuple(steps),
    )


def _blood(dice: Dice, code: str, visit: str, drawn_on: date, entered_on: date, centre: str, today: date) -> Specimen:
    """Drawn at the hospital, sent by courier within days, stored at the bank; of the last days some are under way."""
    sent_on = dice.after(entered_on, 0, 2)
    received_on = dice.after(sent_on, 1, 3)
    steps = [Step(sent_on, "sent", holder="bank", celsius=Decimal("5.0"))]
    steps.append(Step(received_on, "received", holder="bank", celsius=rounded_celsius(dice)))
    steps.append(Step(received_on, "stored", holder="bank", place=f"F-80-{dice.number(1, 3)} / {dice.number(1, 40)}"))
    return Specimen(
        code=f"{code}-{visit}",
        timing="after_event",
        material="blood",
        collected_on=drawn_on,
        quantity=Decimal(20),
        unit="ml",
        temperature="fridge",
        holder=centre,
        place="",
        visit=visit,
        entered_on=entered_on,
        steps=tuple(step for step in steps if step.on <= today),
    )


def rounded_celsius(dice: Dice) -> Decimal:
    return Decimal(str(round(dice.around(4.6, 1.1, 2.1, 7.9), 1)))
