"""Counts after the infusion: low at first, recovering over months; B cells gone as long as the product works."""

from dataclasses import dataclass

from pv.ops.demo.population.chance import Dice, rounded
from pv.ops.demo.population.diseases import Disease
from pv.ops.demo.population.products import Made
from pv.ops.demo.population.stories import Blood


@dataclass(frozen=True, slots=True)
class Marrow:
    """How one patient's blood recovers. Months after the infusion."""

    speed: float
    neutrophils: float
    haemoglobin: float
    platelets: float
    b_cells_back: float
    igg: float
    copies: float
    copies_half_life: float


def make_marrow(dice: Dice, made: Made, disease: Disease, *, woman: bool) -> Marrow:
    """B cells return late after CD19 and earlier after BCMA, whose patients lack plasma cells instead."""
    young = disease.key in ("B-ALL", "HB")
    return Marrow(
        speed=dice.around(4.0, 1.6, 1.5, 9.0),
        neutrophils=dice.around(3.0, 0.7, 1.6, 5.2),
        haemoglobin=dice.around(121 if woman else 134, 9, 98, 158),
        platelets=dice.around(178, 42, 88, 310) + (25 if young else 0),
        b_cells_back=dice.around(17, 10, 5, 60) if made.target == "CD19" else dice.around(8, 3, 4, 20),
        igg=dice.around(6.2, 1.5, 3.4, 10.5) if made.target == "CD19" else dice.around(5.1, 1.6, 2.2, 9.5),
        copies=dice.around(9.5, 1.1, 6.5, 11.8),
        copies_half_life=dice.around(2.4, 1.0, 0.9, 6.0),
    )


def draw_blood(
    dice: Dice, marrow: Marrow, made: Made, months: float, *, relapsed: bool = False, failing: bool = False
) -> Blood:
    """The counts of a visit so many months after the infusion. `failing`: the marrow itself has fallen ill."""
    back = 1 - 2.718281828 ** (-(months + 0.6) / marrow.speed)
    if not made.autologous:
        back = 1.0
    weak = 0.34 if failing else 0.82 if relapsed else 1.0
    neutrophils = max(0.2, marrow.neutrophils * (0.22 + 0.78 * back) * weak * dice.factor(0.16))
    lymphocytes = 0.35 + 1.15 * back * dice.factor(0.2)
    haemoglobin = (86 + (marrow.haemoglobin - 86) * back) * (0.68 if failing else 0.93 if relapsed else 1)
    platelets = max(9, marrow.platelets * (0.24 + 0.76 * back) * (weak - 0.1 * failing) * dice.factor(0.13))
    return Blood(
        leukocytes=rounded(neutrophils + lymphocytes + 0.35 * dice.factor(0.2), 2),
        neutrophils=rounded(neutrophils, 2),
        haemoglobin=rounded(dice.around(haemoglobin, 4, 55, 172), 0),
        platelets=rounded(platelets, 0),
        b_cells=rounded(_b_cells(dice, marrow, made, months, relapsed), 1) if made.autologous else None,
        igg=rounded(_igg(dice, marrow, months), 2) if made.autologous else None,
        transgene_copies=rounded(_copies(dice, marrow, months, relapsed), 0) if made.autologous else None,
    )


def _b_cells(dice: Dice, marrow: Marrow, made: Made, months: float, relapsed: bool) -> float:
    since = months - (marrow.b_cells_back if not relapsed else min(marrow.b_cells_back, 6))
    if since < 0:
        return 0.0 if made.target == "CD19" or months < 2 else dice.around(4, 3, 0, 12)
    return dice.around(20 + 11 * since, 14, 1, 210)


def _igg(dice: Dice, marrow: Marrow, months: float) -> float:
    low = 0.52 + 0.48 * min(1.0, months / 18)
    return dice.around(marrow.igg * low, 0.5, 0.6, 13)


def _copies(dice: Dice, marrow: Marrow, months: float, relapsed: bool) -> float:
    """Transgene copies per µg of DNA; below 50 the assay finds none."""
    value = 2.718281828**marrow.copies * 0.5 ** (months / marrow.copies_half_life) * dice.factor(0.4)
    value = value * 0.3 if relapsed else value
    return 0.0 if value < 50 else value
