"""Adverse events told at visits, late ones above all: infections first, with the reporter's judgement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pv.core.partial import PartialDate
from pv.ops.demo.plan import Words
from pv.ops.demo.population.chance import Dice
from pv.ops.demo.population.fates import NO_RELATION
from pv.ops.demo.population.products import Made
from pv.ops.demo.population.stories import Event, Handling, days

HAPPENING = 0.06
"""How likely a full visit brings one [made up]; twice as likely in the first half year."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An event that may happen: how often against the others, how grave, and how likely it counts as serious."""

    verbatim: Words
    kind: str
    weight: float
    grades: tuple[int, ...]
    serious: float
    causality: tuple[tuple[str, float], ...]
    treatment: Words
    only: str = ""


RELATED = (("possible", 0.7), ("probable", 0.3))
UNSURE = (("possible", 0.45), ("unlikely", 0.55))
DOUBTFUL = (("possible", 0.2), ("unlikely", 0.8))
EVENTS = (
    Kind(
        ("pneumonia", "肺炎"), "infection", 16, (2, 3, 3), 0.75, UNSURE, ("piperacillin/tazobactam", "哌拉西林他唑巴坦")
    ),
    Kind(
        ("COVID-19", "新型冠状病毒感染"),
        "infection",
        12,
        (1, 2, 3),
        0.25,
        DOUBTFUL,
        ("nirmatrelvir/ritonavir", "奈玛特韦/利托那韦"),
    ),
    Kind(("herpes zoster", "带状疱疹"), "infection", 9, (2, 2, 3), 0.15, UNSURE, ("valaciclovir", "伐昔洛韦")),
    Kind(("upper respiratory tract infection", "上呼吸道感染"), "infection", 14, (1, 2), 0.0, DOUBTFUL, ("", "")),
    Kind(("CMV reactivation", "巨细胞病毒再激活"), "infection", 5, (2, 3), 0.35, RELATED, ("ganciclovir", "更昔洛韦")),
    Kind(("urinary tract infection", "尿路感染"), "infection", 5, (2,), 0.1, DOUBTFUL, ("levofloxacin", "左氧氟沙星")),
    Kind(
        ("Pneumocystis pneumonia", "肺孢子菌肺炎"),
        "infection",
        2,
        (3, 4),
        1.0,
        RELATED,
        ("co-trimoxazole", "复方磺胺甲噁唑"),
    ),
    Kind(
        ("hepatitis B reactivation", "乙型肝炎病毒再激活"),
        "infection",
        3,
        (2, 3),
        0.5,
        RELATED,
        ("entecavir", "恩替卡韦"),
        "hbv",
    ),
    Kind(
        ("hypogammaglobulinaemia", "低丙种球蛋白血症"),
        "haematologic",
        10,
        (2,),
        0.0,
        RELATED,
        ("IVIG", "静注人免疫球蛋白"),
    ),
    Kind(
        ("prolonged neutropenia", "中性粒细胞减少持续存在"),
        "haematologic",
        6,
        (3, 4),
        0.3,
        RELATED,
        ("G-CSF", "粒细胞刺激因子"),
    ),
    Kind(
        ("prolonged thrombocytopenia", "血小板减少持续存在"),
        "haematologic",
        4,
        (3,),
        0.2,
        RELATED,
        ("avatrombopag", "阿伐曲泊帕"),
    ),
    Kind(
        ("tremor and slow movements", "震颤、动作迟缓"),
        "neurologic",
        1.5,
        (2, 3),
        0.6,
        RELATED,
        ("levodopa tried", "试用左旋多巴"),
        "BCMA",
    ),
    Kind(
        ("peripheral neuropathy, worse", "周围神经病变加重"),
        "neurologic",
        3,
        (1, 2),
        0.0,
        DOUBTFUL,
        ("pregabalin", "普瑞巴林"),
    ),
    Kind(
        ("autoimmune thyroiditis", "自身免疫性甲状腺炎"),
        "autoimmune",
        1.2,
        (2,),
        0.0,
        UNSURE,
        ("levothyroxine", "左甲状腺素"),
    ),
    Kind(
        ("hip fracture after a fall", "跌倒致髋部骨折"),
        "hospitalisation",
        2,
        (3,),
        1.0,
        DOUBTFUL,
        ("operation", "手术"),
    ),
)
AFTER_AAV = (
    Kind(("raised ALT", "谷丙转氨酶升高"), "other", 8, (1, 2), 0.0, RELATED, ("prednisolone", "泼尼松龙")),
    Kind(("joint bleed", "关节出血"), "haematologic", 2, (2,), 0.1, DOUBTFUL, ("factor IX", "凝血因子IX")),
)
# What happened in the first weeks in hospital; it was reported then and is history at month 1.
CRS = (("none", 0.2), ("1", 0.42), ("2", 0.29), ("3", 0.08), ("4", 0.01))
ICANS = (("none", 0.8), ("1", 0.12), ("2", 0.05), ("3", 0.03))


