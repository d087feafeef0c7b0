"""Short closed lists that follow-up, safety and biosamples share, in the words of clinic and national form.

On screen a new malignancy is 新发恶性肿瘤(第二原发肿瘤); 继发性恶性肿瘤 means metastasis in hospital coding.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Malignancy(models.TextChoices):
    """The answer to "new malignancy?". It is not a yes or no: practice 18."""

    NO = "no", _("no")
    CONFIRMED = "confirmed", _("confirmed by pathology")
    SUSPECTED = "suspected", _("suspected: biopsy planned or pending")
    RELAPSE = "relapse", _("relapse or progression of the treated disease")
    NOT_ASKED = "not_asked", _("not asked")


class Lineage(models.TextChoices):
    """Where a new malignancy comes from. T-cell origin is the feared one."""

    T_CELL = "t_cell", _("T-cell")
    B_CELL = "b_cell", _("B-cell")
    MYELOID = "myeloid", _("myeloid")
    SOLID = "solid", _("solid tumour")
    UNKNOWN = "unknown", _("not known yet")


class Biopsy(models.TextChoices):
    """Whether tissue was taken."""

    DONE = "done", _("done")
    PLANNED = "planned", pgettext_lazy("biopsy", "planned")
    NOT_PLANNED = "not_planned", _("not planned")
    UNKNOWN = "unknown", _("not known")


class YesNo(models.TextChoices):
    """An answer that may be missing."""

    YES = "yes", _("yes")
    NO = "no", _("no")
    UNKNOWN = "unknown", _("not known")


class Serious(models.TextChoices):
    """The six criteria of seriousness (GVP 44; ICSRG 4.2)."""

    DEATH = "death", _("death")
    LIFE_THREATENING = "life_threatening", _("life-threatening")
    HOSPITALISATION = "hospitalisation", _("hospitalisation, or prolonged")
    DISABILITY = "disability", _("permanent or marked disability")
    CONGENITAL = "congenital", _("congenital anomaly")
    OTHER = "other", _("other important medical event")


class Causality(models.TextChoices):
    """The six grades of 关联性评价 (ICSRG 4.3). A rule may propose a higher one, never a lower one (practice 28)."""

    CERTAIN = "certain", _("certain")
    PROBABLE = "probable", _("probable")
    POSSIBLE = "possible", _("possible")
    UNLIKELY = "unlikely", _("unlikely")
    PENDING = "pending", _("to be assessed")
    UNASSESSABLE = "unassessable", _("cannot be assessed")


class Outcome(models.TextChoices):
    """What became of an event."""

    RECOVERED = "recovered", pgettext_lazy("reaction", "recovered")
    RECOVERING = "recovering", _("recovering")
    NOT_RECOVERED = "not_recovered", _("not recovered")
    SEQUELAE = "sequelae", _("recovered with sequelae")
    FATAL = "fatal", _("fatal")
    UNKNOWN = "unknown", _("not known")


class EventKind(models.TextChoices):
    """What a follow-up visit asks about besides malignancy (delayed adverse events; CDE guidance)."""

    NEUROLOGIC = "neurologic", _("new or worse neurologic disorder")
    AUTOIMMUNE = "autoimmune", _("new or worse autoimmune or rheumatologic disorder")
    HAEMATOLOGIC = "haematologic", _("new haematologic disorder")
    INFECTION = "infection", _("infection possibly related to the product")
    HOSPITALISATION = "hospitalisation", _("hospitalisation")
    PREGNANCY = "pregnancy", _("pregnancy of the patient or partner")
    OTHER = "other", _("other adverse event")


class Source(models.TextChoices):
    """By which way a report came in (practice 26)."""

    VISIT = "visit", _("follow-up visit")
    PHONE = "phone", _("phone call")
    HOSPITAL_LINK = "hospital_link", _("link for hospitals")
    LITERATURE = "literature", _("literature")
    AUTHORITY = "authority", _("feedback data of the authority")
    CALL_CENTRE = "call_centre", _("call centre")
    DISTRIBUTOR = "distributor", _("distributor")
    PARTNER = "partner", _("partner")
    WEBSITE = "website", _("own website")
    PROGRAMME = "programme", _("patient programme")
    IMPORT = "import", _("import")
    API = "api", _("another system")


class Timing(models.TextChoices):
    """When a specimen is from, seen from the event."""

    BEFORE_TREATMENT = "before_treatment", _("before treatment")
    AT_EVENT = "at_event", _("at the event")
    AFTER_EVENT = "after_event", _("after the event")


class Material(models.TextChoices):
    """What a specimen is."""

    APHERESIS = "apheresis", _("apheresis or PBMC retain")
    PRODUCT = "product", _("product retain or its DNA")
    VECTOR = "vector", _("vector retain")
    BLOOD = "blood", _("peripheral blood")
    PLASMA = "plasma", _("plasma or serum")
    GERMLINE = "germline", _("germline control")
    TUMOUR_FFPE = "tumour_ffpe", _("tumour tissue, paraffin")
    TUMOUR_FRESH = "tumour_fresh", _("tumour tissue, fresh or frozen")
    MARROW = "marrow", _("bone marrow, effusion or CSF")
