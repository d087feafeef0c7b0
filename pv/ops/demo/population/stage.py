"""Where and by whom it is written: the organisation's people, products, parties, and its language."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from pv.accounts.context import acting_as, writing_for
from pv.accounts.models import Party, User
from pv.biosamples.models import SamplingRequest
from pv.ops.demo.people import HOMES, PEOPLE
from pv.ops.demo.plan import Words
from pv.ops.demo.population.agenda import Agenda
from pv.ops.demo.population.places import CENTRES
from pv.ops.demo.population.stories import Population
from pv.ops.demo.population.travelling import Traveller
from pv.patients.models import Patient, Treatment
from pv.products.models import Product, Study
from pv.safety.models import Question

REASON, JOB = "made up for the demonstration", "seed_demo"


@dataclass(slots=True)
class Cast:
    """One patient as the database knows them by now."""

    patient: Patient
    treatment: Treatment | None = None
    visits: dict[str, UUID] = field(default_factory=dict)


class Stage:
    """One organisation while its population is written."""

    def __init__(self, organisation: UUID, population: Population, traveller: Traveller) -> None:
        self.organisation, self.population, self.traveller = organisation, population, traveller
        self.agenda = Agenda(traveller.now)
        home = HOMES[organisation]
        self._speaks = 1 if home.language.startswith("zh") else 0
        addresses = {f"{local}@{home.domain}": local for local in PEOPLE}
        self.people = {addresses[one.email]: one for one in User.objects.filter(email__in=addresses)}
        self.products = dict(Product.objects.for_organisations([organisation]).values_list("key", "pk"))
        self.studies = dict(Study.objects.for_organisations([organisation]).values_list("protocol", "pk"))
        self.parties: dict[str, UUID] = {}
        self.lots: dict[str, UUID] = {}
        self.cast: dict[str, Cast] = {}

    def say(self, words: Words) -> str:
        """In the language that this holder's people work in."""
        return words[self._speaks]

    @property
    def now(self) -> datetime:
        """The moment at which the population ends."""
        return self.agenda.now

    @contextmanager
    def acting(self, local: str) -> Iterator[User]:
        """As one of the holder's people."""
        person = self.people[local]
        with acting_as(person, organisation=self.organisation, reason=REASON, job=JOB):
            yield person

    def make_parties(self) -> None:
        """Hospitals, laboratories, call centre, courier; those that stand already stay."""
        known = dict(Party.objects.for_organisations([self.organisation]).values_list("name", "pk"))
        with writing_for(self.organisation):
            for centre in CENTRES:
                if centre.name[0] not in known:
                    origin = Party.Origin.FOREIGN if centre.foreign else Party.Origin.CHINESE
                    party: Party = Party.objects.create(
                        organisation_id=self.organisation,
                        name=centre.name[0],
                        name_zh=centre.name[1],
                        kind=centre.kind,
                        origin=origin,
                        origin_from=date(2020, 1, 1),
                    )
                    known[party.name] = party.pk
                self.parties[centre.key] = known[centre.name[0]]

    def token(self, name: str) -> UUID:
        """The same submission for the same record, whenever it is written."""
        return uuid5(NAMESPACE_URL, f"urn:demo:{self.organisation}:{name}")

    def open_requests(self, cause: UUID) -> list[SamplingRequest]:
        """What is still asked for because of this report, in the order of its plan."""
        mine = SamplingRequest.objects.for_organisations([self.organisation]).filter(cause=cause, state="open")
        return list(mine.select_related("item").order_by("item__position"))

    def is_open(self, request: UUID) -> bool:
        mine = SamplingRequest.objects.for_organisations([self.organisation])
        return bool(mine.filter(pk=request, state="open").exists())

    def open_questions(self, case: UUID) -> list[UUID]:
        """What is still asked beside the reports of this case."""
        mine = Question.objects.for_organisations([self.organisation]).filter(item__case=case, answered_at=None)
        return list(mine.values_list("pk", flat=True))
