"""What is done to a database before anything serves: `python -m config.run.prepare [more commands]`.

One process for all of it, since loading Django takes longer than most of the commands. The one-off service of
docker-compose.yml runs exactly this; the demo and `make prod-smoke` add a few commands. Each may be repeated.
"""

from __future__ import annotations

import os
import sys

STEPS = {
    "prepare_database": "Preparing roles and database",
    "migrate": "Bringing the tables up to date",
    "load_reference": "Loading rules, register and calendars",
}
MORE = {
    "collectstatic": "Collecting style sheets and scripts",
    "seed_demo": "Making up two demo holders",
}
MARK = "==> "  # begins the lines that are meant for the console


def main(more: list[str]) -> None:
    """Run the steps, then the further commands that were asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check")  # commands called from code skip it, and the web server does not run it either
    titles = STEPS | {command: MORE[command] for command in more}
    for command, title in titles.items():
        print(f"{MARK}{title} ...", flush=True)
        options = {"interactive": False, "verbosity": 0} if command == "collectstatic" else {}
        call_command(command, **options)


if __name__ == "__main__":
    main(sys.argv[1:])
