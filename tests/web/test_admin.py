"""The admin: opened and scoped by the policy, read-only but for a few tables, with the record's own history."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pv.accounts.models import Membership, Party, Signature, User
from pv.accounts.policy import VERBS, Access
from pv.accounts.roles import Role
from pv.audit.models import Event, Seal
from pv.biosamples.models import CustodyEvent, Instruction, Loan, SamplingPlan, SamplingRequest, Specimen
from pv.core.models import CalendarDay, CalendarYear
from pv.deadlines.models import Alarm, Deadline, Ladder, Rule, Rung, Step
from pv.followup.models import ContactAttempt, DutyLine, Excuse, Visit, VisitPlan, VisitRecord
from pv.notices.models import Acknowledgement, Delivery, JobRun, Message, Notice, Rota
from pv.obligations.models import Milestone, Obligation, ObligationChange
from pv.patients.models import Consent, MedicalHistory, Patient, Transfer, Treatment, VitalStatus
from pv.products.models import Alias, Authorisation, Lot, Product, Study, VectorBatch
from pv.safety.models import Assessment, Case, CaseVersion, InboxItem, MalignancyProcess, Question, SafetyMove
from tests.support import factories as make
from tests.support.people import HOLDER_A, HOLDER_B, OPERATOR, PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db

SITE = admin.site._registry
GLOBAL = (CalendarDay, CalendarYear, JobRun, User)
PUBLIC_ONLY = "pipelinefigure"

FACTORIES: dict[Any, Any] = {
    Party: make.PartyFactory,
    Membership: make.MembershipFactory,
    Rule: make.RuleFactory,
    Ladder: make.LadderFactory,
    Rung: make.RungFactory,
    Deadline: make.DeadlineFactory,
    Notice: make.NoticeFactory,
    Delivery: make.DeliveryFactory,
    Message: make.MessageFactory,
    Acknowledgement: make.AcknowledgementFactory,
    Rota: make.RotaFactory,
    Product: make.ProductFactory,
    Alias: make.AliasFactory,
    Authorisation: make.AuthorisationFactory,
    Study: make.StudyFactory,
    Obligation: make.ObligationFactory,
    Milestone: make.MilestoneFactory,
    ObligationChange: make.ObligationChangeFactory,
    InboxItem: make.InboxItemFactory,
    Case: make.CaseFactory,
    CaseVersion: make.CaseVersionFactory,
    Assessment: make.AssessmentFactory,
    MalignancyProcess: make.MalignancyProcessFactory,
    Question: make.QuestionFactory,
    SafetyMove: make.SafetyMoveFactory,
    Signature: make.SignatureFactory,
    SamplingPlan: make.SamplingPlanFactory,
    SamplingRequest: make.SamplingRequestFactory,
    Instruction: make.InstructionFactory,
    Specimen: make.SpecimenFactory,
    CustodyEvent: make.CustodyEventFactory,
    Loan: make.LoanFactory,
    VectorBatch: make.VectorBatchFactory,
    Lot: make.LotFactory,
    Patient: make.PatientFactory,
    Treatment: make.TreatmentFactory,
    MedicalHistory: make.MedicalHistoryFactory,
    Consent: make.ConsentFactory,
    VitalStatus: make.VitalStatusFactory,
    Transfer: make.TransferFactory,
    VisitPlan: make.VisitPlanFactory,
    DutyLine: make.DutyLineFactory,
    Visit: make.VisitFactory,
    VisitRecord: make.VisitRecordFactory,
    ContactAttempt: make.ContactAttemptFactory,
    Excuse: make.ExcuseFactory,
}


def row_of(model: Any, organisation: UUID = HOLDER_A) -> Any:
    """One row of a registered model."""
    if model is Alarm:
        return make.DeadlineFactory(organisation_id=organisation).alarm
    if model is Event:
        make.ProductFactory(organisation_id=organisation)
        with setting_up(organisation):
            return Event.objects.filter(organisation_id=organisation).first()
    return FACTORIES[model](organisation_id=organisation)


def client(*roles: Role, organisation: UUID = HOLDER_A) -> Client:
    browser = Client()
    email = f"everything@{organisation.hex}.example" if len(roles) == len(Role) else ""
    browser.force_login(make_user(*roles, organisation=organisation, email=email))
    return browser


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def title(model: Any) -> str:
    return f"{model._meta.app_label}.{model._meta.model_name}"


MODELS = sorted(SITE, key=title)
SCOPED = [*FACTORIES, Alarm, Event]
each_model = pytest.mark.parametrize("model", MODELS, ids=title)
each_scoped = pytest.mark.parametrize("model", SCOPED, ids=title)


def test_every_scoped_model_is_covered() -> None:
    missed = {title(m) for m in SITE} - {title(m) for m in (*SCOPED, *GLOBAL, Seal)}
    assert missed == {"accounts.organisation", "products.pipelinefigure"}


@each_model
def test_it_is_offered_to_each_role_that_may_read_it_and_to_no_other(model: Any, rf: RequestFactory) -> None:
    for role in Role:
        request = rf.get("/admin/")
        request.access = Access(HOLDER_A, {HOLDER_A: frozenset({role})}, HOLDER_A)
        may = role in VERBS[SITE[model].read_verb]
        assert SITE[model].has_module_permission(request) == may
        assert SITE[model].has_view_permission(request) == may


@each_model
def test_its_list_opens_for_who_may_and_for_nobody_else(model: Any) -> None:
    if model in FACTORIES or model is Alarm:
        row_of(model)
    may = sorted(VERBS[SITE[model].read_verb] & VERBS["admin.open"])
    assert client(may[0]).get(address(model, "changelist")).status_code == 200
    for role in (*sorted(VERBS["admin.open"] - set(may))[:1], Role.LABORATORY):
        assert client(role).get(address(model, "changelist")).status_code in (302, 403)


@each_scoped
def test_a_record_opens_with_its_history(model: Any) -> None:
    row = row_of(model)
    browser = client(Role.PV_HEAD, Role.ADMINISTRATOR)
    assert browser.get(address(model, "change", row.pk)).status_code == 200
    status = browser.get(address(model, "history", row.pk)).status_code
    kept = model not in (Alarm, Event, Notice, Delivery, Message)
    assert status == (200 if kept else 403)


@each_scoped
def test_another_holders_record_is_nowhere(model: Any) -> None:
    mine, theirs = row_of(model), row_of(model, HOLDER_B)
    browser = client(*Role)
    narrowed = {"q": mine.code} if model is Rule else {}  # more shared rules than fit on a page
    listed = browser.get(address(model, "changelist"), narrowed).content.decode()
    assert str(theirs.pk) not in listed
    assert str(HOLDER_B) not in listed
    if model is not Event:
        assert str(mine.pk) in listed
    for page in ("change", "history", "delete"):
        found = browser.get(address(model, page, theirs.pk))
        missing = browser.get(address(model, page, uuid4() if model is not Event else 10**9))
        assert (found.status_code, found.get("Location")) == (missing.status_code, missing.get("Location"))
        assert found.status_code in (302, 403)


@each_scoped
def test_another_holders_record_is_not_found_by_searching(model: Any) -> None:
    theirs = row_of(model, HOLDER_B)
    browser = client(*Role)
    for words in (str(theirs.pk), str(theirs), "Holder B", "x'; --", "\x00", "%"):
        listed = browser.get(address(model, "changelist"), {"q": words})
        assert listed.status_code in (200, 302)
        assert f"/{theirs.pk}/change/" not in listed.content.decode()


@each_scoped
def test_a_made_up_filter_gives_nothing_away(model: Any) -> None:
    row_of(model, HOLDER_B)
    browser = client(*Role)
    for query in ({"organisation": str(HOLDER_B)}, {"organisation__id__exact": str(HOLDER_B)}, {"nothing": "x"}):
        answer = browser.get(address(model, "changelist"), query)
        assert str(HOLDER_B) not in answer.content.decode().replace(f"={HOLDER_B}", "")


@each_model
def test_queries_do_not_grow_with_the_rows(model: Any) -> None:
    browser = client(Role.PV_HEAD, Role.ADMINISTRATOR)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address(model, "changelist")).status_code == 200
        return len(queries)

    if model not in FACTORIES:
        assert count() <= 20
        return
    row_of(model)
    count()  # the process' caches are warm
    few = count()
    for _ in range(3):
        row_of(model)
    assert count() == few
    assert few <= 20


def test_the_first_page_shows_what_one_may_see_and_operators_the_state_of_the_work() -> None:
    page = client(Role.ADMINISTRATOR).get(reverse("admin:index")).content.decode()
    assert "State of the work" in page
    assert "No complete round of the clock" in page
    assert address(User, "changelist") in page
    recorder = client(Role.RECORDER).get(reverse("admin:index")).content.decode()
    assert "State of the work" not in recorder
    assert address(User, "changelist") not in recorder
    assert address(Obligation, "changelist") in recorder


def test_a_visitor_is_sent_to_the_portals_log_in() -> None:
    for path in ("/admin/", "/admin/login/", address(Obligation, "changelist")):
        answer = Client().get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/login/")


def test_what_libraries_bring_is_not_offered() -> None:
    assert not {"auth.group", "knox.authtoken", "admin.logentry"} & {title(model) for model in SITE}
    assert client(Role.ADMINISTRATOR).get("/admin/search/", {"s": "x"}).status_code == 404


READ_ONLY = [model for model in SITE if not SITE[model].editable]


@pytest.mark.parametrize("model", READ_ONLY, ids=title)
def test_nothing_is_written_where_nothing_may_be(model: Any) -> None:
    browser = client(*Role)
    assert browser.get(address(model, "add")).status_code == 403
    if model in FACTORIES or model in (Alarm, Event):
        row = row_of(model)
        assert browser.post(address(model, "change", row.pk), {"reason": "x"}).status_code == 403
        assert browser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", [Rule, Ladder], ids=title)
def test_shared_rules_are_read_only(model: Any) -> None:
    browser = client(Role.PV_HEAD)
    with setting_up():
        shared = model.objects.exclude(organisation_id=HOLDER_A).first()
    page = browser.get(address(model, "change", shared.pk))
    assert page.status_code == 200
    assert 'name="reason"' not in page.content.decode()
    assert browser.post(address(model, "change", shared.pk), {"reason": "x"}).status_code == 403


def act(browser: Client, model: Any, action: str, *rows: Any) -> Any:
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows], "index": "0"}
    return browser.post(address(model, "changelist"), body, follow=True)


def test_a_shared_ladder_becomes_a_version_of_ones_own_and_is_edited() -> None:
    browser = client(Role.PV_HEAD)
    with setting_up():
        shared = Ladder.objects.exclude(organisation_id=HOLDER_A).filter(code="default").first()
        steps = Step.objects.filter(rung__ladder=shared).count()
    act(browser, Ladder, "make_own_version", shared)
    with setting_up():
        own = Ladder.objects.get(organisation_id=HOLDER_A)
        rung = own.rungs.first()
        assert (own.code, own.version) == (shared.code, shared.version + 1)
        assert Step.objects.filter(organisation_id=HOLDER_A, rung__ladder=own).count() == steps
    form = browser.get(address(Rung, "change", rung.pk)).context["adminform"].form.initial
    inlines = {"steps-TOTAL_FORMS": "0", "steps-INITIAL_FORMS": "0"}
    body = {name: value for name, value in form.items() if value is not None} | inlines
    answer = browser.post(address(Rung, "change", rung.pk), body | {"at_hour": "11", "reason": "our day begins at 11"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    with setting_up():
        rung.refresh_from_db()
        assert rung.at_hour == 11
        assert Event.objects.filter(row_id=rung.pk).order_by("-id")[0].reason == "our day begins at 11"


def test_a_ladder_that_deadlines_follow_is_not_changed() -> None:
    row = make.DeadlineFactory()
    page = client(Role.PV_HEAD).get(address(Ladder, "change", row.ladder_id))
    assert 'name="reason"' not in page.content.decode()
    assert client(Role.PV_HEAD).post(address(Ladder, "change", row.ladder_id), {"reason": "x"}).status_code == 403


def test_a_shared_rule_becomes_a_version_of_ones_own() -> None:
    with setting_up():
        shared = Rule.objects.exclude(organisation_id=HOLDER_A).first()
    act(client(Role.PV_HEAD), Rule, "make_own_version", shared)
    with setting_up():
        own = Rule.objects.get(organisation_id=HOLDER_A)
    assert (own.code, own.version, own.confirmed_by) == (shared.code, shared.version + 1, None)


def test_a_reader_makes_no_version() -> None:
    with setting_up():
        shared = Rule.objects.exclude(organisation_id=HOLDER_A).first()
    act(client(Role.AUDITOR), Rule, "make_own_version", shared)
    with setting_up():
        assert not Rule.objects.filter(organisation_id=HOLDER_A).exists()


def test_taking_from_the_list_answers_what_has_rung() -> None:
    rung, quiet, theirs = make.DeadlineFactory(overdue=True), make.DeadlineFactory(), row_of(Deadline, HOLDER_B)
    with setting_up():
        Alarm.objects.filter(deadline=rung).update(rung=1, nth=1)
    answer = act(client(Role.PV_HEAD), Deadline, "take", rung, quiet, theirs)
    said = [str(message) for message in answer.context["messages"]]
    assert "You have taken 1." in said
    with setting_up():
        assert [one.deadline_id for one in Acknowledgement.objects.all()] == [rung.pk]


DAY = {"calendar": "CN", "day": "2031-01-01", "kind": "holiday", "name_en": "New Year", "source": "notice"}


def test_a_calendar_day_is_added_changed_and_deleted_and_all_of_it_is_history() -> None:
    browser = client(Role.ADMINISTRATOR, Role.AUDITOR, organisation=OPERATOR)
    assert browser.post(address(CalendarDay, "add"), DAY | {"reason": "State Council 2030"}).status_code == 302
    with setting_up():
        day = CalendarDay.objects.get(day=date(2031, 1, 1))
    again = browser.post(address(CalendarDay, "add"), DAY | {"reason": "twice"})
    assert "This day is in the calendar already." in again.content.decode()
    changed = DAY | {"name_en": "New Year's Day", "reason": "its name"}
    assert browser.post(address(CalendarDay, "change", day.pk), changed).status_code == 302
    page = browser.get(address(CalendarDay, "history", day.pk)).content.decode()
    assert "State Council 2030" in page
    assert "New Year&#x27;s Day" in page
    assert browser.post(address(CalendarDay, "delete", day.pk), {"post": "yes"}).status_code == 302
    with setting_up():
        assert not CalendarDay.objects.filter(pk=day.pk).exists()


def test_a_change_needs_a_reason() -> None:
    page = client(Role.ADMINISTRATOR, organisation=OPERATOR).post(address(CalendarDay, "add"), DAY)
    assert page.status_code == 200
    assert "This field is required." in page.content.decode()


def test_only_an_administrator_of_the_operator_changes_the_calendar() -> None:
    with setting_up():
        day, year = CalendarDay.objects.latest("day"), CalendarYear.objects.latest("year")
    for browser in (client(Role.PV_HEAD, organisation=OPERATOR), client(Role.ADMINISTRATOR)):
        assert browser.get(address(CalendarDay, "change", day.pk)).status_code == 200
        for model, row in ((CalendarDay, day), (CalendarYear, year)):
            assert browser.get(address(model, "add")).status_code == 403
            assert browser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
            assert (
                browser.post(address(model, "change", row.pk), DAY | {"year": "2031", "reason": "x"}).status_code == 403
            )
    with setting_up():
        assert CalendarDay.objects.filter(pk=day.pk, day=day.day).exists()


def test_an_administrator_of_the_operator_changes_the_calendar_while_working_for_another() -> None:
    """Whatever the frame's menu says: what is written is written for the operator."""
    both = make_user(Role.ADMINISTRATOR)
    make_user(Role.ADMINISTRATOR, organisation=OPERATOR, email=both.email)
    browser = Client(headers={"X-Organisation": str(HOLDER_A)})
    browser.force_login(both)
    assert browser.post(address(CalendarDay, "add"), DAY | {"reason": "State Council 2030"}).status_code == 302


