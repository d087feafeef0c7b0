"""History in the reader's words."""

from datetime import date

import pytest
from django.utils import translation

from pv.accounts.context import acting_as, reading_installation
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.audit.history import history_of
from pv.core.models import CalendarDay
from pv.obligations.models import Obligation
from pv.products.models import Product, Study
from tests.support.factories import ObligationFactory, ProductFactory, StudyFactory, UserFactory
from tests.support.people import HOLDER_A, HOLDER_B, OPERATOR, make_user, setting_up

pytestmark = pytest.mark.django_db


def test_a_change_is_told_with_label_old_and_new_value() -> None:
    person = make_user(Role.PV_HEAD, name="Li Na")
    study = StudyFactory(kind=Study.Kind.OTHER, planned_patients=90)
    with acting_as(person, organisation=HOLDER_A, reason="protocol 2.0"):
        Study.objects.filter(pk=study.pk).update(kind=Study.Kind.CONFIRMATORY, planned_patients=120)
        Study.objects.filter(pk=study.pk).update(planned_patients=None)
        last, first, _created = history_of("products_study", study.pk, [HOLDER_A])
    assert sorted(first.changes) == [("Kind", "other study", "confirmatory trial"), ("Patients planned", "90", "120")]
    assert last.changes == [("Patients planned", "120", "")]
    assert (first.actor_name, first.action, first.reason, first.sealed) == ("Li Na", "changed", "protocol 2.0", False)


def test_it_is_told_in_chinese_as_well() -> None:
    study = StudyFactory()
    with setting_up(), translation.override("zh-hans"):
        (created,) = history_of("products_study", study.pk, [HOLDER_A])
    assert created.actor_name != ""
    assert created.action


def test_a_creation_tells_what_was_entered_first() -> None:
    product = ProductFactory(target="CD19", vector="")
    with setting_up():
        Product.objects.filter(pk=product.pk).update(target="BCMA")
        _, created = history_of("products_product", product.pk, [HOLDER_A])
    labels = {label: (old, new) for label, old, new in created.changes}
    assert created.action == "created"
    assert created.actor_name == "the system"
    assert labels["Target"] == ("", "CD19")
    assert "Vector" not in labels
    assert not {"Id", "Organisation"} & set(labels)


def test_references_are_told_by_their_names_and_dates_as_dates() -> None:
    old, new = UserFactory(name="Wang Wei"), UserFactory(name="Zhao Min")
    obligation = ObligationFactory(owner=old)
    with setting_up():
        Obligation.objects.filter(pk=obligation.pk).update(owner=new, forecast_on=date(2027, 3, 1))
        entry = history_of("obligations_obligation", obligation.pk, [HOLDER_A])[0]
    assert sorted(entry.changes) == [("Forecast", "", "2027-03-01"), ("Owner", "Wang Wei", "Zhao Min")]


def test_a_deleted_record_still_tells_its_history() -> None:
    with setting_up(OPERATOR):
        day = CalendarDay.objects.create(day="2031-01-01", kind="holiday", name_en="New Year", source="test")
        CalendarDay.objects.filter(pk=day.pk).update(name_en="New Year's Day")
        CalendarDay.objects.filter(pk=day.pk).delete()
        with reading_installation():
            deleted, changed, created = history_of("core_calendarday", day.pk, [])
    assert deleted.action == "deleted"
    assert ("Day", "2031-01-01", "") in deleted.changes
    assert changed.changes == [("Name, English", "New Year", "New Year's Day")]
    assert ("Name, English", "", "New Year") in created.changes
    assert ("Kind", "", "holiday") in created.changes


def test_a_password_is_told_as_changed_and_no_more() -> None:
    person = make_user(Role.RECORDER)
    with setting_up():
        User.objects.filter(pk=person.pk).update(password="changed")
        with reading_installation():
            entry = history_of("accounts_user", person.pk, [])[0]
    assert entry.changes == [("Password", "not kept", "not kept")]


def test_people_and_calendars_have_no_history_for_everybody() -> None:
    person = UserFactory()
    with setting_up():
        assert history_of("accounts_user", person.pk, [HOLDER_A]) == []


def test_another_holders_record_has_no_history_here() -> None:
    product = ProductFactory()
    with acting_as(make_user(organisation=HOLDER_B), organisation=HOLDER_B):
        assert history_of("products_product", product.pk, [HOLDER_B]) == []
        assert history_of("products_product", product.pk, [HOLDER_A]) == []


def test_only_a_models_table_is_asked() -> None:
    with pytest.raises(LookupError):
        history_of("pg_authid", HOLDER_A, [HOLDER_A])


def test_its_queries_are_few_however_long_it_is(django_assert_num_queries) -> None:
    obligation = ObligationFactory()
    with setting_up():
        for month in range(1, 8):
            owner = UserFactory()
            Obligation.objects.filter(pk=obligation.pk).update(owner=owner, due_on=date(2027, month, 1))
        with django_assert_num_queries(6):  # events, the row, two kinds of references, their people, the seal
            assert len(history_of("obligations_obligation", obligation.pk, [HOLDER_A])) == 8
