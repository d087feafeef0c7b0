"""`make faults`: every fault at size, one line each; exit code 1 when something was lost, doubled or stuck."""

import os
import sys

import django

from config.run.interrupt import Stop, listen_for_stop
from config.run.servers import ready_made_cluster


def main() -> int:
    """Run all faults, or those named on the command line."""
    listen_for_stop()  # so that a fault that is interrupted takes its servers and folders away
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()
    from tests.faults import faults
    from tests.support import database

    template = ready_made_cluster(database.CACHE, database.fingerprint(), database.build)
    count, kills = int(os.environ.get("FAULT_NOTICES", "20000")), int(os.environ.get("FAULT_KILLS", "100"))
    short = 0
    for name, fault in faults.ALL.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        result = fault(template, count, kills)
        print(result, flush=True)
        short += not result.ok
    return 1 if short else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stop:
        sys.exit(130)