def test_the_database_lets_nobody_but_the_operator_write_the_calendar() -> None:
    with setting_up(HOLDER_A):
        before = CalendarDay.objects.count()
        assert before
        assert CalendarDay.objects.update(source="mine now") == 0
        assert CalendarDay.objects.all()._raw_delete(connection.alias) == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            CalendarYear.objects.create(calendar="CN", year=2099, source="x")
        assert CalendarDay.objects.count() == before


def test_a_rota_entry_names_colleagues_only_and_makes_sense() -> None:
    browser = client(Role.PV_HEAD)
    officer, stranger = make_user(Role.PV_OFFICER), make_user(Role.PV_OFFICER, organisation=HOLDER_B)
    body = {
        "kind": "on_call",
        "person": str(officer.pk),
        "starts_at_0": "2026-03-01",
        "starts_at_1": "09:00:00",
        "ends_at_0": "2026-03-08",
        "ends_at_1": "09:00:00",
        "reason": "March",
    }
    choices = browser.get(address(Rota, "add")).content.decode()
    assert str(officer.pk) in choices
    assert str(stranger.pk) not in choices
    assert browser.post(address(Rota, "add"), body | {"person": str(stranger.pk)}).status_code == 200
    wrong = browser.post(address(Rota, "add"), body | {"ends_at_0": "2026-02-01"})
    assert "The end lies before the beginning." in wrong.content.decode()
    assert browser.post(address(Rota, "add"), body).status_code == 302
    with setting_up():
        entry = Rota.objects.get()
    assert entry.organisation_id == HOLDER_A
    assert browser.post(address(Rota, "delete", entry.pk), {"post": "yes"}).status_code == 302


