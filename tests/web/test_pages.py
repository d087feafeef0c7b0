"""Every page, in both languages, for whoever may see it; and for nobody else."""

import re
from uuid import UUID, uuid4

import pytest
from django.test import Client, override_settings

from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.accounts.roles import Role
from pv.obligations.models import Obligation
from pv.products.models import Authorisation
from tests.support.people import HOLDER_B, make_user
from tests.support.portal import World
from tests.web.conftest import SignIn

LISTS = [
    "/?who=me",
    "/?who=team",
    "/?who=all",
    "/register/",
    "/register/pipeline/",
    "/obligations/",
    "/notices/?show=all",
]

NEW = [
    *("/products/", "/products/new/", "/studies/new/", "/authorisations/new/", "/authorisations/new/conditional/"),
    *("/obligations/new/", "/obligations/new/computed/"),
]

EMPTY = [
    *("/", "/?state=late", "/?state=done&basis=legal", "/obligations/", "/obligations/?q=x", "/notices/"),
    *("/notices/?show=unanswered", "/notices/?show=all", "/register/?q=nothing-of-the-kind"),
]


def public_entry() -> UUID:
    from tests.support.people import setting_up

    with setting_up():
        entry = Authorisation.objects.for_organisations([PUBLIC_ORGANISATION]).get(key="relma-cel/FL")
        return entry.pk


def record_pages(world: World) -> list[str]:
    late, risky = world.late.pk, world.risky.pk
    clock = world.clock_of(world.late).pk
    return [
        f"/register/{public_entry()}/",
        f"/obligations/{late}/",
        f"/obligations/{risky}/due/",
        f"/obligations/{risky}/forecast/",
        f"/obligations/{risky}/submit/",
        *(f"/obligations/{risky}/{act}/" for act in ("waive", "fail", "owner")),
        f"/obligations/milestones/{world.milestone.pk}/",
        *(f"/obligations/milestones/{world.milestone.pk}/{act}/" for act in ("move", "forecast", "reach")),
        f"/studies/{world.milestone.study_id}/",
        f"/studies/{world.milestone.study_id}/milestones/new/",
        f"/deadlines/{clock}/",
        f"/deadlines/{clock}/take/",
        f"/history/{late}/",
        f"/history/{clock}/",
        f"/history/{world.milestone.pk}/",
    ]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_and_keeps_to_the_strict_policy(sign_in: SignIn, world: World, language: str) -> None:
    client = sign_in(world.ra, language)
    for address in LISTS + NEW[:-1] + record_pages(world):
        answer = client.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in page
        assert page.count("<h1") == 1, address
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page), address
        assert not re.search(r"<script(?![^>]* src=)", page), address
        assert answer["Cache-Control"] == "no-store, private"
        assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_new_holders_lists_say_why_they_are_empty(sign_in: SignIn, language: str) -> None:
    client = sign_in(make_user(Role.REGULATORY_AFFAIRS), language)
    for address in EMPTY:
        page = client.get(address).content.decode()
        assert 'class="empty"' in page or 'class="panel empty"' in page, address


def test_a_page_of_another_holder_reads_like_one_that_does_not_exist(
    sign_in: SignIn, world: World, foreign: Obligation
) -> None:
    client = sign_in(world.ra)
    theirs = UUID(str(foreign.pk))
    for address in ["/obligations/{}/", "/obligations/{}/due/", "/obligations/{}/forecast/", "/obligations/{}/submit/",
                    "/deadlines/{}/", "/deadlines/{}/take/", "/history/{}/", "/register/{}/"]:  # fmt: skip
        missing = uuid4()
        not_mine, not_there = client.get(address.format(theirs)), client.get(address.format(missing))
        assert (not_mine.status_code, not_there.status_code) == (404, 404), address
        assert same(not_mine.content.decode(), theirs) == same(not_there.content.decode(), missing)
        assert client.post(address.format(theirs)).status_code in (404, 405)
    assert "PMR-B" not in client.get("/?who=all").content.decode() + client.get("/obligations/").content.decode()
    assert client.get("/obligations/", {"organisation": str(HOLDER_B)}).content.decode().count("PMR-") == 0


