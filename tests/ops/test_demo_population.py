"""The simulator of the demonstration's patients: repeatable, believable, with every stage to be shown."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from pv.ops.demo.population import simulate as module
from pv.ops.demo.population.scenes import SCENES
from pv.ops.demo.population.simulate import simulate
from pv.ops.demo.population.stories import Population, Record, Story

TODAY = date(2026, 2, 13)


def stories(patients: int, seed: int = 1, today: date = TODAY) -> list[Story]:
    return [story for population in simulate(patients, seed, today) for story in population.stories]


def records(patients: int, seed: int = 1) -> list[Record]:
    return [record for story in stories(patients, seed) for record in story.records]


@pytest.fixture(scope="module")
def three_hundred() -> tuple[Population, Population]:
    return simulate(300, 1, TODAY)


@pytest.fixture(scope="module")
def everybody(three_hundred: tuple[Population, Population]) -> list[Story]:
    return [story for population in three_hundred for story in population.stories]


def test_the_same_three_values_make_the_same_populations() -> None:
    assert simulate(60, 7, TODAY) == simulate(60, 7, TODAY)


@pytest.mark.parametrize("other", [(61, 7, TODAY), (60, 8, TODAY), (60, 7, TODAY + timedelta(days=1))])
def test_each_of_the_three_values_counts(other: tuple[int, int, date]) -> None:
    assert simulate(*other) != simulate(60, 7, TODAY)


@pytest.mark.parametrize("patients", [1, 2, 5, 20, 300, 2000])
def test_any_number_of_patients_is_made(patients: int) -> None:
    assert len(stories(patients)) == patients


@pytest.mark.parametrize(("seed", "today"), [(1, date(2024, 2, 29)), (2, date(2026, 12, 31)), (3, date(2028, 3, 1))])
def test_no_day_lies_in_the_future(seed: int, today: date) -> None:
    for story in stories(120, seed, today):
        treatment = story.treatment
        known = [treatment.apheresis_on, treatment.released_on, treatment.infused_on, treatment.returned_on]
        known += [treatment.ordered_on, story.lost_on, *(one.on for one in (*story.attempts, *story.moves))]
        known += [day for record in story.records for day in (record.entered_on, record.seen_on, record.new_therapy_on)]
        known += [step.on for one in story.specimens for step in one.steps] + [
            one.collected_on for one in story.specimens
        ]
        known += [day for one in story.consents for day in (one.given_on, one.withdrawn_on)]
        known += [loan.lent_on for loan in story.loans]
        assert all(day <= today for day in known if day), story.code


def test_the_steps_of_a_treatment_follow_one_another(everybody: list[Story]) -> None:
    for story in everybody:
        it = story.treatment
        steps = [it.ordered_on, it.apheresis_on, it.released_on, it.infused_on or it.returned_on]
        known = [day for day in steps if day]
        assert known == sorted(known), story.code
        assert not (it.infused_on and it.returned_on)
        if it.lot and it.released_on:
            assert it.lot.manufactured_on < it.released_on < it.lot.expires_on


def test_nobody_is_treated_before_a_batch_of_vector_was_there(three_hundred: tuple[Population, Population]) -> None:
    for population in three_hundred:
        batches = {one.code: one for one in population.vector_batches}
        lots = [story.treatment.lot for story in population.stories if story.treatment.lot]
        assert all(batches[lot.vector_batch].manufactured_on < lot.manufactured_on for lot in lots)
        assert len({lot.code for lot in lots}) == len(lots)
        assert sum(batch.out_of_specification for batch in batches.values()) == 1


def test_commercial_use_begins_after_the_approval(everybody: list[Story]) -> None:
    first = {"demo-cel": 44, "demo-maleucel": 49, "demo-parvovec": 20, "demo-autoleucel": 46, "demo-eqleucel": 57}
    for story in everybody:
        if story.treatment.programme == "commercial" and story.treatment.infused_on:
            assert (TODAY - story.treatment.infused_on).days < first[story.treatment.product] * 30.5


def test_nobody_is_seen_before_the_infusion_or_after_death(everybody: list[Story]) -> None:
    for story in everybody:
        for record in story.records:
            if record.seen_on and record.death is None:
                assert story.treatment.infused_on is not None
                assert record.seen_on >= story.treatment.infused_on, story.code
                assert story.death is None or record.seen_on <= story.death.died.latest(), story.code


def test_what_was_seen_is_entered_afterwards(everybody: list[Story]) -> None:
    for story in everybody:
        for record in story.records:
            assert record.seen_on is None or record.seen_on <= record.entered_on, story.code
            for event in record.events:
                assert event.onset.earliest() <= record.entered_on
                assert event.hospital_to is None or (event.hospital_from and event.hospital_from <= event.hospital_to)
            if record.tumour:
                assert record.tumour.onset.earliest() < record.entered_on


def test_hospitals_treat_and_see_people_on_working_days(everybody: list[Story]) -> None:
    for story in everybody:
        it = story.treatment
        dated = [it.ordered_on, it.apheresis_on, it.released_on, it.infused_on]
        dated += [one.seen_on for one in story.records if one.way == "in_person" and not one.reveals]
        assert all(day.weekday() < 5 for day in dated if day), story.code


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("today", [TODAY, date(2026, 11, 24), date(2027, 7, 31)])
def test_the_lymphoma_was_found_at_a_visit(seed: int, today: date) -> None:
    (story,) = [one for one in stories(20, seed, today) if one.scene == "t_cell"]
    ((record, tumour),) = story.tumours
    assert (record.kind, record.visit, tumour.lineage) == ("full", "M30", "t_cell")
    assert record.blood is not None
    assert [one.visit for one in story.records].count("M30") == 1


def test_patients_fit_their_disease(everybody: list[Story]) -> None:
    for story in everybody:
        age = story.treatment.ordered_on.year - story.person.birth_date.year
        assert 15 <= age <= 83, story.code
        if story.treatment.product == "demo-parvovec":
            assert story.person.sex == "male"
        if story.treatment.product in ("demo-maleucel", "demo-eqleucel"):
            assert age >= 35


def test_names_and_numbers_are_plainly_made_up(everybody: list[Story]) -> None:
    for story in everybody:
        assert story.person.name[0].startswith("Demo Patient ")
        assert story.person.name[1].startswith("演示患者")
        assert story.person.phone.startswith("000")
        assert story.person.hospital_number.startswith("DEMO-")


def test_every_place_says_that_it_is_made_up(three_hundred: tuple[Population, Population]) -> None:
    for centre in three_hundred[0].centres:
        assert "fictional" in centre.name[0]
        assert "虚构" in centre.name[1]
    assert Counter(one.kind for one in three_hundred[0].centres)["hospital"] == 6
    assert sum(one.foreign for one in three_hundred[0].centres) == 1


@pytest.mark.parametrize(("patients", "seed"), [(300, 1), (300, 2), (2000, 1)])
def test_second_primary_malignancies_are_as_frequent_as_they_are(patients: int, seed: int) -> None:
    proven = [one.tumour for one in records(patients, seed) if one.tumour and one.tumour.status == "confirmed"]
    t_cell = [one for one in proven if one.lineage == "t_cell"]
    assert 0.03 <= len(proven) / patients <= 0.06
    assert 1 <= len(t_cell) <= patients * 0.005
    assert {"t_cell", "myeloid", "solid"} <= {one.lineage for one in proven}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_other_rates_are_believable(seed: int) -> None:
    found = stories(2000, seed)
    treated = [one for one in found if one.treatment.infused_on]
    told = [record for one in treated for record in one.records]
    visits = [one for one in told if one.visit.startswith("M")]
    assert 0.1 <= sum(bool(one.death) for one in treated) / len(treated) <= 0.25
    relapses = sum(any(r.biopsied_relapse or r.unbiopsied_relapse for r in one.records) for one in treated)
    assert 0.15 <= relapses / len(treated) <= 0.4
    assert 0.01 <= sum(bool(one.lost_on) for one in treated) / len(treated) <= 0.06
    assert 0.03 <= sum(one.kind == "missed" for one in visits) / len(visits) <= 0.15
    assert 0.2 <= sum(one.history["hbv"] == "past" for one in found) / len(found) <= 0.36
    assert 0.05 <= sum(one.history.get("clonal_haematopoiesis") == "yes" for one in found) / len(found) <= 0.2
    kept = sum(any(tube.material == "apheresis" for tube in one.specimens) for one in treated)
    assert 0.75 <= kept / len(treated) <= 0.95


def test_blood_recovers_over_months_and_the_transgene_declines() -> None:
    found = stories(600)
    cd19 = [one for one in found if one.treatment.product in ("demo-cel", "demo-autoleucel")]

    def middle(visit: str, column: str) -> float:
        values = sorted(
            float(getattr(record.blood, column))
            for one in cd19
            for record in one.records
            if record.visit == visit and record.blood
        )
        return values[len(values) // 2]

    assert middle("M1", "neutrophils") < 1.8 < middle("M12", "neutrophils")
    assert middle("M1", "platelets") < middle("M6", "platelets") < middle("M18", "platelets")
    assert middle("M1", "haemoglobin") < middle("M12", "haemoglobin")
    assert middle("M3", "b_cells") == 0
    assert middle("M1", "igg") < 6
    assert middle("M1", "transgene_copies") > 1000 > middle("M18", "transgene_copies")


def test_every_stage_is_there_to_be_shown(three_hundred: tuple[Population, Population], everybody: list[Story]) -> None:
    for population in three_hundred:
        assert {scene.key for scene in SCENES[population.holder]} <= {one.scene for one in population.stories}
    told = [record for story in everybody for record in story.records]
    tumours = [(one.tumour, one.handling) for one in told if one.tumour]
    assert any(one.status == "suspected" and not handling.taken for one, handling in tumours)
    assert any(one.status == "suspected" and handling.taken and not handling.outcome for one, handling in tumours)
    assert any(handling.stood_down_after for _one, handling in tumours)
    assert any(one.lineage == "t_cell" and handling.reported_after is None for one, handling in tumours)
    assert any(one.lineage == "myeloid" and handling.reported_after for one, handling in tumours)
    assert any("skin" in one.diagnosis[0] for one, _handling in tumours)
    assert {one.kind for one in told} == {"full", "minimal", "missed"}
    assert any(one.unbiopsied_relapse for one in told)
    assert any(one.biopsied_relapse for one in told)
    assert any(event.kind == "pregnancy" for one in told for event in one.events)
    deaths = [story.death for story in everybody if story.death]
    assert {bool(one.verified_on) for one in deaths} == {True, False}
    treatments = [one.treatment for one in everybody]
    assert any(one.returned_on for one in treatments)
    assert any(one.released_on and not one.infused_on and not one.returned_on for one in treatments)
    assert any(not one.apheresis_on and not one.infused_on for one in treatments)
    assert any(one.lost_on for one in everybody)
    assert any(one.moves for one in everybody)
    assert any(consent.withdrawn_on for one in everybody for consent in one.consents)
    steps = {step.what for one in everybody for tube in one.specimens for step in tube.steps}
    assert {"sent", "received", "stored", "thawed", "exhausted", "excursion"} <= steps
    loans = [loan for one in everybody for loan in one.loans]
    assert any(loan.returned_on for loan in loans)
    assert any(loan.returned_on is None and loan.return_by < TODAY for loan in loans)
    assert any(loan.returned_on is None and TODAY < loan.return_by <= TODAY + timedelta(days=14) for loan in loans)


def test_few_patients_show_the_most_important_first() -> None:
    assert [one.scene for one in sorted(stories(5), key=lambda one: one.scene)] == [
        *("aml", "fresh", "suspected_node", "t_cell", "taken")
    ]


def test_codes_are_given_in_order_of_arrival(three_hundred: tuple[Population, Population]) -> None:
    for population in three_hundred:
        codes = [one.code for one in population.stories]
        assert codes == sorted(codes)
        assert codes[0] == f"{population.holder.upper()}-0001"
        arrivals = [one.treatment.ordered_on for one in population.stories]
        assert arrivals == sorted(arrivals)


def test_the_simulator_asks_neither_database_nor_clock() -> None:
    folder = Path(module.__file__).parent
    writers = {"agenda", "following", "handling", "keeping", "registering", "requests", "settling", "stage"}
    writers |= {"travelling", "writing"}
    for path in folder.glob("*.py"):
        if path.stem not in writers:
            text = path.read_text(encoding="utf-8")
            assert "django" not in text, path.name
            assert "today()" not in text, path.name
