"""Patients planted so that every stage is there to be shown, whatever chance gives: the first come first."""

from dataclasses import dataclass
from datetime import date

from pv.core.partial import PartialDate
from pv.ops.demo.plan import Words
from pv.ops.demo.population import tumours
from pv.ops.demo.population.chance import Dice
from pv.ops.demo.population.diseases import BY_KEY
from pv.ops.demo.population.making import Draft, Stage, ago, programmed
from pv.ops.demo.population.products import product
from pv.ops.demo.population.stories import Call, Death, Event, Handling, Loan, Record, Tumour, days
from pv.ops.demo.population.tumours import Neoplasm


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody with this disease, infused so many months ago; `sex` where it matters."""

    key: str
    product: str
    disease: str
    months: float
    stage: Stage = "infused"
    sex: str = ""


SCENES: dict[str, tuple[Scene, ...]] = {
    "a": (
        Scene("fresh", "demo-cel", "LBCL", 27.4),
        Scene("t_cell", "demo-cel", "LBCL", 30.2),
        Scene("taken", "demo-maleucel", "MM", 22.3),
        Scene("mds", "demo-maleucel", "MM", 34.3),
        Scene("stood_down", "demo-cel", "LBCL", 17.0),
        Scene("skin", "demo-maleucel", "MM", 31.0),
        Scene("solid", "demo-cel", "LBCL", 24.6),
        Scene("dead_at_once", "demo-cel", "LBCL", 5.1),
        Scene("transferred", "demo-maleucel", "MM", 15.0),
        Scene("lost", "demo-cel", "LBCL", 20.0),
        Scene("returned", "demo-cel", "LBCL", 0.6, "returned"),
        Scene("withdrawn", "demo-maleucel", "MM", 26.0),
        Scene("pregnant", "demo-cel", "B-ALL", 21.0, sex="female"),
        Scene("solid_lung", "demo-maleucel", "MM", 43.0),
        Scene("ordered", "demo-maleucel", "MM", 0.2, "ordered"),
        Scene("released", "demo-cel", "LBCL", 0.0, "released"),
    ),
    "b": (
        Scene("aml", "demo-eqleucel", "MM", 40.0),
        Scene("suspected_node", "demo-autoleucel", "LBCL", 19.0),
        Scene("skin_b", "demo-autoleucel", "MCL", 35.0),
        Scene("stood_down_b", "demo-eqleucel", "MM", 16.0),
        Scene("solid_b", "demo-eqleucel", "MM", 29.0),
        Scene("dead_unverified", "demo-autoleucel", "LBCL", 9.0),
        Scene("transferred", "demo-eqleucel", "MM", 13.0),
        Scene("lost", "demo-autoleucel", "LBCL", 18.5),
        Scene("ordered", "demo-eqleucel", "MM", 0.1, "ordered"),
    ),
}
# What is planned but not given leaves the order a few weeks before today.
WAITED = {"ordered": 6, "collected": 18, "released": 50, "returned": 58}


def draft_of(dice: Dice, scene: Scene, today: date) -> Draft:
    """Whom a scene is about. The time from the order to the infusion is taken off."""
    made = product(scene.product)
    lead = WAITED.get(scene.stage, 47)
    ordered_on = ago(today, scene.months) - days(lead) if scene.stage == "infused" else today - days(lead)
    return programmed(dice, Draft(scene.key, made, BY_KEY[scene.disease], ordered_on, scene.stage), scene.months)


@dataclass(frozen=True, slots=True)
class Plant:
    """A tumour so many days ago, how it was told, and what was done with the report."""

    days_ago: int
    what: Neoplasm
    status: str
    handling: Handling
    way: str = "phone"
    source: str = "phone"


TAKEN = Handling(taken=True)
PLANTS: dict[str, Plant] = {
    "fresh": Plant(0, tumours.SUSPECTED_T_CELL, "suspected", Handling(taken=False, hours=2)),
    "taken": Plant(0, tumours.SUSPECTED_MDS, "suspected", Handling(taken=True, hours=18), "hospital_record", "visit"),
    "t_cell": Plant(9, tumours.T_CELL, "confirmed", Handling("case", triaged_after=0), "in_person", "visit"),
    "mds": Plant(
        128,
        tumours.MDS,
        "confirmed",
        Handling("case", triaged_after=0, causality="possible", assessed_after=5, reported_after=11),
        "in_person",
        "visit",
    ),
    "stood_down": Plant(
        41, tumours.SUSPECTED_NODE, "suspected", Handling(stood_down_after=1, reason=tumours.STOOD_DOWN)
    ),
    "skin": Plant(
        318,
        tumours.SKIN,
        "confirmed",
        Handling("case", triaged_after=1, causality="unlikely", assessed_after=6, reported_after=13),
        "hospital_record",
        "visit",
    ),
    "solid": Plant(
        213,
        tumours.COLON,
        "confirmed",
        Handling("case", triaged_after=0, causality="unlikely", assessed_after=7, reported_after=12),
        "hospital_record",
        "visit",
    ),
    "solid_lung": Plant(
        466,
        tumours.LUNG,
        "confirmed",
        Handling("case", triaged_after=1, causality="unlikely", assessed_after=6, reported_after=14),
    ),
    "aml": Plant(
        6, tumours.AML, "confirmed", Handling("case", triaged_after=0, causality="possible", assessed_after=3)
    ),
    "suspected_node": Plant(0, tumours.SUSPECTED_NODE, "suspected", Handling(taken=True, hours=5)),
    "skin_b": Plant(
        152,
        tumours.BASAL,
        "confirmed",
        Handling("case", triaged_after=0, causality="unlikely", assessed_after=4, reported_after=9),
        "hospital_record",
        "visit",
    ),
    "stood_down_b": Plant(
        77, tumours.SUSPECTED_MDS, "suspected", Handling(stood_down_after=1, reason=tumours.EXCLUDED)
    ),
    "solid_b": Plant(
        260,
        tumours.GASTRIC,
        "confirmed",
        Handling("case", triaged_after=0, causality="unlikely", assessed_after=8, reported_after=13),
    ),
}


def tumour_of(dice: Dice, plant: Plant, today: date) -> tuple[date, Tumour]:
    on = today - days(plant.days_ago)
    told = tumours.suspected if plant.status == "suspected" else tumours.confirmed
    return on, told(dice, plant.what, on)


def loans_of(scene: str, number: int, today: date) -> tuple[Loan, ...]:
    """Blocks and slides in the house: one due back soon, one late, the others returned."""

    def loan(kind: str, pieces: int, lent: int, back: int, returned: int | None = None) -> tuple[Loan, ...]:
        return (
            Loan(
                kind=kind,  # type: ignore[arg-type]  # one of the four
                pieces=pieces,
                number=f"DEMO-P{number:05}",
                lent_on=today - days(lent),
                return_by=today + days(back),
                returned_on=today - days(returned) if returned is not None else None,
                deposit=None,
            ),
        )

    match scene:
        case "t_cell":
            return loan("unstained", 15, 6, 8)
        case "skin":
            return loan("block", 1, 96, -12)
        case "solid":
            return loan("unstained", 12, 204, -160, 171)
        case "skin_b":
            return loan("block", 1, 60, 3)
        case "solid_b":
            return loan("unstained", 10, 250, -215, 222)
    return ()


SUDDEN: Words = ("found dead at home; fever since three days", "在家中被发现死亡,此前发热三天")


def planted_death(scene: str, today: date) -> tuple[date, Death, Handling] | None:
    """Deaths just told: one whose relation nobody can exclude yet, one waiting for its document."""
    if scene == "dead_at_once":
        death = Death(
            PartialDate.of(today - days(3)), SUDDEN, "unknown", "unknown", ("told by the son", "儿子电话告知"), None
        )
        return today, death, Handling("case", triaged_after=0, hours=19)
    if scene == "dead_unverified":
        died = today - days(24)
        death = Death(
            PartialDate(died.year, died.month),
            ("progression of lymphoma", "淋巴瘤进展"),
            "no",
            "no",
            ("told by a neighbour", "邻居告知"),
            None,
        )
        return (
            today - days(6),
            death,
            Handling("not_reportable", triaged_after=1, reason=("Progression; no relation seen", "疾病进展,未见关联")),
        )
    return None


def pregnancy(today: date) -> Record:
    """Told eight days ago at an unscheduled contact; followed to its outcome (practice 24)."""
    on = today - days(8)
    event = Event(
        kind="pregnancy",
        verbatim=("pregnancy, week 9", "妊娠9周"),
        onset=PartialDate.of(on - days(62)),
        grade=0,
        causality="pending",
        outcome="unknown",
    )
    return Record(
        "minimal",
        "",
        on,
        seen_on=on,
        way="phone",
        events=(event,),
        handling=Handling("case", triaged_after=3),
    )


def calls_of(holder: str, today: date) -> tuple[Call, ...]:
    """A surgeon on the telephone about a patient whom nobody has matched yet."""
    if holder != "a":
        return ()
    return (
        Call(
            caller=("Dr Demo, surgeon", "演示医生(外科)"),
            hospital=("Demo Cancer Hospital (fictional, no contract)", "演示肿瘤医院(虚构,未签约)"),
            phone="000-1234567",
            patient=("man, about 60, had CAR-T cells two or three years ago", "男,约60岁,两三年前接受过CAR-T治疗"),
            product="demo-cel",
            what=(
                "Mass of the groin, 4 cm; frozen section: lymphoma, lineage open. Operation tomorrow.",
                "腹股沟肿块4cm,冰冻切片提示淋巴瘤,来源待定,拟明日手术。",
            ),
            biopsy="planned",
            biopsy_on=today + days(1),
            hours=4,
        ),
    )
