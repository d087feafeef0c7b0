"""The demonstration's mails."""

import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import override_settings

from pv.accounts.roles import Role
from tests.support.people import HOLDER_B, make_user
from tests.web.conftest import SignIn


@pytest.fixture
def box(tmp_path: Path) -> mailbox.Maildir:
    found = mailbox.Maildir(tmp_path / "mail", create=True)
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "逾期：确证性临床试验", "tracker@tracker.example", "x@y.example"
    mail["Message-ID"] = "<1@tracker.example>"
    mail.set_content("请打开 <b>http://localhost:8000/deadlines/1/take/</b>\n")
    found.add(b"Delivered-To: officer@demo-a.example\r\n" + mail.as_bytes())
    return found


def test_mails_are_listed_and_read_as_text(sign_in: SignIn, db: None, box: mailbox.Maildir, tmp_path: Path) -> None:
    client = sign_in(make_user(Role.PV_OFFICER, email="officer@demo-a.example"))
    with override_settings(DEMO=True, MAIL_DIR=tmp_path / "mail"):
        page = client.get("/demo/mail/").content.decode()
        assert "逾期：确证性临床试验" in page
        assert "officer@demo-a.example" in page
        (key,) = box.keys()
        mail = client.get(f"/demo/mail/{key}/").content.decode()
        assert "请打开 &lt;b&gt;" in mail
        assert 'href="http://localhost:8000/deadlines/1/take/' in mail
        assert client.get("/demo/mail/no-such-key/").status_code == 404
        assert client.get("/demo/mail/..%2F..%2Fsecrets/").status_code == 404
    with override_settings(DEMO=True, MAIL_DIR=tmp_path / "none"):
        assert "No mail has come yet." in client.get("/demo/mail/").content.decode()
        assert client.get(f"/demo/mail/{key}/").status_code == 404


def test_mails_to_another_holder_s_people_are_not_there(
    sign_in: SignIn, db: None, box: mailbox.Maildir, tmp_path: Path
) -> None:
    make_user(Role.PV_OFFICER, email="officer@demo-a.example")
    (key,) = box.keys()
    rival, authority = make_user(Role.PV_HEAD, organisation=HOLDER_B), make_user(Role.AUTHORITY)
    with override_settings(DEMO=True, MAIL_DIR=tmp_path / "mail"):
        assert sign_in(make_user(Role.PV_HEAD)).get(f"/demo/mail/{key}/").status_code == 200
        for stranger in (rival, authority):
            client = sign_in(stranger)
            assert "officer@demo-a.example" not in client.get("/demo/mail/").content.decode()
            assert client.get(f"/demo/mail/{key}/").status_code == 404


def test_outside_the_demonstration_there_are_none(sign_in: SignIn, db: None, box: mailbox.Maildir) -> None:
    client = sign_in(make_user(Role.PV_OFFICER))
    assert client.get("/demo/mail/").status_code == 404
    assert client.get("/demo/mail/x/").status_code == 404