PERSON = {
    "email": "New.Person@a.example",
    "name": "New Person",
    "language": "en",
    "role": "recorder",
    "first_password": "a quite long pass phrase",
    "reason": "begins in March",
}


def test_an_administrator_adds_a_person_by_address() -> None:
    browser = client(Role.ADMINISTRATOR)
    assert browser.post(address(User, "add"), PERSON).status_code == 302
    with setting_up():
        person = User.objects.get(email="new.person@a.example")
        assert [m.role for m in Membership.objects.filter(user=person)] == ["recorder"]
    assert Client().post("/login/", {"email": person.email, "password": PERSON["first_password"]}).status_code == 302
    weak = browser.post(address(User, "add"), PERSON | {"email": "x@a.example", "first_password": "short"})
    assert "at least 12 characters" in weak.content.decode()


def test_somebody_with_an_account_elsewhere_keeps_it_and_begins_to_work_here_too() -> None:
    theirs = make_user(Role.PV_OFFICER, organisation=HOLDER_B)
    browser = client(Role.ADMINISTRATOR)
    body = PERSON | {"email": theirs.email, "name": "Another Name"}
    assert browser.post(address(User, "add"), body).status_code == 302
    theirs.refresh_from_db()
    assert theirs.name != "Another Name"
    assert theirs.check_password(PASSWORD)
    page = browser.get(address(User, "change", theirs.pk))
    assert "PV officer" not in page.content.decode()
    assert 'name="is_active"' not in page.content.decode()
    change = {"name": "Mine now", "language": "en", "reason": "x", "memberships-TOTAL_FORMS": "0"}
    assert browser.post(address(User, "change", theirs.pk), change).status_code == 403


