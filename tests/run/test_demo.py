"""`make demo` for real: every process, every server, killed and started again, twice."""

import contextlib
import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from config.run.embedded import free_port, wait_for
from config.run.places import CHECKOUT, make_private
from config.run.processes import processes

pytestmark = pytest.mark.enable_socket

ALL = {process.name for process in processes("localhost", 0)} | {"mail", "postgres", "valkey"}
COLD, WARM, STOP = 120, 60, 10


class Demo:
    """A demo of its own, steered from outside like one in a terminal."""

    def __init__(self, run_dir: Path, port: int) -> None:
        self.run_dir = run_dir
        self.variables = {name: value for name, value in os.environ.items() if "DATABASE" not in name}
        for name in ("REDIS_URL", "EMAIL_HOST", "DJANGO_SETTINGS_MODULE", "MAKELEVEL"):
            self.variables.pop(name, None)
        self.variables |= {"PV_RUN_DIR": str(run_dir), "PV_PORT": str(port), "PV_DEMO_PATIENTS": "30"}
        self.console = run_dir.with_suffix(".console")
        self.process: subprocess.Popen[bytes] | None = None

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "config.run.demo", *arguments]
        return subprocess.run(
            command, cwd=CHECKOUT, env=self.variables, capture_output=True, text=True, check=False, timeout=COLD
        )

    def start(self, seconds: float) -> str:
        """Start it in the background and return its address once it is there."""
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.run.demo"],
                cwd=CHECKOUT,
                env=self.variables,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        address = self.run_dir / "url"
        process = self.process
        assert wait_for(lambda: address.exists() or process.poll() is not None, seconds), self.said()
        assert process.poll() is None, self.said()
        return address.read_text(encoding="utf-8").strip()

    def said(self) -> str:
        return self.console.read_text(encoding="utf-8")

    def pids(self) -> dict[str, int]:
        try:
            found: dict[str, int] = json.loads((self.run_dir / "pids.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def end(self, signum: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(signum)
        return self.process.wait(timeout=STOP)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path, taken_port: int) -> Iterator[Demo]:
    made = Demo(make_private(tmp_path / "demo"), taken_port)
    yield made
    if made.process and made.process.poll() is None:
        made.process.terminate()
        made.process.wait(timeout=STOP)
    made.call("reset")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def answers(address: str) -> bool:
    line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def accepts(database: str) -> bool:
    """Whether the database has recovered and lets people in."""
    try:
        psycopg.connect(database).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_demo_starts_survives_kills_and_leaves_nothing_behind(demo: Demo, taken_port: int) -> None:
    address = demo.start(COLD)
    assert answers(address)
    assert demo.said().splitlines()[-1] == address
    assert f"Port {taken_port} is taken" in demo.said()
    first = demo.pids()
    assert set(first) == ALL
    for path in (demo.run_dir, *demo.run_dir.rglob("*")):
        if demo.run_dir / "static" in path.parents:  # Django opens style sheets to all, behind our closed door
            continue
        with contextlib.suppress(FileNotFoundError):  # a mail that moved from tmp/ to new/ while we looked
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path

    again = demo.call()
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == address

    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: set(demo.pids()) == ALL and not set(demo.pids().values()) & set(first.values()), 30)
    variables = json.loads((demo.run_dir / "env.json").read_text(encoding="utf-8"))
    assert wait_for(lambda: answers(address) and accepts(variables["DATABASE_ADMIN_URL"]), 30)
    with psycopg.connect(variables["DATABASE_ADMIN_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    killed = demo.pids()
    assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    demo.run_dir.joinpath("url").unlink()
    demo.start(WARM)
    assert not [name for name, pid in killed.items() if alive(pid)]
    with psycopg.connect(variables["DATABASE_ADMIN_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)

    last = demo.pids()
    began = time.monotonic()
    assert demo.end(signal.SIGINT) == 0
    assert time.monotonic() - began < STOP
    assert not [name for name, pid in last.items() if alive(pid)]
    assert not (demo.run_dir / "url").exists()

    assert demo.call("reset").returncode == 0
    assert not demo.run_dir.exists()
