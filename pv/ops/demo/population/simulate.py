"""The simulator: from (patients, seed, today) to the two holders' populations. Plain values, no database, no Django."""

from dataclasses import replace
from datetime import date
from typing import Literal

from pv.ops.demo.plan import Words
from pv.ops.demo.population import places, tumours
from pv.ops.demo.population.blood import make_marrow
from pv.ops.demo.population.chance import Dice
from pv.ops.demo.population.fates import Fate, draw_fate, known_death
from pv.ops.demo.population.making import Draft, draw_draft, make_batches, make_treatment
from pv.ops.demo.population.persons import make_history, make_person
from pv.ops.demo.population.products import OF_HOLDER
from pv.ops.demo.population.samples import tell_specimens
from pv.ops.demo.population.scenes import (
    PLANTS,
    SCENES,
    calls_of,
    draft_of,
    loans_of,
    planted_death,
    pregnancy,
    tumour_of,
)
from pv.ops.demo.population.stories import (
    Attempt,
    Consent,
    Handling,
    Move,
    Population,
    Record,
    Story,
    Treatment,
    Tumour,
    VectorBatch,
    days,
)
from pv.ops.demo.population.visiting import Course, Slot, full_visit, slots, tell_visits

SHARE_OF_A = 0.55
MALIGNANCIES = 0.042
"""Of all patients, so many have a confirmed second primary malignancy; planted ones count."""
T_CELL_SHARE = 0.002
LOST_SHARE, FOUND_AGAIN, MOVED_SHARE, WITHDRAWN_SHARE = 0.05, 0.25, 0.04, 0.02
CONSENTS = (
    *(("contact", 1.0), ("new_samples", 0.93), ("stored_samples", 0.95), ("genetic_testing", 0.86)),
    *(("sharing", 0.6), ("export", 0.22)),
)
SPEAKS = {"a": 0, "b": 1}
ATTEMPTS = (
    ((0, "phone", "no_answer"), (4, "phone", "no_answer"), (11, "message", "no_answer")),
    ((18, "letter", "no_answer"), (32, "hospital", "not_known")),
)
MOVED: Words = ("Moved to live with the children", "随子女迁居")


