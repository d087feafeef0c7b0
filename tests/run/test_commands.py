"""What a developer types: make's list, and `manage.py` in a second terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.run import environment
from config.run.environment import join_demo, save_environment
from config.run.places import CHECKOUT

PROMISED = ("demo", "demo-reset", "test", "lint", "bench", "faults", "prod-smoke", "help")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=CHECKOUT, env=clean, capture_output=True, text=True, check=False)


def test_make_alone_lists_what_there_is() -> None:
    shown = make().stdout
    for name in PROMISED:
        assert f"make {name} " in shown


@pytest.mark.parametrize("name", PROMISED)
def test_each_promised_command_is_there(name: str) -> None:
    assert make("--dry-run", name).returncode == 0


def test_without_a_fitting_python_make_says_so() -> None:
    done = make("PYTHON=", "demo")
    assert done.returncode != 0
    assert "No Python from 3.11 to 3.14 found" in done.stderr


def test_ci_script_is_sound_and_fails_loudly() -> None:
    script = CHECKOUT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_a_second_terminal_joins_the_demo_but_its_own_variables_win(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_environment(run_dir, {"PV_TEST_JOINED": "from the demo", "PV_TEST_OWN": "from the demo"})
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    monkeypatch.setenv("PV_TEST_OWN", "mine")
    monkeypatch.delenv("PV_TEST_JOINED", raising=False)
    monkeypatch.setattr(environment.os, "environ", dict(os.environ))
    join_demo()
    assert environment.os.environ["PV_TEST_JOINED"] == "from the demo"
    assert environment.os.environ["PV_TEST_OWN"] == "mine"


def test_without_a_demo_nothing_is_joined(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir / "nowhere"))
    before = dict(os.environ)
    join_demo()
    assert dict(os.environ) == before


def test_manage_py_speaks_to_the_demo(run_dir: Path) -> None:
    save_environment(run_dir, {"DATABASE_URL": "postgresql://pv_app:x@localhost/of_the_demo", "PV_DEMO": "1"})
    ask = "from django.conf import settings; print(settings.DATABASES['default']['NAME'], settings.DEMO)"
    bare = {"PATH": os.environ["PATH"], "PV_RUN_DIR": str(run_dir)}
    if "LD_LIBRARY_PATH" in os.environ:
        bare["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", ask],
        cwd=CHECKOUT,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "of_the_demo True", done.stderr
    assert json.loads((run_dir / "env.json").read_text(encoding="utf-8"))["PV_DEMO"] == "1"