def test_a_person_is_changed_by_their_administrator() -> None:
    person = make_user(Role.RECORDER)
    body = {"name": "Li Na", "language": "en", "reason": "left", "memberships-TOTAL_FORMS": "0"}
    inline = {"memberships-INITIAL_FORMS": "0"}
    browser = client(Role.ADMINISTRATOR)
    assert browser.post(address(User, "change", person.pk), body | inline).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.is_active) == ("Li Na", False)
    assert client(Role.PV_HEAD).post(address(User, "change", person.pk), body | inline).status_code == 403


def test_a_person_who_was_switched_off_is_switched_on_again() -> None:
    person = make_user(Role.RECORDER)
    with setting_up():
        User.objects.filter(pk=person.pk).update(is_active=False)
    body = {"name": "Li Na", "language": "en", "is_active": "on", "reason": "back", "memberships-TOTAL_FORMS": "0"}
    inline = {"memberships-INITIAL_FORMS": "0"}
    answer = client(Role.ADMINISTRATOR).post(address(User, "change", person.pk), body | inline)
    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.is_active


def test_an_administrator_of_several_changes_a_person_of_the_other_one() -> None:
    both, person = make_user(Role.ADMINISTRATOR), make_user(Role.RECORDER, organisation=HOLDER_B)
    make_user(Role.ADMINISTRATOR, organisation=HOLDER_B, email=both.email)
    browser = Client(headers={"X-Organisation": str(HOLDER_A)})
    browser.force_login(both)
    body = {"name": "Li Na", "language": "en", "is_active": "on", "reason": "x", "memberships-TOTAL_FORMS": "0"}
    answer = browser.post(address(User, "change", person.pk), body | {"memberships-INITIAL_FORMS": "0"})
    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.name == "Li Na"