def simulate(patients: int, seed: int, today: date) -> tuple[Population, Population]:
    """Both holders' patients. The same three values make the same populations."""
    of_a = -(-patients * round(SHARE_OF_A * 100) // 100)
    return _holder("a", of_a, patients, seed, today), _holder("b", patients - of_a, patients, seed, today)


def _holder(holder: Literal["a", "b"], patients: int, total: int, seed: int, today: date) -> Population:
    dice = Dice(f"{seed}/{total}/{today}/{holder}")
    products = OF_HOLDER[holder]
    batches = make_batches(products, today)
    scenes = SCENES[holder][:patients]
    drafts = [draft_of(dice.of(f"scene {scene.key}"), scene, today) for scene in scenes]
    sexes = {scene.key: scene.sex for scene in scenes}
    drafts += [draw_draft(dice.of(f"draft {n}"), products, today) for n in range(patients - len(scenes))]
    drafts = _with_tumours(dice.of("tumours"), holder, drafts, total, today)
    drafts.sort(key=lambda one: one.ordered_on)  # codes are given in order of arrival
    stories = []
    for number, draft in enumerate(drafts, start=1):
        teller = _Teller(dice.of(f"patient {number}"), holder, draft, number, batches, today)
        stories.append(teller.tell(sexes.get(draft.scene, "")))
    return Population(holder, places.CENTRES, batches, tuple(stories), calls_of(holder, today))


def _with_tumours(dice: Dice, holder: str, drafts: list[Draft], total: int, today: date) -> list[Draft]:
    """Besides the planted ones, as many second primary malignancies as such a number of patients has."""
    share = SHARE_OF_A if holder == "a" else 1 - SHARE_OF_A
    planted = sum(1 for one in drafts if one.scene in PLANTS and PLANTS[one.scene].status == "confirmed")
    more = max(0, round(MALIGNANCIES * total * share) - planted)
    t_cells = max(0, round(T_CELL_SHARE * total * share) - (holder == "a"))
    eligible = [
        at
        for at, one in enumerate(drafts)
        if not one.scene and one.stage == "infused" and one.made.autologous and one.ordered_on < today - days(420)
    ]
    chosen = dice.shuffled(eligible)[:more]
    scenes = {at: "spm_t_cell" if place < t_cells else "spm" for place, at in enumerate(chosen)}
    return [replace(one, scene=scenes[at]) if at in scenes else one for at, one in enumerate(drafts)]


class _Teller:
    """Tells one patient's story, part by part, each with dice of its own."""

    def __init__(
        self, dice: Dice, holder: str, draft: Draft, number: int, batches: tuple[VectorBatch, ...], today: date
    ) -> None:
        self.dice, self.holder, self.draft, self.number = dice, holder, draft, number
        self.batches, self.today = batches, today
        self.code = f"{holder.upper()}-{number:04}"
        self.scene = draft.scene

    def tell(self, sex: str) -> Story:
        draft, dice = self.draft, self.dice
        treatment = make_treatment(dice.of("treatment"), draft, self.batches, self.number, self.today)
        person = make_person(dice.of("person"), draft.disease, self.number, self.holder, draft.ordered_on)
        if sex in ("female", "male"):
            person = replace(person, sex="female" if sex == "female" else "male")
        history = make_history(dice.of("history"), draft.disease, person, SPEAKS[self.holder])
        if self.scene == "mds":
            history = dict(history) | {"clonal_haematopoiesis": "yes", "clonal_note": "TP53 3.1 %"}
        story = Story(
            code=self.code,
            scene=self.scene,
            centre=dice.of("centre").weighted(places.SHARES),
            person=person,
            history=history,
            treatment=treatment,
            consents=self._consents(treatment),
            loans=loans_of(self.scene, self.number, self.today),
        )
        return self._followed(story, woman=person.sex == "female") if treatment.infused_on else self._before(story)

    def _before(self, story: Story) -> Story:
        specimens = tell_specimens(
            self.dice.of("samples"), self.code, self.scene, story.treatment, story.centre, [], self.today
        )
        return replace(story, specimens=specimens)

    def _consents(self, treatment: Treatment) -> tuple[Consent, ...]:
        dice, given_on = self.dice.of("consents"), treatment.ordered_on
        scopes = [scope for scope, share in CONSENTS if dice.happens(share)]
        if treatment.study:
            scopes.append("study_data")
        taken_back: list[str] = []
        if self.scene == "withdrawn":
            scopes, taken_back = (
                list(dict.fromkeys([*scopes, "genetic_testing", "sharing"])),
                ["genetic_testing", "sharing"],
            )
        elif dice.happens(WITHDRAWN_SHARE) and not self.scene:
            taken_back = [dice.one([scope for scope in scopes if scope != "contact"] or scopes)]
        since = (self.today - given_on).days
        back_on = given_on + days(since * 3 // 5)
        return tuple(
            Consent(scope, given_on, back_on if scope in taken_back and since > 90 else None) for scope in scopes
        )

    def _followed(self, story: Story, *, woman: bool) -> Story:
        infused_on = story.treatment.infused_on
        if infused_on is None:
            return story
        dice, draft, today = self.dice, self.draft, self.today
        planted = planted_death(self.scene, today)
        fate = Fate() if self.scene else draw_fate(dice.of("fate"), draft.disease, infused_on, today)
        death = planted or (None if self.scene else known_death(dice.of("death"), fate, today))
        if planted:
            fate = Fate(died_on=planted[1].died.earliest() if planted[1].died.day else today - days(24))
        tumour = self._tumour(infused_on)
        quiet_from, quiet_until = self._silence(infused_on, fate)
        course = Course(
            made=draft.made,
            marrow=make_marrow(dice.of("marrow"), draft.made, draft.disease, woman=woman),
            history=story.history,
            infused_on=infused_on,
            today=today,
            fate=fate,
            quiet_from=quiet_from,
            quiet_until=quiet_until,
            failing_from=tumour[0] - days(50) if tumour and tumour[1].lineage == "myeloid" else None,
            calm=bool(self.scene) and self.scene not in ("transferred", "withdrawn", "spm", "spm_t_cell"),
        )
        records = self._with_tumour(course, tumour)
        if death:
            told_on, what, handling = death
            records.append(
                Record(
                    "minimal", "", told_on, seen_on=told_on, way="phone", source="phone", death=what, handling=handling
                )
            )
        if self.scene == "pregnant":
            records.append(pregnancy(today))
        records.sort(key=lambda one: one.entered_on)
        specimens = tell_specimens(
            dice.of("samples"), self.code, self.scene, story.treatment, story.centre, records, today
        )
        attempts, lost_on = self._attempts(course)
        return replace(
            story,
            records=tuple(records),
            specimens=specimens,
            attempts=attempts,
            lost_on=lost_on,
            found_on=quiet_until if lost_on else None,
            moves=self._moves(infused_on, fate, story.centre),
        )

    def _tumour(self, infused_on: date) -> tuple[date, Tumour, Handling, str, str] | None:
        """The day a new malignancy was told, and how."""
        dice = self.dice.of("tumour")
        if plant := PLANTS.get(self.scene):
            on, tumour = tumour_of(dice, plant, self.today)
            return on, tumour, plant.handling, plant.way, plant.source
        if not self.scene.startswith("spm"):
            return None
        what = tumours.T_CELL
        if self.scene == "spm":
            what = dice.weighted([(one, one.weight) for one in tumours.OTHERS])
        span = (self.today - days(45) - infused_on).days
        on = infused_on + days(dice.number(min(200, span), span))
        return on, tumours.confirmed(dice, what, on), tumours.handle_confirmed(dice), "hospital_record", "visit"

    def _with_tumour(self, course: Course, tumour: tuple[date, Tumour, Handling, str, str] | None) -> list[Record]:
        """All visits, and the report: a contact of its own, or part of the visit at which the tumour was found."""
        dice = self.dice.of("visits")
        if tumour is None:
            return tell_visits(dice, course)
        on, what, handling, way, source = tumour
        slot = self._slot_at(course.infused_on, on) if way == "in_person" else None
        if slot is None:
            told = Record("minimal", "", on, seen_on=on, way=way, source=source, tumour=what, handling=handling)
            return [*tell_visits(dice, course), told]
        visit = full_visit(dice.of("found"), replace(course, calm=True), slot, on, on, relapse_told=True)
        visit = replace(visit, entered_on=on, tumour=what, handling=handling)
        return [*tell_visits(dice, replace(course, reserved=(slot.code,))), visit]

    def _slot_at(self, infused_on: date, on: date) -> Slot | None:
        return next((one for one in slots(infused_on, self.today) if one.opens_on <= on <= one.closes_on), None)

    def _silence(self, infused_on: date, fate: Fate) -> tuple[date | None, date | None]:
        """From when on nobody reaches the patient, and until when."""
        dice, since = self.dice.of("silence"), (self.today - infused_on).days
        if self.scene == "lost":
            return self.today - days(240), None
        if self.scene or since < 300 or not dice.happens(LOST_SHARE):
            return None, None
        begins = infused_on + days(dice.number(120, since - 150))
        if not fate.alive_on(begins + days(180)):
            return None, None
        ends = begins + days(dice.number(230, 420))
        return begins, ends if dice.happens(FOUND_AGAIN) and ends < self.today else None

    def _attempts(self, course: Course) -> tuple[tuple[Attempt, ...], date | None]:
        """Tried by several ways on several days after the first window that closed in silence (regulation 5.4)."""
        if course.quiet_from is None:
            return (), None
        missed = next((one for one in slots(course.infused_on, self.today) if course.is_lost(one.target)), None)
        if missed is None:
            return (), None
        first = missed.closes_on + days(2)
        attempts = [Attempt(first + days(after), *more) for row in ATTEMPTS for after, *more in row]
        lost_on = attempts[-1].on + days(6)
        if lost_on > self.today or (course.quiet_until and lost_on >= course.quiet_until):
            return tuple(one for one in attempts if one.on <= self.today), None
        return tuple(attempts), lost_on

    def _moves(self, infused_on: date, fate: Fate, centre: str) -> tuple[Move, ...]:
        dice, since = self.dice.of("moves"), (self.today - infused_on).days
        if self.scene != "transferred" and (self.scene or since < 200 or not dice.happens(MOVED_SHARE)):
            return ()
        on = infused_on + days(dice.number(100, since - 20))
        if not fate.alive_on(on + days(30)):
            return ()
        if self.scene != "transferred" and dice.happens(0.5):
            others = [one.key for one in places.HOSPITALS if one.key != centre]
            return (Move(on, dice.one([*others, "call"]), ("", ""), MOVED),)
        return (Move(on, "", dice.one(places.ELSEWHERE), MOVED),)
