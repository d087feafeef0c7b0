"""What ends is started again; what is stopped is stopped whole."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.run import supervisor as module
from config.run.embedded import wait_for
from config.run.places import CHECKOUT, open_private, write_private
from config.run.processes import Process
from config.run.supervisor import Child, Supervisor, rotated

SLEEP = "import time; time.sleep(60)"
# A leader with a child of its own, which writes down the child's number.
FAMILY = """
import subprocess, sys, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(run_dir: Path, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(run_dir, [], lambda: dict(os.environ), said.append)
    yield made
    made.stop()


def sleeper(name: str = "sleeper") -> Process:
    return Process(name, f"{name} of the test", ("-c", SLEEP))


def pid(child: Child) -> int:
    assert child.running is not None
    return child.running.pid


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def rounds(supervisor: Supervisor, until: Callable[[], bool]) -> bool:
    """Look after the processes until something holds."""

    def once() -> bool:
        supervisor.look_after()
        return until()

    return wait_for(once, 15)


def test_a_killed_process_is_started_again_and_noted(supervisor: Supervisor, run_dir: Path, said: list[str]) -> None:
    child = supervisor.add(sleeper())
    first = pid(child)
    assert json.loads((run_dir / "pids.json").read_text(encoding="utf-8")) == {"sleeper": first}
    os.kill(first, signal.SIGKILL)
    assert rounds(supervisor, lambda: child.running is not None and pid(child) != first)
    assert json.loads((run_dir / "pids.json").read_text(encoding="utf-8")) == {"sleeper": pid(child)}
    assert said == ["The sleeper of the test ended (signal 9); starting it again."]


def test_one_that_keeps_ending_is_tried_ever_more_seldom_and_told_of_once(
    supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.02)
    child = supervisor.add(Process("broken", "broken one", ("-c", "raise SystemExit(3)")))
    assert rounds(supervisor, lambda: child.failures >= 6)
    assert said[:2] == ["The broken one ended (exit code 3); starting it again."] * 2
    assert said[2].startswith("The broken one keeps ending; see ")
    assert len(said) == 3


def test_the_pause_before_the_next_start_grows(supervisor: Supervisor) -> None:
    child = supervisor.add(Process("broken", "broken one", ("-c", "raise SystemExit(3)")))
    pauses = []
    for _ in range(3):
        assert wait_for(child.stopped, 10)
        child.ended()
        pauses.append(round(child.start_at - module.time.monotonic(), 1))
        child.start()
    assert pauses == [0.5, 1.0, 2.0]


def test_the_children_of_a_killed_process_do_not_live_on(supervisor: Supervisor, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    child = supervisor.add(Process("family", "family", ("-c", FAMILY, str(note))))
    assert wait_for(lambda: note.exists() and note.read_text(encoding="utf-8") != "", 10)
    grandchild = int(note.read_text(encoding="utf-8"))
    os.kill(pid(child), signal.SIGKILL)
    assert rounds(supervisor, lambda: not alive(grandchild))


def test_stopping_ends_every_group_also_one_that_will_not_listen(
    supervisor: Supervisor, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    children = [supervisor.add(sleeper()), supervisor.add(Process("deaf", "deaf one", ("-c", deaf)))]
    assert wait_for(lambda: "deaf" in (run_dir / "log" / "deaf.log").read_text(encoding="utf-8"), 10)
    numbers = [pid(child) for child in children]
    supervisor.stop()
    assert not any(alive(number) for number in numbers)
    assert not (run_dir / "pids.json").exists()


SUPERVISED = """
import os, sys, time
from pathlib import Path
from config.run.processes import Process
from config.run.supervisor import Supervisor
supervisor = Supervisor(Path(sys.argv[1]), [], lambda: dict(os.environ), print)
supervisor.add(Process("sleeper", "sleeper", ("-c", "import time; time.sleep(60)")))
print("up", flush=True)
time.sleep(60)
"""


def test_processes_die_with_a_supervisor_that_is_killed(run_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(run_dir)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "up\n"
        number = json.loads((run_dir / "pids.json").read_text(encoding="utf-8"))["sleeper"]
        assert alive(number)
        launcher.kill()
    assert wait_for(lambda: not alive(number), 10)


def test_what_outlived_a_supervisor_is_ended_by_the_next(
    supervisor: Supervisor, run_dir: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as left_over:
        write_private(run_dir / "pids.json", json.dumps({"web": left_over.pid, "worker": 2**22 + 1}))
        supervisor.clear_up()
        assert left_over.wait(timeout=5) == -signal.SIGTERM
    assert said == ["Ending what an earlier start left behind ..."]
    assert not (run_dir / "pids.json").exists()


def test_a_number_that_belongs_to_a_stranger_now_is_left_alone(supervisor: Supervisor, run_dir: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        write_private(run_dir / "pids.json", json.dumps({"web": stranger.pid}))
        supervisor.clear_up()
        assert stranger.poll() is None
        stranger.kill()


def test_processes_are_found_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.Path, "exists", lambda path: False)
    assert os.getpgrp() in {group for group, _ in module.running_processes()}


def test_a_large_log_steps_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_LOG", 10)
    log = tmp_path / "web.log"
    with open_private(log) as file:
        file.write("x" * 11)
    assert rotated(log) == log
    assert not log.exists()
    assert (tmp_path / "web.log.1").read_text(encoding="utf-8") == "x" * 11
