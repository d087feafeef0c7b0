"""The admin in a real browser: the content policy has nothing to complain about, and nothing is too wide."""

import pytest
from playwright.sync_api import expect

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from tests.browser.conftest import DESK, PHONE, Opener, log_in
from tests.support.people import make_user
from tests.support.portal import World

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.mark.parametrize(("language", "size"), [("en", DESK), ("zh-hans", PHONE)], ids=["en-desk", "zh-phone"])
def test_its_pages_open_without_a_complaint(
    world: World, open_page: Opener, language: str, size: tuple[int, int]
) -> None:
    user = make_user(Role.ADMINISTRATOR, Role.PV_HEAD)
    with acting_as(user):
        User.objects.filter(pk=user.pk).update(language=language)
    page = open_page(size)
    log_in(page, user.email)
    late, clock = world.late.pk, world.clock_of(world.late)
    for address in (
        "/admin/",
        "/admin/obligations/obligation/",
        f"/admin/obligations/obligation/{late}/change/",
        f"/admin/obligations/obligation/{late}/history/",
        f"/admin/deadlines/deadline/{clock.pk}/change/",
        f"/admin/deadlines/ladder/{clock.ladder_id}/change/",
        "/admin/notices/rota/add/",
        "/admin/accounts/user/add/",
        "/admin/audit/event/",
        "/admin/core/calendarday/",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        expect(page.locator("main, #main, #content").first).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, address


def test_its_menus_work_under_its_policy(world: World, open_page: Opener) -> None:
    """They are Alpine's: without the loosened policy nothing would open."""
    page = open_page()
    log_in(page, make_user(Role.ADMINISTRATOR).email)
    page.goto("/admin/obligations/obligation/")
    page.get_by_text("administrator@a.example").first.click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.goto("/admin/obligations/obligation/")
    page.get_by_text("Filters").first.click()
    expect(page.get_by_text("By state").first).to_be_visible()
