"""What the run lock leaves out is not there in the demo and in production: nothing of the product may need it."""

import subprocess
import sys
from importlib.metadata import packages_distributions

from config.run import bootstrap
from config.run.places import CHECKOUT
from tests.support.database import Urls, environment

# Imports every module of the product with the packages of the development lock out of reach.
PROGRAM = """
import importlib, pkgutil, sys
away = set(sys.argv[1].split(","))
class Away:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in away:
            raise ModuleNotFoundError(f"No module named {name!r} in the run lock", name=name)
sys.meta_path.insert(0, Away())
import django
django.setup()
import pv, config
for package in (pv, config):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name not in ("config.settings.production", "config.run.bootstrap"):
            importlib.import_module(module.name)
from django.core.management import call_command
call_command("check")
"""


def pinned(kind: str) -> set[str]:
    lines = bootstrap.lock_file(kind).read_text(encoding="utf-8").splitlines()
    return {
        line.partition("==")[0].strip().lower().replace("_", "-") for line in lines if "==" in line and line[0] != " "
    }


def test_the_product_runs_on_the_run_lock_alone(urls: Urls) -> None:
    only_dev = pinned("dev") - pinned("run")
    assert "django-stubs-ext" in only_dev
    away = {
        module
        for module, owners in packages_distributions().items()
        if {owner.lower().replace("_", "-") for owner in owners} <= only_dev
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(sorted(away))],
        cwd=CHECKOUT,
        env=environment(urls),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
