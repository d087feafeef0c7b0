"""The virtual environment is made when needed, only then, and never half."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.run import bootstrap
from config.run.places import CHECKOUT

Commands = list[list[str]]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with locks that name no package."""
    venv = tmp_path / ".venv"
    for name, path in {"CHECKOUT": tmp_path, "VENV": venv, "PYTHON": venv / "bin" / "python"}.items():
        monkeypatch.setattr(bootstrap, name, path)
    monkeypatch.setattr(bootstrap, "STAMP", venv / "installed.json")
    monkeypatch.setattr(bootstrap, "UNFINISHED", venv / "unfinished")
    (tmp_path / "requirements").mkdir()
    for kind in ("run", "dev"):
        (tmp_path / "requirements" / f"{kind}.txt").write_text(f"# {kind}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def commands(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Records what would be run, and makes an environment as far as it is looked at."""
    seen: Commands = []

    def run(command: list[object], **options: object) -> subprocess.CompletedProcess[str]:
        words = [str(part) for part in command]
        python = bootstrap.PYTHON
        if words[1:3] == ["-m", "venv"]:
            python.parent.mkdir(parents=True)
            python.touch()
        elif not python.exists():
            raise FileNotFoundError(python)
        seen.append(words)
        return subprocess.CompletedProcess(words, 0, "Python 3.11\n", "")

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    return seen


def installs(commands: Commands) -> list[str]:
    return [Path(command[-1]).stem for command in commands if "install" in command]


def makes(commands: Commands) -> int:
    return sum(command[1:3] == ["-m", "venv"] for command in commands)


def test_a_fresh_checkout_gets_an_environment_with_hashed_wheels_only(commands: Commands) -> None:
    assert bootstrap.main(["run"]) == 0
    assert (makes(commands), installs(commands)) == (1, ["run"])
    (install,) = (command for command in commands if "install" in command)
    assert {"--require-hashes", "--only-binary"} <= set(install)
    assert "--no-deps" in install, "a newer release of something locked would break the lock"


def test_the_locks_lack_nothing_that_their_packages_need() -> None:
    """Since nothing is resolved at installing; pip looks at what is installed here from the development lock."""
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_second_start_installs_nothing(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap.main(["run"])
    capsys.readouterr()
    bootstrap.main(["run"])
    assert installs(commands) == ["run"]
    assert capsys.readouterr().out == ""


def test_the_development_environment_serves_the_demo_as_well(commands: Commands) -> None:
    bootstrap.main(["dev"])
    bootstrap.main(["run"])
    assert installs(commands) == ["dev"]


def test_the_development_lock_holds_every_package_of_the_other() -> None:
    pinned = {
        kind: {
            line.rstrip(" \\")
            for line in bootstrap.lock_file(kind).read_text(encoding="utf-8").splitlines()
            if "==" in line
        }
        for kind in ("run", "dev")
    }
    assert pinned["run"]
    assert pinned["run"] <= pinned["dev"]


def test_a_changed_lock_is_installed_into_the_environment_that_is_there(checkout: Path, commands: Commands) -> None:
    bootstrap.main(["run"])
    bootstrap.lock_file("run").write_text("# another\n", encoding="utf-8")
    bootstrap.main(["run"])
    assert (makes(commands), installs(commands)) == (1, ["run", "run"])


def interrupted() -> None:
    bootstrap.UNFINISHED.touch()
    bootstrap.STAMP.unlink()


def moved() -> None:
    bootstrap.write_stamp({"run": "older", "place": "/elsewhere/.venv"})


def broken() -> None:
    bootstrap.PYTHON.unlink()


@pytest.mark.parametrize("damage", [interrupted, moved, broken])
def test_a_damaged_environment_is_made_anew(commands: Commands, damage: Callable[[], None]) -> None:
    bootstrap.main(["run"])
    damage()
    bootstrap.main(["run"])
    assert makes(commands) == 2
    assert not bootstrap.UNFINISHED.exists()


def test_a_failure_leaves_no_stamp_and_is_told(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    working = bootstrap.subprocess.run

    def run(command: list[object], **options: object) -> subprocess.CompletedProcess[str]:
        if "install" in command:
            raise subprocess.CalledProcessError(1, command)
        return working(command, **options)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    assert bootstrap.main(["run"]) == 1
    assert bootstrap.UNFINISHED.exists()
    assert not bootstrap.STAMP.exists()
    assert "Failed:" in capsys.readouterr().err


def test_without_the_venv_module_the_missing_package_is_named(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        bootstrap.subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, 1, "", "no")
    )
    assert bootstrap.main(["run"]) == 1
    assert "python3-venv" in capsys.readouterr().err


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 15, 0)])
def test_another_python_is_refused(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", version)
    assert bootstrap.main(["run"]) == 1
    assert "3.11 to 3.14" in capsys.readouterr().err


def test_a_second_terminal_waits_for_the_first(checkout: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from config.run import bootstrap; "
    )
    program += "bootstrap.CHECKOUT = Path(sys.argv[2])\nwith bootstrap.one_at_a_time(): print('in')"
    with bootstrap.one_at_a_time():
        second = subprocess.Popen(
            [sys.executable, "-c", program, str(CHECKOUT), str(checkout)], stdout=subprocess.PIPE, text=True
        )
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
    assert second.communicate(timeout=10)[0] == "in\n"


def test_translations_are_compiled_when_they_are_newer(checkout: Path) -> None:
    folder = checkout / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source, target = folder / "django.po", folder / "django.mo"
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    source.write_text(header + 'msgid "late"\nmsgstr "逾期"\n', encoding="utf-8")
    bootstrap.compile_messages(Path(sys.executable))
    assert "逾期".encode() in target.read_bytes()
    os.utime(target, (source.stat().st_mtime + 5,) * 2)
    target.write_bytes(b"newer")
    bootstrap.compile_messages(Path(sys.executable))
    assert target.read_bytes() == b"newer"
    os.utime(target, (0, 0))
    bootstrap.compile_messages(Path(sys.executable))
    assert "逾期".encode() in target.read_bytes()