def early_history(dice: Dice, made: Made) -> Words:
    """CRS and ICANS as the note of the first visit tells them."""
    if not made.autologous:
        return ("No infusion reaction.", "无输注反应。")
    crs, icans = dice.weighted(CRS), dice.weighted(ICANS)
    begun, lasted = dice.number(1, 6), dice.number(2, 7)
    english, chinese = ["No CRS."], ["未发生CRS。"]
    if crs != "none":
        english = [f"CRS grade {crs} (ASTCT), day {begun} to {begun + lasted}, resolved."]
        chinese = [f"CRS {crs}级(ASTCT),第{begun}天至第{begun + lasted}天,已恢复。"]
        if crs in "234":
            english.append("Tocilizumab given.")
            chinese.append("使用托珠单抗。")
    if icans != "none":
        english.append(f"ICANS grade {icans}, resolved.")
        chinese.append(f"ICANS {icans}级,已恢复。")
    return " ".join(english), "".join(chinese)


def draw_event(
    dice: Dice, made: Made, history: Mapping[str, object], months: float, since: date, until: date
) -> Event | None:
    """What a visit brings, if anything: its onset lies between the two days."""
    if not dice.happens(HAPPENING * (2 if months <= 6 else 1)):
        return None
    allowed = {"", made.target} | ({"hbv"} if history.get("hbv") == "past" else set())
    choice = AFTER_AAV if not made.autologous else EVENTS
    kind = dice.weighted([(one, one.weight) for one in choice if one.only in allowed])
    onset = dice.after(since, 0, max(0, (until - since).days - 2))
    grade = dice.one(kind.grades)
    serious = grade >= 4 or (grade >= 2 and dice.happens(kind.serious))
    in_hospital = serious and kind.kind != "haematologic"
    admitted = dice.after(onset, 0, 4)
    discharged = admitted + days(dice.number(4, 14))
    over = discharged < until if in_hospital else dice.happens(0.7)
    partly_known = months > 9 and not in_hospital and dice.happens(0.25)
    return Event(
        kind=kind.kind,
        verbatim=kind.verbatim,
        onset=PartialDate(onset.year, onset.month) if partly_known else PartialDate.of(onset),
        grade=grade,
        causality=dice.weighted(kind.causality),
        outcome="recovered" if over else "recovering",
        seriousness=(("hospitalisation",) if in_hospital else ("other",)) if serious else (),
        hospital_from=admitted if in_hospital and admitted <= until else None,
        hospital_to=discharged if in_hospital and discharged <= until and admitted <= until else None,
        treatment=kind.treatment,
    )


def handle_event(dice: Dice, event: Event) -> Handling:
    """Triaged within the time, and reported within 15 or 30 days where somebody sees a possible relation."""
    serious = bool(event.seriousness)
    if event.causality == "unlikely":
        return Handling("not_reportable", triaged_after=dice.number(0, 2 if serious else 4), reason=NO_RELATION)
    return Handling(
        "case",
        triaged_after=dice.number(0, 2 if serious else 4),
        reported_after=dice.number(5, 12) if serious else dice.number(10, 26),
        assessed_after=4,
        causality=event.causality,
    )
