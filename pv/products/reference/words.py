"""The codes that the register's and the pipeline's files use."""

from enum import StrEnum


class Therapy(StrEnum):
    CAR_T = "car_t"
    CAR_NK = "car_nk"
    TCR_T = "tcr_t"
    OTHER_SOMATIC = "other_somatic"
    STEM_CELL = "stem_cell"
    GENE_THERAPY = "gene_therapy"
    ONCOLYTIC = "oncolytic"
    THERAPEUTIC_VACCINE = "therapeutic_vaccine"


class Integrating(StrEnum):
    """Whether the vector writes itself into the cell's genome: decides how long patients are followed."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    CONDITIONAL = "conditional"
    FULL = "full"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How far the kind of an approval is known."""

    CONFIRMED = "confirmed"
    SUPPORTED = "supported"
    INFERRED_MEDIUM = "inferred_medium"
    INFERRED_LOW = "inferred_low"
    UNKNOWN = "unknown"


class Wording(StrEnum):
    """Where the Chinese indication comes from: close to a wording that was read, or translated by us."""

    CLOSE = "close"
    TRANSLATED = "translated"


class HowRead(StrEnum):
    READ = "read"
    SECOND_HAND = "second_hand"
    RECALLED = "recalled"


class AliasLanguage(StrEnum):
    ENGLISH = "en"
    CHINESE = "zh"
    CODE = "code"


class AliasKind(StrEnum):
    INN = "inn"
    GENERIC = "generic"
    BRAND = "brand"
    CODE = "code"
    FORMER = "former"
    MISSPELLING = "misspelling"


class NameKind(StrEnum):
    CURRENT = "current"
    FORMER = "former"


class DatePrecision(StrEnum):
    """How much of an approval's date is known."""

    DAY = "day"
    MONTH = "month"
    UNKNOWN = "unknown"
