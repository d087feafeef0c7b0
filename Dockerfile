# syntax=docker/dockerfile:1
# One image for every process of the product; docker-compose.yml says which one a container is.

FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements/run.txt requirements/run.txt
RUN /opt/venv/bin/python -m pip install --only-binary :all: --no-deps --require-hashes --requirement requirements/run.txt
COPY manage.py ./
COPY config config
COPY pv pv
COPY fixtures fixtures
COPY locale locale
# Neither step needs a secret or a database: what stands here is thrown away with this stage.
RUN /opt/venv/bin/python -c "from pathlib import Path; from config.run.bootstrap import compile_messages; compile_messages(Path('/opt/venv/bin/python'))" \
    && SECRET_KEY=only-for-collecting-static-files-in-the-build-stage ALLOWED_HOSTS=localhost PV_STATIC_ROOT=/app/static \
    DJANGO_SETTINGS_MODULE=config.settings.production /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.13-slim-bookworm
RUN groupadd --system --gid 10001 pv \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pv \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/pv
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    PV_STATIC_ROOT=/app/static \
    PV_RUN_DIR=/var/lib/pv
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["python", "-m", "config.run.health", "web"]
CMD ["python", "-m", "granian", "--interface=wsgi", "--host=0.0.0.0", "--port=8000", "--no-ws", "--http=1", "--workers=2", "--blocking-threads=4", "--backlog=256", "--respawn-failed-workers", "--workers-kill-timeout=4", "config.wsgi:application"]
