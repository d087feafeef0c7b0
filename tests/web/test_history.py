"""The readable history of a record."""

from datetime import timedelta

from django.test import Client

from pv.accounts.roles import Role
from pv.core import clock
from tests.support.people import make_user
from tests.support.portal import World
from tests.web.conftest import SignIn


def told(client: Client, pk: object) -> list[str]:
    """What each line says, newest first."""
    return [line.what for line in client.get(f"/history/{pk}/").context["entries"]]


def test_an_obligations_history_tells_changes_warnings_and_answers(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    client.post(f"/deadlines/{world.clock_of(world.late).pk}/take/", {"note": "On it."})
    day = (clock.today() + timedelta(days=30)).isoformat()
    client.post(f"/obligations/{world.late.pk}/due/",
                {"version": "1", "due_on": day, "reason": "Granted", "evidence": "Letter 3"})  # fmt: skip
    lines = told(client, world.late.pk)
    assert lines[:2] in (["Record: changed", "Clock: changed"], ["Clock: changed", "Record: changed"])
    assert {line for line in lines[2:] if ":" in line} >= {"Clock: created", "Record: created"}
    assert sum(line.startswith("Took it") for line in lines) == 1
    assert any(line.startswith("Warning ") for line in lines)
    entries = client.get(f"/history/{world.late.pk}/").context["entries"]
    assert {line.first for line in entries if "created" in line.what} == {True}
    assert {line.first for line in entries if "changed" in line.what} == {False}, "what a change filled in is shown"
    page = client.get(f"/history/{world.late.pk}/").content.decode()
    for words in ("Granted", "On it.", f"→ {day}", world.ra.name, "as first written:"):
        assert words in page
    assert "title_zh" not in page  # stored words and keys are for machines
    assert str(world.late.authorisation.product_id) not in page


def test_a_milestone_and_an_authorisation_have_theirs(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.head)
    assert "last patient enrolled" in client.get(f"/history/{world.milestone.pk}/").content.decode()
    assert told(client, world.late.authorisation_id) == ["Record: created"]


def test_only_some_roles_read_it(sign_in: SignIn, world: World) -> None:
    assert sign_in(make_user(Role.RECORDER)).get(f"/history/{world.late.pk}/").status_code == 403
    assert sign_in(make_user(Role.AUDITOR)).get(f"/history/{world.late.pk}/").status_code == 200
