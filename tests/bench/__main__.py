"""Starts a server of its own, fills it, measures, prints one line a figure; exit code 1 when one falls short."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django

from config.run.servers import ready_made_cluster, start_postgres


def main() -> int:
    """Run every figure, or those named on the command line."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()
    from tests.bench import figures, malignancy
    from tests.support import database

    size = 10_000_000 if os.environ.get("BENCH") == "full" else 1_000_000
    template = ready_made_cluster(database.CACHE, database.fingerprint(), database.build)
    run_dir = Path(tempfile.mkdtemp(prefix="pv-bench-"))
    server = start_postgres(run_dir, template=template)
    try:
        urls = database.Urls.of(server, database.TEMPLATE).named("pv_bench")
        short = 0
        measures = figures.ALL | {"save_malignancy": malignancy.save_malignancy}
        for name, measure in measures.items():
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            database.clone(urls, "pv_bench")
            figures.connect(urls)
            for line in measure(urls, size):
                print(line, flush=True)
                short += not line.ok
            figures.disconnect()
        return 1 if short else 0
    finally:
        server.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
