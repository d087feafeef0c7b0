"""The treated diseases: who gets them, how they were treated before, how they go on after the infusion.

Ages, shares of women, relapse and death follow what is published of r/r B-cell lymphoma, B-ALL and myeloma after CAR-T
in round figures; they make a picture that reads true and claim nothing.
"""

from dataclasses import dataclass

from pv.ops.demo.plan import Words


@dataclass(frozen=True, slots=True)
class Disease:
    """`relapse` is the share that relapses, after `relapse_months` on average; `lethal` the share of those that die,
    `toxic` that of all who die without relapse."""

    key: str
    indication: Words
    age: tuple[float, float, int, int]
    women: float
    relapse: float = 0.0
    relapse_months: float = 9.0
    lethal: float = 0.0
    toxic: float = 0.0
    prior_lines: tuple[str, ...] = ()
    transplanted: float = 0.0
    irradiated: float = 0.0
    rescue: tuple[str, ...] = ()


LBCL = Disease(
    "LBCL",
    ("Large B-cell lymphoma, relapsed or refractory", "复发或难治性大B细胞淋巴瘤"),
    (57, 13, 20, 81),
    0.45,
    relapse=0.42,
    relapse_months=6,
    lethal=0.68,
    toxic=0.055,
    prior_lines=(
        "1. R-CHOP ×6; 2. R-GDP ×3",
        "1. R-CHOP ×6; 2. R-DHAP ×2; 3. polatuzumab vedotin + BR ×2",
        "1. DA-EPOCH-R ×6; 2. R-ICE ×3",
        "1. R-CHOP ×4; 2. R-GemOx ×4; 3. R2 ×3",
        "1. pola-R-CHP ×6; 2. R-ICE ×2; 3. orelabrutinib + R ×3",
    ),
    transplanted=0.12,
    irradiated=0.22,
    rescue=("glofitamab", "R2", "pola-BR", "local radiotherapy"),
)
FL = Disease(
    "FL",
    ("Follicular lymphoma, relapsed or refractory", "复发或难治性滤泡性淋巴瘤"),
    (56, 11, 28, 79),
    0.52,
    relapse=0.28,
    relapse_months=12,
    lethal=0.3,
    toxic=0.02,
    prior_lines=("1. BR ×6; 2. R2 ×12", "1. R-CHOP ×6, R maintenance; 2. G-CHOP ×4; 3. copanlisib ×6"),
    transplanted=0.08,
    irradiated=0.12,
    rescue=("R2", "mosunetuzumab"),
)
MCL = Disease(
    "MCL",
    ("Mantle cell lymphoma, relapsed after a BTK inhibitor", "BTK抑制剂治疗后复发的套细胞淋巴瘤"),
    (62, 9, 40, 80),
    0.24,
    relapse=0.38,
    relapse_months=10,
    lethal=0.6,
    toxic=0.04,
    prior_lines=("1. R-CHOP/R-DHAP; 2. zanubrutinib", "1. BR ×6; 2. orelabrutinib; 3. VR-CAP ×4"),
    transplanted=0.2,
    irradiated=0.06,
    rescue=("pirtobrutinib", "venetoclax + R"),
)
ALL = Disease(
    "B-ALL",
    ("B-cell acute lymphoblastic leukaemia, relapsed", "复发B细胞急性淋巴细胞白血病"),
    (31, 12, 16, 62),
    0.43,
    relapse=0.45,
    relapse_months=7,
    lethal=0.7,
    toxic=0.06,
    prior_lines=("1. VDCLP + HD-MTX; 2. blinatumomab ×2", "1. hyper-CVAD ×6; 2. inotuzumab ozogamicin ×2"),
    transplanted=0.3,
    irradiated=0.1,
    rescue=("inotuzumab ozogamicin", "allogeneic transplant"),
)
MYELOMA = Disease(
    "MM",
    ("Multiple myeloma, relapsed or refractory", "复发或难治性多发性骨髓瘤"),
    (60, 9, 36, 80),
    0.44,
    relapse=0.38,
    relapse_months=15,
    lethal=0.52,
    toxic=0.05,
    prior_lines=(
        "1. VRd ×6, melphalan + auto-HSCT, R maintenance; 2. D-Pd ×8; 3. ixazomib-Cd ×4",
        "1. PAD ×4; 2. VRd ×8; 3. Pd ×6; 4. daratumumab ×8",
        "1. VTd ×6, melphalan + auto-HSCT; 2. Rd ×12; 3. selinexor-d ×3",
        "1. VCd ×8; 2. IRd ×10; 3. D-Vd ×8",
    ),
    transplanted=0.42,
    irradiated=0.14,
    rescue=("talquetamab", "selinexor-Pd", "D-Kd"),
)
HAEMOPHILIA = Disease("HB", ("Severe haemophilia B", "重型血友病B"), (34, 10, 18, 62), 0.0)

BY_KEY = {one.key: one for one in (LBCL, FL, MCL, ALL, MYELOMA, HAEMOPHILIA)}