def test_one_changes_ones_own_password_and_only_that_it_changed_is_history() -> None:
    user = make_user(Role.PV_HEAD)
    browser = Client()
    browser.force_login(user)
    new = "another quite long pass phrase"
    body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert browser.post("/admin/password_change/", body).status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)
    assert browser.get("/admin/").status_code == 200
    page = browser.get(address(User, "history", user.pk)).content.decode()
    assert "not kept" in page
    assert user.password not in page


def test_strangers_are_not_listed_and_no_password_is_guessed() -> None:
    stranger = make_user(Role.PV_OFFICER, organisation=HOLDER_B)
    browser = client(Role.ADMINISTRATOR)
    assert stranger.email not in browser.get(address(User, "changelist"), {"q": "b.example"}).content.decode()
    for lookup in ("password__startswith", "memberships__organisation__name", "email__contains"):
        assert browser.get(address(User, "changelist"), {lookup: "md5"}).status_code in (302, 400)
    with CaptureQueriesContext(connection) as queries:
        browser.get(address(Membership, "changelist"), {"user__password__startswith": "md5"})
    assert not [query for query in queries if "LIKE" in query["sql"]]


def test_a_membership_ends_by_a_date() -> None:
    row = make.MembershipFactory()
    browser = client(Role.ADMINISTRATOR)
    body = {"starts_on": "2026-01-01", "ends_on": "2026-03-01", "reason": "left"}
    assert browser.post(address(Membership, "change", row.pk), body).status_code == 302
    wrong = browser.post(address(Membership, "change", row.pk), body | {"ends_on": "2025-03-01"})
    assert "The end lies before the beginning." in wrong.content.decode()
    assert browser.post(address(Membership, "delete", row.pk), {"post": "yes"}).status_code == 403
    with setting_up():
        row.refresh_from_db()
    assert row.ends_on == date(2026, 3, 1)


