"""The demo's mail server: lays every mail into a Maildir under the run directory; none leaves the house."""

from __future__ import annotations

import asyncio
import mailbox
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from config.run.places import run_directory


class Catcher:
    """Writes what arrives to disk before it says yes, so that a mail reported as sent is there."""

    def __init__(self, folder: Path) -> None:
        self.box = mailbox.Maildir(folder, create=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one mail, with the addresses it was really sent to."""
        content = envelope.original_content or b""
        to = "".join(f"Delivered-To: {address}\r\n" for address in envelope.rcpt_tos)
        await asyncio.to_thread(self.box.add, to.encode() + content)
        return "250 Kept"


async def serve(folder: Path, port: int) -> None:
    """Take mails until told to stop."""
    catcher = Catcher(folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    server = await loop.create_server(lambda: SMTP(catcher, hostname="localhost"), "127.0.0.1", port)
    async with server:
        await stop.wait()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(serve(run_directory() / "mail", int(sys.argv[1])))
