"""Keeps processes running: starts them, starts again what ends, and stops everything in order.

Each process leads a process group of its own and dies with the supervisor (see leash.py). What outlives a kill -9 all
the same is found by the group numbers in `pids.json` and ended by the next start.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.run.embedded import LEASH, Server, wait_for
from config.run.places import CHECKOUT, LaunchError, make_private, open_private, write_private
from config.run.processes import Process

STEADY_SECONDS = 10  # whoever ran this long starts again at once
LONGEST_PAUSE = 10.0
STOP_SECONDS = 5
LOUD_FAILURES = 3
LARGEST_LOG = 5_000_000


def leashed_python(arguments: tuple[str, ...], polite: signal.Signals = signal.SIGTERM) -> list[str]:
    """Our Python with these arguments, behind the leash."""
    leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(polite)), "-", "-"]
    return [*leash, sys.executable, *arguments]


class Child:
    """One supervised process."""

    def __init__(self, process: Process, variables: dict[str, str], log: Path) -> None:
        self.process = process
        self.variables = variables | process.variables | {"PV_PROCESS": process.name}
        self.log = log
        self.running: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.failures = 0

    def start(self) -> None:
        """Start it now."""
        with open_private(self.log) as log:
            self.running = subprocess.Popen(
                leashed_python(self.process.arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=CHECKOUT,
                env=self.variables,
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        """The exit code, once it has ended; its children are then ended as well, and the next start is planned."""
        if self.running is None or self.running.poll() is None:
            return None
        code = self.running.returncode
        signal_group(self.running.pid, signal.SIGKILL)
        self.running = None
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.failures = 0 if steady else self.failures + 1
        pause = min(0.25 * 2**self.failures, LONGEST_PAUSE) if self.failures else 0.0
        self.start_at = time.monotonic() + pause
        return code

    def stopped(self) -> bool:
        """Whether it has ended."""
        return self.running is None or self.running.poll() is not None


class Supervisor:
    """Runs the embedded servers and the product's processes until it is told to stop."""

    def __init__(
        self,
        run_dir: Path,
        servers: list[Server],
        variables: Callable[[], dict[str, str]],
        say: Callable[[str], None],
    ) -> None:
        self.run_dir = run_dir
        self.servers = servers
        self.variables = variables
        self.say = say
        self.children: list[Child] = []
        self.logs = make_private(run_dir / "log")
        self.server_start_at = 0.0

    def clear_up(self) -> None:
        """End what a killed supervisor left behind."""
        try:
            left: dict[str, int] = json.loads((self.run_dir / "pids.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return

        def gone() -> bool:
            return not our_groups() & set(left.values())

        if not wait_for(gone, 2):  # on Linux they are already on their way out
            self.say("Ending what an earlier start left behind ...")
            for group in our_groups() & set(left.values()):
                signal_group(group, signal.SIGTERM)
            wait_for(gone, 4)
            for group in our_groups() & set(left.values()):
                signal_group(group, signal.SIGKILL)
        (self.run_dir / "pids.json").unlink(missing_ok=True)

    def add(self, process: Process) -> Child:
        """Start one more process and keep it running from now on."""
        child = Child(process, self.variables(), rotated(self.logs / f"{process.name}.log"))
        self.children.append(child)
        child.start()
        self.note_pids()
        return child

    def look_after(self) -> None:
        """One round: start again what has ended. To be called several times a second."""
        changed = False
        for server in self.servers:
            if not server.alive() and time.monotonic() >= self.server_start_at:
                self.say(f"{server.name} ended; starting it again.")
                changed = self._launch(server)
        for child in self.children:
            code = child.ended()
            if code is not None and child.failures < LOUD_FAILURES:
                self.say(f"The {child.process.title} ended ({outcome(code)}); starting it again.")
            elif code is not None and child.failures == LOUD_FAILURES:
                self.say(f"The {child.process.title} keeps ending; see {child.log}. Trying on.")
            if child.running is None and time.monotonic() >= child.start_at:
                child.start()
                changed = True
        if changed:
            self.note_pids()

    def _launch(self, server: Server) -> bool:
        try:
            server.launch()
        except LaunchError as error:
            self.say(str(error))
            self.server_start_at = time.monotonic() + LONGEST_PAUSE
            return False
        return True

    def note_pids(self) -> None:
        """Write down who runs under which number: for people, for fault tests and for the next start."""
        pids = {child.process.name: child.running.pid for child in self.children if child.running}
        pids |= {server.name: server.pid for server in self.servers if server.alive()}
        write_private(self.run_dir / "pids.json", json.dumps(pids, indent=2) + "\n")

    def stop(self) -> None:
        """Stop everything: first the product's processes, together, then the servers, PostgreSQL last."""
        for child in self.children:
            if child.running and not child.stopped():
                child.running.send_signal(signal.SIGTERM)
        wait_for(lambda: all(child.stopped() for child in self.children), STOP_SECONDS)
        for child in self.children:
            if child.running:
                signal_group(child.running.pid, signal.SIGKILL)
                child.running.wait()
        self.children.clear()
        for server in reversed(self.servers):
            server.stop()
        (self.run_dir / "pids.json").unlink(missing_ok=True)


def our_groups() -> set[int]:
    """The process groups in which the Python of this checkout runs."""
    groups = set()
    for group, arguments in running_processes():
        if sys.executable in arguments:
            groups.add(group)
    return groups


def running_processes() -> Iterator[tuple[int, str]]:
    """Group number and command line of every process, from /proc or, where there is none, from ps."""
    if not Path("/proc/self/stat").exists():
        shown = subprocess.run(["ps", "-A", "-o", "pgid=", "-o", "args="], capture_output=True, text=True, check=True)
        for line in shown.stdout.splitlines():
            group, _, arguments = line.strip().partition(" ")
            yield int(group), arguments
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            # The second field, the name, may hold anything; the group is the third after its closing bracket.
            yield int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[2]), arguments


def signal_group(group: int, signum: signal.Signals) -> None:
    """Send a signal to a process group that may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def outcome(code: int) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def rotated(log: Path) -> Path:
    """A log file that has grown large steps aside for a new one."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
    return log
