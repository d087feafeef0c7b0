"""The first path, every process running: a date passes, its owner hears, nobody answers, the PV head takes it.

The worker and the broker are killed in the middle: that changes nothing but seconds.
"""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.walk import browser as browser
from tests.browser.walk import demo as demo
from tests.browser.walk import kill, log_in, manage, within
from tests.run.test_demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.enable_socket]

CODE = "PMR-A-05"


def told_in_the_app(page: Page) -> bool:
    page.goto("/notices/?show=all")
    return page.get_by_role("article").filter(has_text=CODE).filter(has_text="overdue").count() > 0


def mailed(page: Page, whom: str) -> bool:
    page.goto("/demo/mail/")
    return page.locator("tr, li, article").filter(has_text=f"{whom}@demo-a.example").filter(has_text=CODE).count() > 0


def test_a_passed_date_climbs_until_the_pv_head_takes_it(demo: Demo, browser: Browser) -> None:
    owner = log_in(browser, demo, "ra", width=1280)
    owner.goto("/obligations/")
    owner.get_by_role("link", name=re.compile(CODE)).first.click()
    record = owner.url

    # The owner moves the confirmatory trial's date into the past, with reason and evidence.
    owner.goto(f"{record}due/")
    owner.fill("[name=due_on]", (datetime.fromtimestamp(time.time(), UTC) - timedelta(days=1)).date().isoformat())
    owner.fill("[name=reason]", "The certificate was read wrongly.")
    owner.fill("[name=evidence]", "Certificate, page 2")
    owner.locator("main form button[type=submit]").last.click()
    expect(owner.get_by_text("overdue").first).to_be_visible()

    # The next tick flags it: in the app and by mail, with worker and broker killed in between.
    kill(demo, "worker", "valkey")
    within(90, lambda: told_in_the_app(owner))
    within(90, lambda: mailed(owner, "ra"))

    # Nobody answers for a day; both are killed once more. The next step tells the PV head.
    kill(demo, "worker", "valkey")
    manage(demo, "demo_clock", "--forward", "25h")
    head = log_in(browser, demo, "pvhead", width=390)
    within(90, lambda: told_in_the_app(head))
    within(90, lambda: mailed(head, "pvhead"))

    # Two taps on a phone: the bell, and "I take it".
    head.goto("/")
    head.get_by_role("link", name=re.compile("notices", re.IGNORECASE)).first.click()
    head.get_by_role("button", name=re.compile(f"I take it.*{CODE}")).click()
    expect(head.get_by_text(re.compile("took it|taken", re.IGNORECASE)).first).to_be_visible()

    # The climbing stops: two more days bring nobody else to it.
    manage(demo, "demo_clock", "--forward", "50h")
    manage(demo, "tick")
    steps = json.loads(manage(demo, "shell", "-v0", "-c", STEPS))
    assert steps == [[1, "ra@demo-a.example"], [2, "deputy@demo-a.example"], [2, "pvhead@demo-a.example"]]

    # And the history shows all of it.
    owner.goto(record)
    expect(owner.get_by_text("The certificate was read wrongly.").first).to_be_visible()
    owner.get_by_role("link", name=re.compile("history", re.IGNORECASE)).first.click()
    expect(owner.get_by_text("The certificate was read wrongly.").first).to_be_visible()
    assert "whole" in manage(demo, "verify_audit")


# Who was told at which step of the rung that rang when the date had passed.
STEPS = f"""
import json
from pv.accounts.context import as_clock
from pv.notices.models import Delivery
with as_clock():
    told = Delivery.objects.filter(
        channel="in_app", notice__deadline__args__code="{CODE}", notice__deadline__closed_at=None,
        notice__tone="urgent", notice__round=2)
    print(json.dumps(sorted(map(list, told.values_list("notice__nth", "recipient__email")))))
"""
