"""Django's command line. Without DJANGO_SETTINGS_MODULE it speaks to the demo of this checkout."""

import os
import sys


def main() -> None:
    """Run a management command."""
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        from config.run.environment import join_demo

        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        join_demo()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