def same(page: str, pk: UUID) -> str:
    """The page without its own address and its form's tokens."""
    return "\n".join(line for line in page.replace(str(pk), "").splitlines() if "csrfmiddlewaretoken" not in line)


@pytest.mark.parametrize("role", [Role.AUTHORITY, Role.LABORATORY])
def test_authority_and_laboratory_see_the_register_and_no_clock(sign_in: SignIn, world: World, role: Role) -> None:
    client = sign_in(make_user(role))
    assert client.get("/")["Location"] == "/register/"
    page = client.get("/register/").content.decode()
    assert "/obligations/" not in page
    assert 'href="/admin/"' not in page
    clock = world.clock_of(world.late).pk
    for address in ["/obligations/", f"/obligations/{world.late.pk}/", f"/deadlines/{clock}/", f"/history/{clock}/"]:
        answer = client.get(address)
        assert answer.status_code == 403
        assert "It may be done by" in answer.content.decode()
    assert client.post(f"/deadlines/{clock}/take/").status_code == 403
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_site_coordinator_sees_no_promise_of_the_holder_and_silences_nothing(sign_in: SignIn, world: World) -> None:
    client = sign_in(make_user(Role.SITE_COORDINATOR))
    clock = world.clock_of(world.late).pk
    assert "PMR-" not in client.get("/?who=all").content.decode()
    for address, status in {
        "/obligations/": 403,
        f"/obligations/{world.late.pk}/": 403,
        f"/deadlines/{clock}/": 404,
    }.items():
        assert client.get(address).status_code == status
    assert client.post(f"/deadlines/{clock}/take/").status_code in (403, 404)


def test_the_legal_representative_is_told_and_stops_no_climbing(sign_in: SignIn, world: World) -> None:
    client = sign_in(make_user(Role.LEGAL_REPRESENTATIVE))
    clock = world.clock_of(world.late).pk
    assert client.get(f"/deadlines/{clock}/").status_code == 200
    assert client.post(f"/deadlines/{clock}/take/").status_code == 403


def test_who_only_reads_gets_no_button_and_no_form(sign_in: SignIn, world: World) -> None:
    client = sign_in(make_user(Role.INSPECTOR))
    page = client.get(f"/obligations/{world.risky.pk}/").content.decode()
    assert "/due/" not in page
    assert "/submit/" not in page
    for form in ("due", "forecast", "submit"):
        assert client.get(f"/obligations/{world.risky.pk}/{form}/").status_code == 403
        assert client.post(f"/obligations/{world.risky.pk}/{form}/").status_code == 403
    assert client.post("/deadlines/take/").status_code == 403


def test_a_visitor_sees_the_log_in_and_nothing_else(world: World) -> None:
    for address in LISTS + NEW + record_pages(world):
        assert Client().get(address)["Location"].startswith("/login/"), address
    assert Client().get("/notices/count/", headers={"HX-Request": "true"})["HX-Redirect"].startswith("/login/")


def test_the_admin_uses_the_portals_log_in(sign_in: SignIn, world: World) -> None:
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/login/?next=%2Fadmin%2F")
    assert sign_in(world.head).get("/admin/").status_code == 200


@pytest.mark.parametrize("address", LISTS)
def test_lists_are_downloaded_as_they_are_filtered(sign_in: SignIn, world: World, address: str) -> None:
    answer = sign_in(world.ra).get(address, {"format": "csv"})
    if "notices" in address:
        return
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.startswith("\ufeff".encode())
    assert answer.content.count(b"\r\n") > 3


def test_the_demonstration_says_so_and_lists_its_people(sign_in: SignIn, world: World) -> None:
    assert "ribbon" not in sign_in(world.ra).get("/").content.decode()
    make_demo(world.officer)
    with override_settings(DEMO=True):
        page = Client().get("/login/").content.decode()
        assert f'data-fill-email="{world.officer.email}"' in page
        assert world.head.email not in page
        assert "ribbon" in sign_in(world.ra).get("/").content.decode()
    assert world.officer.email not in Client().get("/login/").content.decode()


def make_demo(user: User) -> None:
    from pv.accounts.context import acting_as

    with acting_as(user):
        User.objects.filter(pk=user.pk).update(is_demo=True)
