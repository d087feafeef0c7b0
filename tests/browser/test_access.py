"""Every page, in both languages, on desk and phone, by day and night: axe finds nothing, and nothing is too wide."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.products.models import Authorisation
from tests.browser.conftest import DESK, PHONE, Opener, log_in
from tests.support.people import HOLDER_A
from tests.support.portal import World

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def addresses(world: World) -> list[str]:
    with acting_as(world.ra, organisation=HOLDER_A):
        entry = Authorisation.objects.for_organisations([PUBLIC_ORGANISATION]).get(key="relma-cel/FL").pk
    late, clock = world.late.pk, world.clock_of(world.late).pk
    return [
        *("/", "/?who=all", "/?state=done", "/register/", "/register/pipeline/", f"/register/{entry}/"),
        *("/obligations/", f"/obligations/{late}/", f"/obligations/{late}/due/", f"/obligations/{late}/forecast/"),
        *(f"/obligations/{late}/submit/", f"/obligations/milestones/{world.milestone.pk}/", "/notices/"),
        *("/products/", "/products/new/", "/studies/new/", "/authorisations/new/", "/authorisations/new/conditional/"),
        *("/obligations/new/", f"/obligations/{late}/owner/", f"/obligations/{late}/fail/"),
        *(f"/studies/{world.milestone.study_id}/", f"/studies/{world.milestone.study_id}/milestones/new/"),
        *(
            f"/obligations/milestones/{world.milestone.pk}/move/",
            f"/obligations/milestones/{world.milestone.pk}/reach/",
        ),
        *("/notices/?show=all", f"/deadlines/{clock}/", f"/deadlines/{clock}/take/", f"/history/{late}/", "/nowhere/"),
    ]


def findings(page: Page, where: str) -> list[str]:
    """What axe finds, and whether the page is wider than its screen."""
    found = Axe().run(page, options=RULES).response["violations"]
    told = [f"{where}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in found]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return told + ([f"{where}: {wide} px wider than the screen"] if wide > 0 else [])


# Each language, each screen and each scheme meets each other once.
@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("en", DESK, "light"), ("zh-hans", DESK, "dark"), ("en", PHONE, "dark"), ("zh-hans", PHONE, "light")],
    ids=["en-desk", "zh-desk-dark", "en-phone-dark", "zh-phone"],
)
def test_every_page_is_open_to_everybody(
    world: World, open_page: Opener, language: str, size: tuple[int, int], scheme: str
) -> None:
    with acting_as(world.ra):
        User.objects.filter(pk=world.ra.pk).update(language=language)
    page = open_page(size, color_scheme=scheme, locale="zh-CN" if language != "en" else "en-GB")
    page.goto("/login/")
    found = findings(page, "/login/")
    log_in(page, world.ra.email)
    for address in addresses(world):
        page.goto(address)
        found += findings(page, address)
    page.goto(f"/obligations/{world.risky.pk}/due/")
    page.fill("[name=due_on]", "2026-02-30")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_selector("[role=alert]")
    found += findings(page, "a refused form")
    assert found == []


def test_opened_menus_and_clocks_are_open_to_everybody(world: World, open_page: Opener) -> None:
    for size in (DESK, PHONE):
        page = open_page(size)
        log_in(page, world.head.email)
        page.goto("/?who=all")
        for details in page.locator("details:visible").all():
            details.evaluate("one => one.open = true")
        assert findings(page, f"{size}") == []
