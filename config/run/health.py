"""The health checks of docker-compose.yml: `python -m config.run.health web|worker|bulk|beat|run_tick`.

The exit code is the answer. They load neither Django nor the settings, so that asking often costs little.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

from celery import Celery

RUN_DIR = Path(os.environ.get("PV_RUN_DIR", ".run"))
PATIENCE = 5.0
# Beat writes its schedule down every three minutes; run_tick leaves its sign of life every round.
SIGNS = {"beat": ("beat-schedule*", 600), "run_tick": ("run_tick.alive", 180)}


def web_answers(port: int = 8000) -> bool:
    """Whether the web server of this container answers."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=8) as answer:
        return bool(answer.status == 200)


def worker_answers(name: str) -> bool:
    """Whether the Celery worker of this container answers through the broker."""
    address = os.environ.get("REDIS_URL") or Path(os.environ["REDIS_URL_FILE"]).read_text(encoding="utf-8").strip()
    app = Celery(broker=address)
    app.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 5}
    return bool(app.control.ping(destination=[f"{name}@{socket.gethostname()}"], timeout=PATIENCE))


def left_a_sign(name: str) -> bool:
    """Whether the process has written its file lately."""
    pattern, oldest = SIGNS[name]
    return any(time.time() - file.stat().st_mtime < oldest for file in RUN_DIR.glob(pattern))


def healthy(name: str) -> bool:
    """Whether a process does its work; trouble in asking means no."""
    try:
        if name == "web":
            return web_answers()
        return left_a_sign(name) if name in SIGNS else worker_answers(name)
    except Exception as error:  # the exit code is all that the caller sees, so whatever went wrong is told here
        print(error, file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(0 if healthy(sys.argv[1]) else 1)
