"""A whole product of its own, to be broken: servers, drivers, and a mail receiver that is never killed."""

import mailbox
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.run.embedded import Server, free_port
from config.run.places import CHECKOUT
from config.run.processes import processes
from config.run.servers import Postgres, Valkey
from config.run.stack import HOST, Stack
from tests.support import database
from tests.support.database import Urls

NAME = "pv_faults"


@dataclass(frozen=True, slots=True)
class Count:
    """What was sent, and what became of it; told by the receiver and the database after the dust has settled."""

    name: str
    sent: int
    lost: int
    doubled: int
    stuck: int
    repeated: int
    crashes: int

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.stuck) and self.repeated <= self.crashes

    def __str__(self) -> str:
        return (
            f"fault {self.name} sent={self.sent} lost={self.lost} doubled={self.doubled} stuck={self.stuck} "
            f"repeated={self.repeated} {'ok' if self.ok else 'short'}"
        )


class House:
    """`with House(("run_tick", "worker", "beat")) as house:` and then break it."""

    def __init__(self, names: Iterable[str], template: Path, *, redis: bool = True, extra_driver: bool = False) -> None:
        self.run_dir = Path(tempfile.mkdtemp(prefix="pv-faults-"))
        self.postgres = Postgres(self.run_dir, None, fast=False, template=template)
        self.valkey = Valkey(self.run_dir, None, fast=False) if redis else None
        self.names, self.extra_driver = tuple(names), extra_driver
        self.crashes = 0
        self.stack = Stack(self.run_dir, {}, lambda line: None)
        self.receiver: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "House":
        servers: list[Server] = [self.postgres, *([self.valkey] if self.valkey else [])]
        for server in servers:
            server.start()
            self.stack.servers.append(server)
        self.urls = Urls.of(self.postgres, database.TEMPLATE).named(NAME)
        database.clone(self.urls, NAME)
        self.mail_port = free_port(0)
        self.start_receiver()
        self.stack.variables.update(
            DJANGO_SETTINGS_MODULE="config.settings.local",
            DATABASE_URL=self.urls.app,
            EMAIL_HOST=HOST,
            EMAIL_PORT=str(self.mail_port),
            REDIS_URL=self.valkey.url if self.valkey else "redis://127.0.0.1:9/0",
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self.stack.stop()
        self.stop_receiver()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def start_receiver(self) -> None:
        """It counts for us, so no fault touches it, except those that are about a mail server that is away."""
        self.receiver = subprocess.Popen(
            [sys.executable, "-m", "config.run.mailcatcher", str(self.mail_port)],
            cwd=CHECKOUT,
            env=os.environ | {"PV_RUN_DIR": str(self.run_dir)},
        )

    def stop_receiver(self) -> None:
        if self.receiver:
            self.receiver.terminate()
            self.receiver.wait()
            self.receiver = None

    def start_processes(self) -> None:
        for process in processes(HOST, 0):
            if process.name in self.names:
                self.stack.supervisor.add(process)
                if self.extra_driver and process.name == "run_tick":
                    self.stack.supervisor.add(process)

    def kill(self, name: str) -> None:
        """kill -9, the whole group: the process and everything it started."""
        servers = {server.name: server for server in self.stack.servers}
        if name in servers:
            if servers[name].alive():
                os.kill(servers[name].pid, signal.SIGKILL)
                self.crashes += 1
            return
        for child in self.stack.supervisor.children:
            if child.process.name == name and child.running and child.running.poll() is None:
                os.killpg(child.running.pid, signal.SIGKILL)
                self.crashes += 1

    def run_until_sent(
        self,
        *,
        seconds: float,
        meanwhile: Callable[[int], None] | None = None,
        rounds: int = 0,
        every: float = 0.5,
        seed: int = 1,
    ) -> None:
        """Look after the processes until nothing waits; every so often do `meanwhile(round)`, `rounds` times."""
        pause = random.Random(seed)
        end, number, next_round = time.monotonic() + seconds, 0, time.monotonic() + every
        while time.monotonic() < end:
            self.stack.supervisor.look_after()
            if meanwhile and number < rounds and time.monotonic() >= next_round:
                meanwhile(number)
                number += 1
                next_round = time.monotonic() + every * (0.5 + pause.random())
            elif number >= rounds and self.settled():
                return
            time.sleep(0.1)

    def settled(self) -> bool:
        """Whether every alarm has rung and every mail has gone."""
        try:
            with self.superuser() as connection:
                row = connection.execute(
                    "SELECT (SELECT count(*) FROM deadlines_alarm WHERE next_alert_at <= now()) "
                    "+ (SELECT count(*) FROM notices_delivery WHERE state = 'waiting')"
                ).fetchone()
        except psycopg.OperationalError:
            return False
        return bool(row) and row[0] == 0

    def hurry(self) -> None:
        """Bring every back-off to its end, so that a run need not wait for it."""
        with self.superuser() as connection:
            connection.execute("UPDATE notices_delivery SET next_attempt_at = now() WHERE state = 'waiting'")

    def superuser(self) -> psycopg.Connection:
        return psycopg.connect(self.urls.admin.replace("/postgres?", f"/{NAME}?"), autocommit=True, connect_timeout=3)

    def count(self, name: str) -> Count:
        """Compare what should have been told with what arrived, by the keys every message lists."""
        seen: Counter[str] = Counter()
        keys: dict[tuple[str, str], set[str]] = {}
        for mail in mailbox.Maildir(self.run_dir / "mail", create=True):
            seen[mail["Message-ID"]] += 1
            for key in mail["X-Notice-Keys"].split():
                keys.setdefault((mail["To"], key), set()).add(mail["Message-ID"])
        with self.superuser() as connection:
            wanted = {
                (email, f"{deadline}/{round_}/{rung}/{nth}")
                for email, deadline, round_, rung, nth in connection.execute(
                    "SELECT u.email, n.deadline_id, n.round, n.rung, n.nth FROM deadlines_alarm AS a "
                    "JOIN deadlines_deadline AS d ON d.id = a.deadline_id "
                    "JOIN accounts_user AS u ON u.id = d.assignee_id "
                    "LEFT JOIN notices_notice AS n ON n.deadline_id = a.deadline_id"
                )
            }
            stuck = connection.execute(
                "SELECT count(*) FROM notices_delivery WHERE state IN ('waiting', 'dead')"
            ).fetchone()
        return Count(
            name,
            sent=len(wanted),
            lost=len(wanted - keys.keys()),
            doubled=sum(len(ids) > 1 for ids in keys.values()),
            stuck=stuck[0] if stuck else -1,
            repeated=sum(times - 1 for times in seen.values()),
            crashes=self.crashes,
        )
