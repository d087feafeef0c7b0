"""The first page is light: on a ward's computer with a slow line it is there at once."""

import gzip
from pathlib import Path

import django_htmx
from django.contrib.staticfiles import finders
from django.test import Client

from tests.support.portal import World
from tests.web.conftest import SignIn

LIMIT = 100_000


def packed(data: bytes) -> int:
    return len(gzip.compress(data))


def test_a_first_page_with_all_it_needs_is_under_100_kb(sign_in: SignIn, world: World) -> None:
    htmx = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
    ours = [Path(str(finders.find(f"web/{name}"))) for name in ("app.css", "app.js", "icon.svg")]
    shared = sum(packed(path.read_bytes()) for path in [htmx, *ours])
    for client, address in (
        (Client(), "/login/"),
        (sign_in(world.head), "/?who=all"),
        (sign_in(world.ra), "/register/"),
    ):
        assert shared + packed(client.get(address).content) < LIMIT


def test_nothing_comes_from_elsewhere(sign_in: SignIn, world: World) -> None:
    page = sign_in(world.head).get("/?who=all").content.decode()
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page