def test_a_laboratory_is_bound_to_its_party() -> None:
    person = make_user(Role.RECORDER)
    body = {"user": str(person.pk), "role": "laboratory", "starts_on": "2026-01-01", "reason": "contract"}
    page = client(Role.ADMINISTRATOR).post(address(Membership, "add"), body)
    assert "say which one it is" in page.content.decode()


def autocomplete(browser: Client, model: Any, field: str, term: str = "") -> Any:
    app, name = title(model).split(".")
    return browser.get(
        "/admin/autocomplete/", {"app_label": app, "model_name": name, "field_name": field, "term": term}
    )


def test_autocompletion_offers_only_ones_own() -> None:
    theirs, mine = row_of(Obligation, HOLDER_B), row_of(Obligation)
    browser = client(*Role)
    answer = autocomplete(browser, ObligationChange, "obligation")
    found = {one["id"] for one in answer.json()["results"]}
    assert (str(mine.pk) in found, str(theirs.pk) in found) == (True, False)
    people = autocomplete(browser, Obligation, "owner", "b.example")
    assert people.json()["results"] == []
    assert autocomplete(client(Role.RECORDER), Obligation, "owner").status_code == 403


def test_who_works_for_several_sees_whose_each_row_is() -> None:
    user = make_user(Role.PV_HEAD)
    make.MembershipFactory(user=user, organisation_id=HOLDER_B, role=Role.PV_HEAD)
    mine, theirs = row_of(Obligation), row_of(Obligation, HOLDER_B)
    browser = Client()
    browser.force_login(user)
    page = browser.get(address(Obligation, "changelist")).content.decode()
    assert "Holder A" in page
    assert "Holder B" in page
    narrowed = browser.get(address(Obligation, "changelist"), {"organisation": str(HOLDER_B)}).content.decode()
    assert (str(theirs.pk) in narrowed, str(mine.pk) in narrowed) == (True, False)


