"""Whole journeys in a real browser: what only scripts, screens and keyboards can show."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from pv.accounts.context import acting_as
from pv.core import clock
from pv.notices.models import Acknowledgement
from pv.notices.services import tick
from pv.obligations.models import Obligation, ObligationChange
from tests.browser.conftest import PHONE, Opener, log_in
from tests.support.factories import DeadlineFactory, LadderFactory
from tests.support.people import HOLDER_A
from tests.support.portal import World

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

REASON = "The authority granted three more months."


def changes(world: World) -> list[str]:
    """Due dates moved, as the ledger has them."""
    with acting_as(world.ra, organisation=HOLDER_A):
        ledger = ObligationChange.objects.for_organisations([HOLDER_A]).filter(what="due")
        return list(ledger.values_list("new", flat=True))


def due_form(world: World, which: Obligation | None = None) -> str:
    return f"/obligations/{(which or world.risky).pk}/due/"


def fill(page: Page) -> None:
    page.fill("[name=due_on]", "2030-06-30")
    page.fill("[name=reason]", REASON)


def test_log_in_read_what_is_due_and_open_it(world: World, open_page: Opener) -> None:
    page = open_page()
    page.goto("/")
    log_in(page, world.ra.email)
    expect(page.get_by_role("heading", name="Due")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="PMR-1")
    expect(row).to_contain_text("overdue 6 days")
    row.get_by_role("link", name="Trial PMR-1").first.click()
    expect(page.get_by_text("应完成确证性临床试验。")).to_be_visible()
    page.get_by_role("button", name="中文").first.click()
    expect(page.get_by_text("监管部门原文")).to_be_visible()


def test_two_taps_on_a_phone_take_a_warning_over(world: World, open_page: Opener) -> None:
    page = open_page(PHONE, has_touch=True)
    page.goto("/")
    log_in(page, world.ra.email)
    page.locator(".bell").tap()
    page.get_by_role("button", name=re.compile("I take it.*PMR-1")).tap()
    expect(page.get_by_text("You have it.")).to_be_visible()
    with acting_as(world.ra, organisation=HOLDER_A):
        assert Acknowledgement.objects.for_organisations([HOLDER_A]).get().by == world.ra


def test_a_date_is_read_back_in_words_and_saved(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.ra.email)
    page.goto(due_form(world))
    page.fill("[name=due_on]", "2030年6月30日")
    expect(page.locator(".readback")).to_have_text(re.compile("Sunday,? 30 June 2030"))
    page.fill("[name=due_on]", "2026-02-30")
    expect(page.locator(".readback")).to_have_text("")
    page.fill("[name=reason]", REASON)
    page.fill("[name=evidence]", "Letter 12")
    page.get_by_role("button", name="Move the due date").click()
    expect(page.get_by_role("alert")).to_contain_text("2026-02 has no day 30.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("[name=reason]")).to_have_value(REASON)
    page.fill("[name=due_on]", "2030-06-30")
    page.get_by_role("button", name="Move the due date").dblclick()
    expect(page.get_by_role("status").first).to_contain_text("PMR-2 is due 2030-06-30 Sun.")
    assert changes(world) == ["2030-06-30"]


def test_what_was_typed_outlives_a_log_in_that_ended(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.ra.email)
    page.goto(due_form(world))
    fill(page)
    page.context.clear_cookies(name="sessionid")
    page.fill("[name=evidence]", "Letter 12")
    page.get_by_role("button", name="Move the due date").click()
    expect(page.get_by_text("You will come back to the page you were on")).to_be_visible()
    assert changes(world) == []
    log_in(page, world.ra.email)
    assert page.url.endswith(due_form(world))
    expect(page.locator("[name=reason]")).to_have_value(REASON)
    expect(page.locator("[name=evidence]")).to_have_value("Letter 12")
    expect(page.locator("[data-draft-state]")).to_contain_text("What you had typed is put back.")
    page.get_by_role("button", name="Move the due date").click()
    expect(page.get_by_role("status").first).to_contain_text("PMR-2 is due 2030-06-30")
    page.goto(due_form(world))
    expect(page.locator("[name=reason]")).to_have_value("")  # saved is saved: no draft is left


def test_a_draft_is_nobody_elses_and_ends_with_the_log_out(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.ra.email)
    page.goto(due_form(world))
    fill(page)
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept at")
    page.context.clear_cookies(name="sessionid")
    page.on("dialog", lambda asked: asked.accept())
    log_in(page, world.head.email)
    page.goto(due_form(world))
    expect(page.locator("[name=reason]")).to_have_value("")
    fill(page)
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept at")
    page.get_by_text("Your account").locator("..").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/")
    log_in(page, world.head.email)
    page.goto(due_form(world))
    expect(page.locator("[name=reason]")).to_have_value("")


def test_leaving_a_form_with_something_typed_asks_first(world: World, open_page: Opener) -> None:
    page, asked = open_page(), []
    log_in(page, world.ra.email)
    page.goto(due_form(world))
    page.locator("[name=reason]").press_sequentially("Because")

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    page.get_by_role("link", name="Back without saving").click()
    page.wait_for_url(f"**/obligations/{world.risky.pk}/")
    assert asked == ["beforeunload"]


def test_two_people_meet_and_the_second_sees_both_versions(world: World, open_page: Opener) -> None:
    first, second = open_page(), open_page()
    for page, who in ((first, world.ra), (second, world.head)):
        log_in(page, who.email)
        page.goto(due_form(world))
        page.fill("[name=evidence]", "Letter 12")
    fill(first)
    first.get_by_role("button", name="Move the due date").click()
    expect(first.get_by_role("status").first).to_contain_text("2030-06-30")
    second.fill("[name=due_on]", "2031-01-01")
    second.fill("[name=reason]", "Another letter.")
    second.get_by_role("button", name="Move the due date").click()
    conflict = second.get_by_role("alert")
    expect(conflict).to_contain_text("2030-06-30")
    expect(conflict).to_contain_text("2031-01-01")
    expect(conflict).to_contain_text(world.ra.name)
    expect(second.locator("[name=reason]")).to_have_value("Another letter.")
    assert changes(world) == ["2030-06-30"]


def test_lists_are_walked_by_keys_and_the_keys_can_be_switched_off(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.head.email)
    page.goto("/?who=all")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_contain_text("PMR-1")
    page.keyboard.press("k")
    expect(page.locator("tr.at")).to_contain_text("AGR-1")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Keys are switched on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_have_count(0)


def test_filters_change_the_list_and_the_address(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.head.email)
    page.goto("/?who=all")
    page.get_by_role("combobox", name="Basis").select_option("internal")
    expect(page.get_by_role("row").filter(has_text="PMR-1")).to_have_count(0)
    assert "basis=internal" in page.url
    page.reload()
    expect(page.get_by_role("combobox", name="Basis")).to_have_value("internal")
    page.go_back()
    expect(page.get_by_role("row").filter(has_text="PMR-1")).to_have_count(1)


def test_columns_are_chosen_and_remembered(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.head.email)
    page.goto("/?who=all")
    expect(page.get_by_role("columnheader", name="Owner")).to_be_visible()
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Owner").uncheck()
    page.reload()
    expect(page.get_by_role("columnheader", name="Owner")).to_be_hidden()


def test_several_are_taken_at_once(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.head.email)
    page.goto("/?who=all")
    page.get_by_label("Choose all that may be taken").check()
    page.get_by_role("button", name=re.compile("Take the chosen ones")).click()
    expect(page.get_by_text(re.compile(r"You have taken \d"))).to_be_visible()


def test_a_clock_says_more_on_hover_and_by_key_and_goes_away(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.head.email)
    page.goto("/?who=all")
    chip = page.locator("details.clock").nth(1)
    chip.hover()
    expect(chip.locator(".clock-more")).to_be_visible()
    expect(chip).to_contain_text("Told next")
    page.mouse.move(0, 0)
    expect(chip.locator(".clock-more")).to_be_hidden()
    chip.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(chip.locator(".clock-more")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chip.locator(".clock-more")).to_be_hidden()


def test_the_bell_hears_of_new_notices_without_a_reload(world: World, open_page: Opener) -> None:
    page = open_page()
    log_in(page, world.head.email)
    badge = page.locator("[data-bell-count]")
    before = int(badge.inner_text())
    DeadlineFactory(assignee=world.head, ladder=LadderFactory(), due_on=clock.today() - timedelta(days=1))
    tick(driver="test")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # what coming back to the tab does
    expect(badge).to_have_text(str(before + 1))


def test_everything_that_matters_works_without_scripts(world: World, open_page: Opener) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/login/")
    page.fill("input[name=email]", world.head.email)
    page.fill("input[name=password]", "a long pass phrase")
    page.click(".door-form button.primary")
    page.select_option("[name=basis]", "internal")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("row").filter(has_text="AGR-1")).to_be_visible()
    page.get_by_role("button", name=re.compile("Take.*AGR-1")).click()
    expect(page.get_by_text("You have taken 1.")).to_be_visible()
    page.goto(due_form(world))
    fill(page)
    page.fill("[name=evidence]", "Letter 12")
    page.get_by_role("button", name="Move the due date").click()
    expect(page.get_by_role("status")).to_contain_text("PMR-2 is due 2030-06-30")
