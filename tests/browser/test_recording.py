"""A new obligation in a real browser: the date computed while one types, the draft, and a click that comes twice."""

import pytest
from playwright.sync_api import Page, expect

from pv.accounts.context import acting_as
from pv.obligations.models import Obligation
from tests.browser.conftest import PHONE, Opener, log_in
from tests.support.people import HOLDER_A
from tests.support.portal import World

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def begin(page: Page) -> None:
    page.goto("/obligations/new/")
    page.select_option("[name=authorisation]", index=1)
    page.fill("[name=code]", "PMR-88")
    page.fill("[name=title_en]", "Trial")
    page.fill("[name=title_zh]", "试验")
    page.select_option("[name=due_source]", "rule")
    page.select_option("[name=rule]", "CN-CA-MAX")
    expect(page.get_by_text("This rule counts from: date of conditional approval.")).to_be_visible()
    page.fill("[name=counted_from]", "2026-01-15")


def opened(world: World) -> int:
    with acting_as(world.ra, organisation=HOLDER_A):
        return int(Obligation.objects.for_organisations([HOLDER_A]).filter(code="PMR-88").count())


def test_the_computed_date_is_seen_the_draft_outlives_the_page_and_two_clicks_open_one(
    world: World, open_page: Opener
) -> None:
    page = open_page()
    page.goto("/")
    log_in(page, world.ra.email)
    begin(page)
    expect(page.get_by_text("Due 2030-01-15 Tue")).to_be_visible()
    expect(page.locator("[name=due_on]")).to_be_hidden()
    page.press("[name=code]", "Enter")
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept")
    assert page.url.endswith("/obligations/new/")
    page.on("dialog", lambda asked: asked.accept())
    page.goto("/products/")
    page.goto("/obligations/new/")
    expect(page.locator("[name=code]")).to_have_value("PMR-88")
    page.fill("[name=sentence]", "应完成确证性临床试验。")
    page.fill("[name=document]", "Certificate")
    page.get_by_role("button", name="Open the obligation").click()
    expect(page.get_by_text("Look at it, then save once more.")).to_be_focused()
    assert opened(world) == 0
    page.get_by_role("button", name="Open the obligation").dblclick()
    expect(page.get_by_text("PMR-88 is recorded, due 2030-01-15 Tue.")).to_be_visible()
    assert opened(world) == 1
    page.goto("/obligations/new/")
    expect(page.locator("[name=code]")).to_have_value("")


def test_each_product_of_a_study_keeps_its_own_tick_in_the_draft(world: World, open_page: Opener) -> None:
    page = open_page(PHONE)
    page.goto("/")
    log_in(page, world.ra.email)
    page.goto("/studies/new/")
    page.get_by_role("checkbox").nth(1).check()
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept")
    page.on("dialog", lambda asked: asked.accept())
    page.goto("/products/")
    page.goto("/studies/new/")
    boxes = page.get_by_role("checkbox")
    assert [boxes.nth(place).is_checked() for place in range(boxes.count())] == [False, True, False]


def test_what_is_rare_opens_inside_a_phone(world: World, open_page: Opener) -> None:
    page = open_page(PHONE)
    page.goto("/")
    log_in(page, world.ra.email)
    page.goto(f"/obligations/{world.risky.pk}/")
    page.locator(".acts summary").click()
    link = page.get_by_role("link", name="Give it to somebody else")
    box = link.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    link.click()
    page.select_option("[name=owner]", label=world.officer.name)
    page.get_by_role("button", name="Change the owner").click()
    expect(page.get_by_text(f"PMR-2 is owned by {world.officer.name} now.")).to_be_visible()
