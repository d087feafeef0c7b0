"""The story the product exists for, every process running: a visit reveals a T-cell lymphoma, and nothing waits.

Then the same for a phone call about a half-known patient, with worker, broker and mail server killed while it is saved.
"""

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.walk import browser as browser
from tests.browser.walk import demo as demo
from tests.browser.walk import kill, log_in, manage, within
from tests.run.test_demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.enable_socket]

DIAGNOSIS = "T-cell lymphoma of the small bowel"
CALL = "Large neck node, CD3 positive on the frozen section"


def asked(demo: Demo, program: str) -> Any:
    """What the database says, as the clock's role sees it."""
    return json.loads(manage(demo, "shell", "-v0", "-c", program))


NEXT_VISIT = """
import json
from datetime import timedelta
from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.core import clock
from pv.followup.models import Visit
from pv.ops.demo.people import HOLDER_A
with acting_as(User.objects.get(email="recorder@demo-a.example"), organisation=HOLDER_A):
    begun = Visit.objects.for_organisations([HOLDER_A]).filter(
        line="protocol", state="planned", earliest_on__lte=clock.today() - timedelta(days=1),
        patient__state="active").exclude(patient__malignancies__isnull=False)
    # The month-12 visit where the made-up holder has one open today, else the one nearest to it.
    found = min(begun.select_related("patient"), key=lambda one: (abs(int(one.code.strip("MY")) - 12), one.pk))
    print(json.dumps([str(found.pk), found.patient.code, str(found.patient_id)]))
"""

# Who was told of the alarm of a report with this diagnosis: step, person, channel, how it went.
TOLD = """
import json
from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import User
from pv.notices.models import Delivery
from pv.ops.demo.people import HOLDER_A
from pv.safety.models import InboxItem
with acting_as(User.objects.get(email="reviewer@demo-a.example"), organisation=HOLDER_A):
    item = InboxItem.objects.for_organisations([HOLDER_A]).filter(diagnosis__contains="{words}").first()
if item is None:
    print("[]")
else:
    with as_clock():
        told = Delivery.objects.filter(notice__deadline__subject=item.pk, notice__deadline__kind="acknowledge")
        print(json.dumps(sorted(map(list, told.values_list(
            "notice__nth", "recipient__email", "channel", "state")))))
"""

# What one report has opened, and what still runs.
OPENED = """
import json
from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.biosamples.models import SamplingRequest, Specimen
from pv.deadlines.models import Deadline
from pv.ops.demo.people import HOLDER_A
from pv.safety.models import InboxItem
with acting_as(User.objects.get(email="reviewer@demo-a.example"), organisation=HOLDER_A):
    items = InboxItem.objects.for_organisations([HOLDER_A]).filter(diagnosis__contains="{words}")
    item = items.get()
    subjects = [item.pk, *([item.case_id] if item.case_id else [])]
    clocks = Deadline.objects.for_organisations([HOLDER_A]).filter(subject__in=subjects, closed_at=None)
    requests = SamplingRequest.objects.for_organisations([HOLDER_A]).filter(cause=item.pk)
    print(json.dumps({{
        "items": items.count(), "state": item.state, "serious": item.serious,
        "case": item.case.number if item.case else None,
        "versions": item.case.versions if item.case else 0,
        "clocks": sorted(clocks.values_list("kind", "basis")),
        "timings": sorted(set(requests.values_list("timing", flat=True))),
        "held": Specimen.objects.for_organisations([HOLDER_A]).filter(
            patient=item.patient, timing="before_treatment", on_hold=True).count(),
        "retained": Specimen.objects.for_organisations([HOLDER_A]).filter(
            patient=item.patient, timing="before_treatment").exclude(
            state__in=["exhausted", "disposed", "lost", "returned"]).count(),
    }}))
"""


def told(demo: Demo, words: str) -> list[list[Any]]:
    found: list[list[Any]] = asked(demo, TOLD.format(words=words))
    return found


def everybody_has_it(demo: Demo, words: str) -> bool:
    """On-call officer, reviewer and PV head (and who stands in for the head), each in the app and by mail."""
    first = [one for one in told(demo, words) if one[0] == 1]
    people = {who.partition("@")[0] for _nth, who, _channel, state in first if state == "sent"}
    ways = {channel for _nth, _who, channel, _state in first}
    return (
        {"reviewer", "pvhead"} <= people
        and bool(people & {"officer", "deputy"})
        and ways == {"in_app", "email"}
        and all(state == "sent" for *_rest, state in first)
    )


def fill_in_the_visit(page: Page) -> None:
    page.get_by_role("button", name=re.compile("yesterday", re.IGNORECASE)).or_(
        page.get_by_role("button", name="Today")
    ).first.click()
    page.check("input[name=way][value=in_person]", force=True)
    page.check("input[name=alive][value=yes]", force=True)
    page.check("input[name=malignancy][value=confirmed]", force=True)
    page.fill("[name=diagnosis]", DIAGNOSIS)
    page.check("input[name=lineage][value=t_cell]", force=True)
    page.fill("[name=onset]", time.strftime("%Y-%m"))
    page.check("input[name=biopsy][value=done]", force=True)


