"""The made-up products as the simulator needs them: what they treat, since when, how they are made and dosed."""

from dataclasses import dataclass
from typing import Literal

from pv.ops.demo.population.diseases import ALL, FL, HAEMOPHILIA, LBCL, MCL, MYELOMA, Disease


@dataclass(frozen=True, slots=True)
class Label:
    """An approved indication: so many months ago (people.holder_a, holder_b say the same), and how often it is used."""

    disease: Disease
    months: int
    share: float


@dataclass(frozen=True, slots=True)
class Made:
    """A product: its labels, its studies, and how it is made. `target` decides which cells it clears."""

    key: str
    prefix: str
    target: Literal["CD19", "BCMA", "FIX"]
    labels: tuple[Label, ...]
    share: float
    study: str
    long_term: str
    confirmatory: str
    plasmid: str
    reagents: str
    dose: tuple[float, float]
    dose_unit: str
    off_label: Disease | None = None

    @property
    def autologous(self) -> bool:
        return self.target != "FIX"

    @property
    def first_approved(self) -> int:
        return max(label.months for label in self.labels)


A = (
    Made(
        *("demo-cel", "DC", "CD19", (Label(LBCL, 44, 0.84), Label(FL, 13, 0.16)), 0.56),
        *("DEMO-A-301", "DEMO-A-LTFU", "DEMO-A-301", "pDEMO-19A", "anti-CD3/CD28 beads K-11"),
        *((1.0e8, 0.12), "CAR+ T cells"),
        off_label=ALL,
    ),
    Made(
        *("demo-maleucel", "DM", "BCMA", (Label(MYELOMA, 49, 1.0),), 0.38),
        *("DEMO-A-303", "DEMO-A-LTFU", "DEMO-A-303", "pDEMO-BCM", "anti-CD3/CD28 beads K-11"),
        *((1.5e8, 0.2), "CAR+ T cells"),
    ),
    Made(
        *("demo-parvovec", "DP", "FIX", (Label(HAEMOPHILIA, 20, 1.0),), 0.06),
        *("DEMO-A-AAV5Y", "DEMO-A-AAV5Y", "DEMO-A-AAV5Y", "pDEMO-F9", "-"),
        *((2.0e13, 0.0), "vg/kg"),
    ),
)
B = (
    Made(
        *("demo-autoleucel", "DA", "CD19", (Label(LBCL, 30, 0.72), Label(MCL, 46, 0.28)), 0.53),
        *("DEMO-B-301", "DEMO-B-LTFU", "DEMO-B-301", "pDEMO-19B", "transduction enhancer R-3"),
        *((2.0e8, 0.1), "CAR+ T cells"),
        off_label=ALL,
    ),
    Made(
        *("demo-eqleucel", "DE", "BCMA", (Label(MYELOMA, 57, 1.0),), 0.47),
        *("DEMO-B-303", "DEMO-B-LTFU", "DEMO-B-303", "pDEMO-BCN", "anti-CD3/CD28 nanomatrix T-2"),
        *((7.5e7, 0.25), "CAR+ T cells"),
    ),
)
OF_HOLDER: dict[str, tuple[Made, ...]] = {"a": A, "b": B}


def product(key: str) -> Made:
    return next(one for made in OF_HOLDER.values() for one in made if one.key == key)
