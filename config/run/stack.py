"""The product with everything it needs on one machine: servers, a prepared database, its processes, its environment."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from config.run.embedded import Server, free_port
from config.run.interrupt import Stop
from config.run.places import CHECKOUT, LaunchError, open_private, secret, write_private
from config.run.prepare import MARK
from config.run.processes import Process, mail_catcher, processes
from config.run.servers import Postgres, Valkey
from config.run.supervisor import Supervisor, leashed_python

HOST = "127.0.0.1"
FIRST_PORT = 8000
PORTS_TO_TRY = 100
READY_SECONDS = 90
DATABASE = "pv"
# Only who migrates may know these; the processes that serve get the log-in of the role `app` and nothing else.
MIGRATORS_ONLY = ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL_FILE", "DATABASE_OWNER_URL_FILE")


@dataclass(frozen=True)
class Answer:
    """What the web server said."""

    status: int
    body: str
    headers: Message


class Stack:
    """Builds up the parts one after another; `stop` takes down whatever is up."""

    def __init__(self, run_dir: Path, variables: dict[str, str], say: Callable[[str], None]) -> None:
        self.run_dir = run_dir
        self.say = say
        self.variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        self.variables |= {"PV_RUN_DIR": str(run_dir), "PYTHONUNBUFFERED": "1"} | variables
        self.servers: list[Server] = []
        self.supervisor = Supervisor(run_dir, self.servers, self.serving_variables, say)
        self.port = 0
        self._reserved: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://localhost:{self.port}"

    def serving_variables(self) -> dict[str, str]:
        """The environment of the processes that serve."""
        return {name: value for name, value in self.variables.items() if name not in MIGRATORS_ONLY}

    def forget(self, *names: str) -> None:
        """Take variables out of the environment of everything started from now on, named by value or by file."""
        for name in names:
            self.variables.pop(name, None)
            self.variables.pop(f"{name}_FILE", None)

    def set(self, **variables: str) -> None:
        """Add variables to the environment of everything started from now on."""
        self.variables |= variables

    def open_servers(self) -> None:
        """Start the embedded servers, except where the environment names real ones."""
        if self._named("DATABASE_URL"):
            if not (self._named("DATABASE_OWNER_URL") or self._named("DATABASE_ADMIN_URL")):
                raise LaunchError("DATABASE_URL is set; set DATABASE_OWNER_URL as well, which migrates.")
            self.say("Database: the one that DATABASE_URL names.")
        else:
            postgres = Postgres(self.run_dir, None, fast=False, template=None)
            self._start(postgres, "PostgreSQL")
            prefix = self.variables.setdefault("PV_ROLE_PREFIX", "pv")
            logins = {"DATABASE_URL": "app", "DATABASE_OWNER_URL": "owner"}
            for name, role in logins.items():
                words = secret(self.run_dir, f"role_{role}")
                self.variables[name] = postgres.url_for(f"{prefix}_{role}", words, DATABASE)
            self.variables["DATABASE_ADMIN_URL"] = postgres.url
        if self._named("REDIS_URL"):
            self.say("Broker: the one that REDIS_URL names.")
        else:
            valkey = Valkey(self.run_dir, None, fast=False)
            self._start(valkey, "Valkey")
            self.variables["REDIS_URL"] = valkey.url

    def _named(self, name: str) -> bool:
        return bool(self.variables.get(name) or self.variables.get(f"{name}_FILE"))

    def _start(self, server: Server, title: str) -> None:
        self.servers.append(server)
        server.start()
        self.say(f"{title} runs.")

    def manage(self, *arguments: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a management command as the one who migrates, and return what it said."""
        return subprocess.run(
            leashed_python(("manage.py", *arguments)),
            cwd=CHECKOUT,
            env=self.variables | (variables or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )

    def prepare(self, *more: str) -> None:
        """Make roles, tables and reference data, then what else is asked for; all of it may be repeated at will."""
        said: list[str] = []
        with (
            open_private(self.run_dir / "log" / "prepare.log") as log,
            subprocess.Popen(
                leashed_python(("-m", "config.run.prepare", *more)),
                cwd=CHECKOUT,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            ) as process,
        ):
            try:
                for line in process.stdout or ():
                    log.write(line)
                    if line.startswith(MARK):
                        self.say(line.removeprefix(MARK).rstrip())
                    else:
                        said = [*said, line][-12:]
            except Stop:
                process.kill()
                raise
        if process.returncode:
            raise LaunchError("Preparing the database failed:\n" + "".join(said))

    def choose_port(self) -> None:
        """Take the first free port from 8000 on and reserve it among copies of this launcher."""
        first = int(os.environ.get("PV_PORT", FIRST_PORT))
        for port in range(first, first + PORTS_TO_TRY):
            if taken(port):
                continue
            self._reserved = reserve(port)
            if self._reserved:
                break
        else:
            raise LaunchError(f"No free port from {first} to {port}.")
        if port != first:
            self.say(f"Port {first} is taken; using {port}.")
        self.port = port

    def start_processes(self) -> None:
        """Start every process of the product."""
        for process in processes(HOST, self.port):
            self.start_process(process)

    def start_process(self, process: Process) -> None:
        """Start one process under supervision."""
        self.supervisor.add(process)
        self.say(f"Started: {process.title}.")

    def catch_mails(self) -> None:
        """Let a mail catcher of our own take the mails, unless the environment names a mail server."""
        if self.variables.get("EMAIL_HOST"):
            return
        note = self.run_dir / "mail.port"
        port = free_port(int(note.read_text(encoding="utf-8")) if note.exists() else 0)
        write_private(note, str(port))
        self.set(EMAIL_HOST=HOST, EMAIL_PORT=str(port), EMAIL_USE_TLS="0")
        self.start_process(mail_catcher(port))

    def ask(self, path: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None) -> Answer:
        """A real request to the web server. Never through a proxy; redirects are not followed."""
        body = urllib.parse.urlencode(form).encode() if form else None
        address = f"http://{HOST}:{self.port}{path}"
        request = urllib.request.Request(address, data=body, headers=headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), KeepRedirect())
        try:
            with opener.open(request, timeout=10) as answer:
                return Answer(answer.status, answer.read().decode(errors="replace"), answer.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(errors="replace"), error.headers)

    def wait_until_ready(self, headers: dict[str, str] | None = None) -> None:
        """Return when the web server answers; look after the processes meanwhile."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            self.supervisor.look_after()
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("/healthz", headers).status == 200:
                    return
            time.sleep(0.1)
        last = (self.run_dir / "log" / "web.log").read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        raise LaunchError("The web server does not answer. The end of its log:\n" + "\n".join(last))

    def stop(self) -> None:
        """Stop everything that runs."""
        self.supervisor.stop()
        if self._reserved:
            self._reserved.close()


class KeepRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirect as the answer it is."""

    def redirect_request(self, *details: object) -> None:
        """Follow nothing."""


def taken(port: int) -> bool:
    """Whether somebody listens on this port of localhost, by either protocol that a browser may try."""
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def reserve(port: int) -> socket.socket | None:
    """Reserve a port among launchers on this machine; None when another one has it.

    The web server shares its port between processes (SO_REUSEPORT), so two copies that start at the same moment would
    both get it. A name of Linux's abstract sockets can be had by one process only and is gone when that ends.
    """
    name = socket.socket(socket.AF_UNIX if sys.platform.startswith("linux") else socket.AF_INET)
    if sys.platform.startswith("linux"):
        try:
            name.bind(f"\0pv-tracker-port-{port}")
        except OSError:
            name.close()
            return None
    return name
