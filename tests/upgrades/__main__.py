"""`python -m tests.upgrades NAME` writes dumps/NAME.sql.gz from a database with the made-up holders, for a release."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from config.run.servers import ready_made_cluster, start_postgres


def main() -> int:
    """Make, fill, dump."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from tests.support import database
    from tests.upgrades.dumping import DUMPS, dump

    template = ready_made_cluster(database.CACHE, database.fingerprint(), database.build)
    run_dir = Path(tempfile.mkdtemp(prefix="pv-dump-"))
    server = start_postgres(run_dir, fast=True, template=template)
    try:
        urls = database.Urls.of(server, database.TEMPLATE).named("pv_dump")
        database.clone(urls, "pv_dump")
        for command in (["seed_demo"], ["tick"], ["verify_audit"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=database.ROOT,
                check=True,
                env=database.environment(urls) | {"PV_DEMO": "1"},
            )
        DUMPS.mkdir(exist_ok=True)
        dump(server.url, "pv_dump", DUMPS / f"{sys.argv[1]}.sql.gz")
    finally:
        server.stop()
        shutil.rmtree(run_dir, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