def test_in_several_organisations_one_writes_where_the_row_stands() -> None:
    user = make_user(Role.PV_HEAD)
    make.MembershipFactory(user=user, organisation_id=HOLDER_B, role=Role.PV_HEAD)
    theirs = row_of(Rota, HOLDER_B)
    browser = Client()
    browser.force_login(user)
    page = browser.get(address(Rota, "change", theirs.pk)).context["adminform"].form
    body = {
        "kind": "on_call",
        "person": str(page.initial["person"]),
        "starts_at_0": "2026-03-01",
        "starts_at_1": "09:00:00",
        "ends_at_0": "2026-03-09",
        "ends_at_1": "09:00:00",
        "reason": "a day more",
    }
    make.MembershipFactory(user_id=page.initial["person"], organisation_id=HOLDER_B, role=Role.PV_OFFICER)
    assert browser.post(address(Rota, "change", theirs.pk), body).status_code == 302
    with setting_up(HOLDER_B):
        assert Event.objects.filter(row_id=theirs.pk, action="U").get().organisation_id == HOLDER_B


def test_only_the_admin_loosens_the_content_policy() -> None:
    browser = client(Role.PV_HEAD)
    inside, outside = (browser.get(path)["Content-Security-Policy"] for path in ("/admin/", "/notices/"))
    assert "script-src 'self' 'unsafe-eval'" in inside
    assert "style-src 'self' 'unsafe-inline'" in inside
    assert "unsafe" not in outside


def test_the_admin_speaks_chinese() -> None:
    user = make_user(Role.PV_HEAD, language="zh-hans")
    browser = Client()
    browser.force_login(user)
    for path in ("/admin/", address(Obligation, "changelist")):
        assert 'lang="zh-hans"' in browser.get(path).content.decode()


CHILDREN: dict[Any, Any] = {
    Obligation: lambda row: make.ObligationChangeFactory(obligation=row),
    Product: lambda row: make.AliasFactory(product=row),
    Study: lambda row: make.StudyProductFactory(study=row),
    Notice: lambda row: make.DeliveryFactory(notice=row),
    Ladder: lambda row: make.RungFactory(ladder=row, no=100 + row.rungs_made),
    Rung: lambda row: make.StepFactory(rung=row, nth=100 + row.rungs_made),
}


@pytest.mark.parametrize("model", CHILDREN, ids=title)
def test_queries_of_a_record_do_not_grow_with_its_parts(model: Any) -> None:
    browser = client(Role.PV_HEAD, Role.ADMINISTRATOR)
    row = row_of(model)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address(model, "change", row.pk)).status_code == 200
        return len(queries)

    def add(rows: int) -> None:
        for _ in range(rows):
            row.rungs_made = getattr(row, "rungs_made", 0) + 1
            CHILDREN[model](row)

    add(1)
    count()  # the process' caches are warm
    few = count()
    add(4)
    assert count() == few
    assert few <= 25
