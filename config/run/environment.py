"""The environment that the launcher gives to the product's processes, and how another terminal gets the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

from config.run.places import CHECKOUT, write_private

ENVIRONMENT_FILE = "env.json"


def save_environment(run_dir: Path, variables: dict[str, str]) -> None:
    """Note the variables for `manage.py` in a second terminal; only their owner can read them."""
    write_private(run_dir / ENVIRONMENT_FILE, json.dumps(variables, indent=2) + "\n")


def join_demo() -> None:
    """Take over what the demo of this checkout runs with; a variable that is set already wins."""
    file = CHECKOUT / os.environ.get("PV_RUN_DIR", ".run") / ENVIRONMENT_FILE
    try:
        variables: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    for name, value in variables.items():
        os.environ.setdefault(name, value)
