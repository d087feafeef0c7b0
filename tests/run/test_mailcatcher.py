"""No mail of the demo leaves the house, and none is lost on the way into the box."""

import asyncio
import mailbox
import os
import signal
import smtplib
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest

from config.run.embedded import free_port, wait_for
from config.run.mailcatcher import serve

pytestmark = pytest.mark.enable_socket


TO = ["officer@demo-a.example", "bcc@demo-a.example"]


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "tracker@tracker.example",
        "officer@demo-a.example",
        "逾期: late",
    )
    message["Message-ID"] = "<one@tracker.example>"
    message.set_content("随访 follow-up\n")
    return message


def test_a_mail_is_kept_with_the_address_it_was_sent_to(tmp_path: Path) -> None:
    port, box = free_port(), tmp_path / "mail"
    answers: list[object] = []

    def send() -> None:
        def sent() -> bool:
            try:
                with smtplib.SMTP("127.0.0.1", port, timeout=5) as line:
                    answers.append(
                        line.send_message(letter(), to_addrs=["officer@demo-a.example", "bcc@demo-a.example"])
                    )
            except ConnectionRefusedError:
                return False
            return True

        wait_for(sent, 10)
        os.kill(os.getpid(), signal.SIGTERM)

    sender = threading.Thread(target=send)
    sender.start()
    asyncio.run(serve(box, port))
    sender.join()
    assert answers == [{}]
    (kept,) = mailbox.Maildir(box, create=False)
    assert kept["Message-ID"] == "<one@tracker.example>"
    assert kept.get_all("Delivered-To") == TO
    assert "随访" in kept.get_payload(decode=True).decode()
