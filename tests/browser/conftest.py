"""A headless Chromium, and the portal served from this worker's own database."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.database import Urls
from tests.support.people import PASSWORD
from tests.support.portal import World, build_world

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = (390, 844), (1280, 900)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module. Its driver keeps a loop running in this thread, which Django has to be told."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


class Quiet(WSGIRequestHandler):
    """Says nothing of requests that went well."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a failure shows on the page."""


@pytest.fixture
def site(committing: Urls) -> Iterator[str]:
    """The portal on a free port; what it commits is gone afterwards."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = False
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def world(site: str) -> World:
    """The same small holder as in tests of pages, committed."""
    return build_world()


Opener = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, site: str) -> Iterator[Opener]:
    """A page in a context of its own. Whatever its console complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(size: tuple[int, int] = DESK, **more: object) -> Page:
        settings = {"locale": "en-GB", "reduced_motion": "reduce"} | more
        context = chromium.new_context(base_url=site, viewport={"width": size[0], "height": size[1]}, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    expected = ("status of 4", "status of 5")  # a refused form is not a fault of the page
    assert [one for one in complaints if not any(word in one for word in expected)] == []


def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill in the log-in page, wherever it stands."""
    if "/login/" not in page.url:
        page.goto("/login/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login/" not in address)
