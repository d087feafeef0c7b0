"""Handing over: re-checked and rendered at that moment, counted before, repeated only under the same Message-ID."""

import smtplib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines import services as deadlines
from pv.deadlines.models import Deadline
from pv.notices import sending, services
from pv.notices.driving import send_waiting
from pv.notices.models import Delivery
from tests.support.clocks import make_ladder, open_one, told
from tests.support.people import HOLDER_A, make_user, setting_up

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


@pytest.fixture
def owner() -> User:
    return make_user(Role.PV_HEAD, email="head@a.example")


@pytest.fixture
def waiting(owner: User) -> Deadline:
    """A late deadline whose mail waits."""
    make_ladder()
    deadline = open_one(due_in=timedelta(days=-1), owner=owner)
    services.tick(driver="command")
    return deadline


def delivery() -> Delivery:
    with as_clock():
        return Delivery.objects.select_related("message").get(channel="email")


def send() -> int:
    return send_waiting(driver="command", seconds=10)


def due_again() -> None:
    with as_clock():
        Delivery.objects.filter(channel="email").update(next_attempt_at="2020-01-01T00:00Z")


def test_a_mail_says_what_is_due_and_leads_to_a_button(waiting: Deadline) -> None:
    assert send() == 1
    [sent] = mail.outbox
    assert sent.to == ["head@a.example"]
    assert sent.subject == f"Overdue since {waiting.due_on}: Promise one"
    assert f"/deadlines/{waiting.pk}/take/" in sent.body
    assert sent.extra_headers["X-Notice-Keys"] == f"{waiting.pk}/1/3/1"


def test_sent_is_sent_once(waiting: Deadline) -> None:
    send()
    assert send() == 0
    assert delivery().state == Delivery.State.SENT
    assert delivery().message.body == mail.outbox[0].body


def test_met_a_second_ago_nothing_goes_out(waiting: Deadline) -> None:
    with setting_up():
        deadlines.meet_deadline(waiting.pk, met_at=clock.now())
    send()
    assert mail.outbox == []
    assert delivery().state == Delivery.State.DROPPED


def test_taken_a_second_ago_nothing_goes_out(waiting: Deadline, owner: User) -> None:
    with acting_as(owner, organisation=HOLDER_A):
        services.acknowledge(deadline_id=waiting.pk, by=owner, via="app")
    send()
    assert mail.outbox == []


def test_moved_a_second_ago_the_old_date_is_not_told(waiting: Deadline) -> None:
    with setting_up():
        deadlines.move_deadline(waiting.pk, due_on=clock.today() + timedelta(days=300), reason="granted")
    send()
    assert mail.outbox == []


def test_the_reader_s_language_decides(waiting: Deadline, owner: User) -> None:
    with setting_up():
        User.objects.filter(pk=owner.pk).update(language="zh-hans")
    send()
    assert "甲" in mail.outbox[0].subject


def test_a_refusing_server_is_tried_again_under_the_same_message_id(
    waiting: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        send()
    first = delivery()
    assert (first.state, first.attempts) == (Delivery.State.WAITING, 1)
    assert "gone" in first.error
    assert send() == 0, "it backs off"
    due_again()
    send()
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{first.message_id}@")


def test_given_up_it_is_shown_and_the_next_person_is_told_at_once(
    waiting: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    for _ in range(sending.GIVE_UP_AFTER):
        due_again()
        send()
    assert delivery().state == Delivery.State.DEAD
    services.tick(driver="command")
    assert told(waiting) == [(1, 3, 1), (1, 3, 2)]


def test_urgent_ones_go_first(owner: User, move_clock: Move) -> None:
    make_ladder()
    open_one(due_in=timedelta(days=5), owner=owner)
    urgent = open_one(due_in=timedelta(days=-1), owner=owner)
    services.tick(driver="command")
    send()
    assert str(urgent.pk) in mail.outbox[0].body


def test_each_of_several_mails_speaks_of_its_own_deadline(owner: User) -> None:
    make_ladder()
    several = [open_one(due_in=timedelta(days=-1), owner=owner) for _ in range(3)]
    services.tick(driver="command")
    send()
    assert sorted(next(str(d.pk) for d in several if str(d.pk) in one.body) for one in mail.outbox) == sorted(
        str(one.pk) for one in several
    )
