"""Whether there is a pair: something from before the treatment, and something from the event or after it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from pv.biosamples.models import Specimen
from pv.biosamples.services.asking import is_usable
from pv.patients.models import Patient
from pv.terminology.clinical import Timing

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Pair:
    """What there is of a patient on both sides. `ready`: one usable specimen on each; `words` say what is lacking."""

    before: list[Specimen]
    after: list[Specimen]
    ready: bool
    words: "StrOrPromise"


WORDS = {
    (True, True): _("Before and after treatment: both there."),
    (True, False): _("From before treatment only: nothing usable from the event yet."),
    (False, True): _("From the event only: nothing usable from before treatment."),
    (False, False): _("Nothing usable, neither from before treatment nor from the event."),
}


def pair_of(patient: Patient) -> Pair:
    """Every specimen of a patient, before and after, used up and spoilt ones too; only usable ones make a pair."""
    mine = Specimen.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    before: list[Specimen] = []
    after: list[Specimen] = []
    for specimen in mine.select_related("holder").order_by("collected_on", "code"):
        (before if specimen.timing == Timing.BEFORE_TREATMENT else after).append(specimen)
    has = any(map(is_usable, before)), any(map(is_usable, after))
    return Pair(before, after, ready=all(has), words=WORDS[has])
