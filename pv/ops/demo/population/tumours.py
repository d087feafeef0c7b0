"""New malignancies after the infusion: which ones, how they were found, and how the holder dealt with the report."""

from dataclasses import dataclass
from datetime import date, timedelta

from pv.core.partial import PartialDate
from pv.ops.demo.plan import Words
from pv.ops.demo.population.chance import Dice
from pv.ops.demo.population.stories import Handling, Tumour, days

BY_PATHOLOGY: Words = ("local pathology with immunohistochemistry", "当地病理及免疫组化")
BY_MARROW: Words = ("marrow smear, flow cytometry, karyotype", "骨髓涂片、流式细胞术及核型")


@dataclass(frozen=True, slots=True)
class Neoplasm:
    diagnosis: Words
    lineage: str
    diagnosed_by: Words
    weight: float = 1.0


T_CELL = Neoplasm(
    ("peripheral T-cell lymphoma, NOS, CD4+, EBER negative", "外周T细胞淋巴瘤(非特指型),CD4+,EBER阴性"),
    "t_cell",
    BY_PATHOLOGY,
)
MDS = Neoplasm(
    ("myelodysplastic neoplasm with increased blasts, del(7q)", "骨髓增生异常肿瘤伴原始细胞增多,del(7q)"),
    "myeloid",
    BY_MARROW,
    3,
)
AML = Neoplasm(
    ("acute myeloid leukaemia, therapy-related, TP53 mutated", "治疗相关急性髓系白血病,TP53突变"),
    "myeloid",
    BY_MARROW,
    1.5,
)
SKIN = Neoplasm(
    ("squamous cell carcinoma of the skin, left temple", "皮肤鳞状细胞癌(左颞部)"), "solid", BY_PATHOLOGY, 1.5
)
BASAL = Neoplasm(("basal cell carcinoma of the nose", "鼻部基底细胞癌"), "solid", BY_PATHOLOGY, 1.5)
COLON = Neoplasm(("adenocarcinoma of the sigmoid colon", "乙状结肠腺癌"), "solid", BY_PATHOLOGY, 1.5)
LUNG = Neoplasm(("adenocarcinoma of the lung, right upper lobe", "右肺上叶腺癌"), "solid", BY_PATHOLOGY, 1.5)
GASTRIC = Neoplasm(("adenocarcinoma of the stomach", "胃腺癌"), "solid", BY_PATHOLOGY, 1.2)
PROSTATE = Neoplasm(("adenocarcinoma of the prostate", "前列腺腺癌"), "solid", BY_PATHOLOGY, 0.8)
BREAST = Neoplasm(("invasive carcinoma of the breast", "乳腺浸润性癌"), "solid", BY_PATHOLOGY, 0.8)
OTHERS = (MDS, AML, SKIN, BASAL, COLON, LUNG, GASTRIC)

SUSPECTED_T_CELL = Neoplasm(
    (
        "suspected T-cell lymphoma: cervical node 3.2 cm, nodules of the skin",
        "疑似T细胞淋巴瘤:颈部淋巴结3.2cm,皮肤结节",
    ),
    "t_cell",
    ("ultrasound; biopsy planned", "超声检查,拟行活检"),
)
SUSPECTED_MDS = Neoplasm(
    (
        "suspected myelodysplastic neoplasm: new pancytopenia, blasts 4 %",
        "疑似骨髓增生异常肿瘤:新发全血细胞减少,原始细胞4%",
    ),
    "myeloid",
    ("blood smear; marrow planned", "血涂片,拟行骨髓检查"),
)
SUSPECTED_NODE = Neoplasm(
    ("suspected lymphoma, origin not known: axillary nodes", "疑似淋巴瘤(来源待定):腋窝淋巴结肿大"),
    "unknown",
    ("PET-CT; biopsy planned", "PET-CT,拟行活检"),
)
STOOD_DOWN: Words = (
    "Biopsy: reactive lymphadenitis, EBER positive, no clonal T cells; seen by central pathology",
    "活检:反应性淋巴结炎,EBER阳性,未见克隆性T细胞,中心病理已复核",
)
EXCLUDED: Words = (
    "Marrow: no dysplasia, no clone; cytopenia explained by parvovirus B19",
    "骨髓检查:无病态造血及克隆证据,血细胞减少由细小病毒B19感染所致",
)


def confirmed(dice: Dice, what: Neoplasm, on: date) -> Tumour:
    """Proven by pathology shortly before the day it was told."""
    biopsy_on = on - timedelta(days=dice.number(4, 11))
    began = biopsy_on - timedelta(days=dice.number(12, 40))
    return Tumour(
        status="confirmed",
        diagnosis=what.diagnosis,
        lineage=what.lineage,  # type: ignore[arg-type]  # the words of terminology.Lineage
        onset=PartialDate(began.year, began.month) if dice.happens(0.3) else PartialDate.of(began),
        biopsy="done",
        biopsy_on=biopsy_on,
        diagnosed_by=what.diagnosed_by,
    )


def suspected(dice: Dice, what: Neoplasm, on: date) -> Tumour:
    began = on - timedelta(days=dice.number(9, 24))
    return Tumour(
        status="suspected",
        diagnosis=what.diagnosis,
        lineage=what.lineage,  # type: ignore[arg-type]  # the words of terminology.Lineage
        onset=PartialDate.of(began),
        biopsy="planned",
        biopsy_on=on + days(2),
        diagnosed_by=what.diagnosed_by,
    )


def handle_confirmed(dice: Dice, *, reported: bool = True) -> Handling:
    """Taken at once, triaged within the day, assessed and reported within the 15 days."""
    return Handling(
        "case",
        triaged_after=0 if dice.happens(0.6) else 1,
        causality="possible",
        assessed_after=dice.number(3, 6),
        reported_after=dice.number(8, 13) if reported else None,
    )


def fits(what: Neoplasm, sex: str) -> bool:
    return what is not PROSTATE or sex == "male"
