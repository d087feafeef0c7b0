"""Sex, age, history and the vault's content. Names are plainly made up: a number, and the word "demo" in front."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from pv.ops.demo.plan import Words
from pv.ops.demo.population.chance import Dice, rounded
from pv.ops.demo.population.diseases import Disease
from pv.ops.demo.population.stories import Person

# A telephone number that no operator gives out: eleven digits that begin with 000.
PHONE = "000{holder}{number:07}"
GENES = ("DNMT3A", "TET2", "ASXL1", "PPM1D", "TP53")
GROUPS: tuple[tuple[Words, float], ...] = (
    (("Han", "汉族"), 0.91),
    (("Hui", "回族"), 0.03),
    (("Manchu", "满族"), 0.03),
    (("Zhuang", "壮族"), 0.03),
)
TUMOURS: tuple[Words, ...] = (
    ("mother: breast cancer", "母亲:乳腺癌"),
    ("father: gastric cancer", "父亲:胃癌"),
    ("brother: hepatocellular carcinoma", "兄:肝细胞癌"),
)
EARLIER: tuple[Words, ...] = (
    ("papillary thyroid carcinoma, resected, in remission", "甲状腺乳头状癌,已切除,缓解中"),
    ("basal cell carcinoma of the nose, excised", "鼻部基底细胞癌,已切除"),
)
ALLERGIES: tuple[Words, ...] = (
    ("penicillin: rash", "青霉素:皮疹"),
    ("iodinated contrast: urticaria", "碘对比剂:荨麻疹"),
    ("platelet transfusion: fever", "血小板输注:发热"),
)


def make_person(dice: Dice, disease: Disease, number: int, holder: str, treated_on: date) -> Person:
    """Somebody with this disease at the age people have it."""
    mean, spread, least, most = disease.age
    age = dice.around(mean, spread, least, most)
    born = treated_on - timedelta(days=int(age * 365.25) + dice.number(0, 364))
    return Person(
        sex="female" if dice.happens(disease.women) else "male",
        birth_date=born,
        name=(f"Demo Patient {number}", f"演示患者{number}"),
        phone=PHONE.format(holder=1 if holder == "a" else 2, number=number),
        hospital_number=f"DEMO-{holder.upper()}{number:06}",
    )


def make_history(dice: Dice, disease: Disease, person: Person, speak: int) -> Mapping[str, object]:
    """What was known before the infusion (practice 24), in the words of the holder's language."""
    male = person.sex == "male"
    height = dice.around(169 if male else 158, 6.5, 142, 192)
    history: dict[str, object] = {
        "height_cm": rounded(height, 1),
        "weight_kg": rounded(dice.around(22.8, 3.2, 16.5, 34) * (height / 100) ** 2, 1),
        "nationality": ("China", "中国")[speak],
        "ethnic_group": dice.weighted(GROUPS)[speak],
        "smoking": _smoking(dice, male)[speak],
        "alcohol": (("none", "无"), ("rarely", "偶尔"))[dice.happens(0.25)][speak],
        "radiotherapy": "yes" if dice.happens(disease.irradiated) else "no",
        "transplant": "yes" if dice.happens(disease.transplanted) else "no",
        "prior_lines": dice.one(disease.prior_lines) if disease.prior_lines else "",
    }
    if "auto-HSCT" in str(history["prior_lines"]):
        history["transplant"] = "yes"
    for name, texts, share in (
        ("allergies", ALLERGIES, 0.12),
        ("family_tumours", TUMOURS, 0.14),
        ("earlier_tumours", EARLIER, 0.03 if disease.age[0] > 50 else 0),
    ):
        if dice.happens(share):
            history[name] = dice.one(texts)[speak]
    return history | _viruses(dice, disease, speak) | _clones(dice, disease)


def _smoking(dice: Dice, male: bool) -> Words:
    if not dice.happens(0.46 if male else 0.03):
        return ("never", "从不吸烟")
    years = dice.number(8, 40)
    if dice.happens(0.6):
        return (f"former, {years} pack-years", f"已戒,{years}包年")
    return (f"current, {years} pack-years", f"仍吸烟,{years}包年")


def _viruses(dice: Dice, disease: Disease, speak: int) -> dict[str, object]:
    """Past hepatitis B is frequent in China, and comes back under B-cell depletion."""
    hbv = dice.weighted((("negative", 0.66), ("past", 0.28), ("positive", 0.06)))
    liver: Words = ("", "")
    if hbv == "positive":
        liver = ("HBsAg positive, entecavir since before lymphodepletion", "HBsAg阳性,清淋前起服用恩替卡韦")
    elif disease.key == "HB" and dice.happens(0.35):
        liver = ("hepatitis C, cured by direct-acting antivirals", "丙型肝炎,经直接抗病毒药物治愈")
    return {
        "hbv": hbv,
        "hcv": "past" if liver[0].startswith("hepatitis C") else "negative",
        "ebv": dice.weighted((("past", 0.82), ("negative", 0.06), ("unknown", 0.12))),
        "hiv": "negative",
        "htlv": dice.weighted((("negative", 0.7), ("unknown", 0.3))),
        "liver_history": liver[speak],
    }


def _clones(dice: Dice, disease: Disease) -> dict[str, object]:
    """Most were never looked at; of those who were, the older and much treated ones often carry a clone."""
    if disease.key == "HB" or dice.happens(0.55):
        return {"clonal_haematopoiesis": "unknown"}
    if not dice.happens(0.24):
        return {"clonal_haematopoiesis": "no"}
    genes = dice.shuffled(GENES)[: 1 + dice.happens(0.3)]
    note = ", ".join(f"{gene} {Decimal(str(round(dice.around(4.5, 3, 2, 18), 1)))} %" for gene in genes)
    return {"clonal_haematopoiesis": "yes", "clonal_note": note}
