"""A demo with every process running, and people at its pages: what the stories share."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from config.run.embedded import free_port
from config.run.places import CHECKOUT, make_private
from tests.browser.conftest import FLAGS
from tests.run.test_demo import COLD, Demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of its own, with all its processes."""
    made = Demo(make_private(tmp_path_factory.mktemp("path") / "demo"), free_port())
    made.variables["PV_DEMO_PATIENTS"] = "100"  # enough for somebody whose next visit may be recorded today
    made.start(COLD)
    yield made
    if made.process and made.process.poll() is None:
        made.process.terminate()
        made.process.wait(timeout=20)
    made.call("reset")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


def log_in(browser: Browser, demo: Demo, who: str, *, width: int) -> Page:
    """A page of somebody who has logged in, in English."""
    page = browser.new_context(
        viewport={"width": width, "height": 850}, locale="en-US", base_url=(demo.run_dir / "url").read_text().strip()
    ).new_page()
    page.goto("/login/")
    page.fill("input[name=email]", f"{who}@demo-a.example")
    page.fill("input[name=password]", "demo")
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("heading", name="Due")).to_be_visible()
    return page


def manage(demo: Demo, *arguments: str) -> str:
    """A management command in a second terminal."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in demo.variables.items() if key != "DJANGO_SETTINGS_MODULE"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def within(seconds: float, happened: Callable[[], bool]) -> float:
    """Wait until it happened; how long that took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if happened():
            return time.monotonic() - began
        time.sleep(1)
    pytest.fail(f"it did not happen within {seconds:.0f} s")


def kill(demo: Demo, *names: str) -> None:
    for name in names:
        os.kill(demo.pids()[name], signal.SIGKILL)