def test_a_malignancy_at_a_visit_is_told_taken_and_triaged(demo: Demo, browser: Browser) -> None:
    visit, code, patient = asked(demo, NEXT_VISIT)
    recorder = log_in(browser, demo, "recorder", width=1280)
    recorder.goto("/patients/")
    recorder.fill("[name=q]", code)
    recorder.press("[name=q]", "Enter")
    recorder.get_by_role("link", name=code).first.click()
    expect(recorder.get_by_role("heading", name=re.compile(code)).first).to_be_visible()
    recorder.goto(f"/visits/{visit}/")
    fill_in_the_visit(recorder)
    recorder.locator("main form.recordform button[type=submit]").last.click()

    # Saved: what was set in motion is said at once.
    recorder.wait_for_url(re.compile(f"/patients/{patient}/"))
    expect(recorder.get_by_text(re.compile(r"Inbox item IN-")).first).to_be_visible()
    expect(recorder.get_by_text(re.compile(r"Report due \d{4}-\d\d-\d\d")).first).to_be_visible()
    took = within(30, lambda: everybody_has_it(demo, DIAGNOSIS))
    print(f"told in the app and by mail after {took:.1f} s")

    opened = asked(demo, OPENED.format(words=DIAGNOSIS))
    assert (opened["items"], opened["state"], opened["serious"], opened["versions"]) == (1, "new", True, 1)
    assert re.fullmatch(r"CN-\d{4}-\d{4}", opened["case"])
    assert [one for one in opened["clocks"] if one[0] in ("icsr", "triage")] == [
        ["icsr", "legal"],
        ["triage", "internal"],
    ]
    assert {"before_treatment", "at_event"} <= set(opened["timings"])
    assert opened["held"] == opened["retained"]

    # The reviewer finds it on top of the queue, takes it with one click, and triages it.
    reviewer = log_in(browser, demo, "reviewer", width=1280)
    reviewer.goto("/admin/safety/inboxitem/")
    top = reviewer.locator("li.q-row").first
    expect(top).to_contain_text(DIAGNOSIS)
    top.get_by_role("button", name=re.compile("I take it")).click()
    expect(reviewer.get_by_text(re.compile("taken by me|You have taken|You take", re.IGNORECASE)).first).to_be_visible()
    reviewer.goto("/admin/safety/inboxitem/?shown=mine")
    reviewer.locator("li.q-row", has_text=DIAGNOSIS).get_by_role("link").first.click()
    reviewer.locator("summary", has_text="It is a case").click()
    reviewer.get_by_role("button", name="Make it a case").click()
    expect(reviewer.get_by_text("became a case").first).to_be_visible()

    # The climbing stops: four hours bring nobody else to the alarm; the report's clock goes on.
    manage(demo, "demo_clock", "--forward", "4h")
    manage(demo, "tick")
    assert {nth for nth, _who, _channel, _state in told(demo, DIAGNOSIS)} == {1}
    after = asked(demo, OPENED.format(words=DIAGNOSIS))
    assert after["state"] == "case"
    assert [one[0] for one in after["clocks"] if one[0] in ("icsr", "triage", "acknowledge")] == ["icsr"]


def test_a_call_about_a_half_known_patient_is_told_although_worker_broker_and_mail_are_dead(
    demo: Demo, browser: Browser
) -> None:
    officer = log_in(browser, demo, "officer", width=390)
    officer.goto("/intake/")
    officer.fill("[name=reporter_name]", "Surgeon of the demonstration")
    officer.fill("[name=reporter_institution]", "Demo hospital in another province")
    officer.fill("[name=reporter_phone]", "000-0000")
    officer.fill("[name=product_text]", "demo-cel")
    officer.fill("[name=patient_text]", "woman of about 60, infused two years ago")
    officer.fill("[name=what]", CALL)
    kill(demo, "worker", "valkey", "mail")
    officer.get_by_role("button", name="Save the call").click()

    # Day 0, the due date and the way to the sampling advice stand on the next page.
    expect(officer.get_by_text(re.compile("Day 0")).first).to_be_visible()
    expect(officer.get_by_role("link", name=re.compile("advice", re.IGNORECASE)).first).to_be_visible()
    within(60, lambda: everybody_has_it(demo, CALL))
    opened = asked(demo, OPENED.format(words=CALL))
    assert (opened["items"], opened["state"], opened["case"]) == (1, "new", None)
    assert {kind for kind, _basis in opened["clocks"]} >= {"icsr", "triage", "acknowledge"}
    first = [one for one in told(demo, CALL) if one[0] == 1]
    assert len(first) == len({(who, channel) for _nth, who, channel, _state in first}), "somebody was told twice"
    assert "whole" in manage(demo, "verify_audit")
