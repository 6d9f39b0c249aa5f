# docker build -t switchboard .
# docker run -p 3978:3978 -v switchboard:/data --env-file .env switchboard

# A tag can be given other content; what is named by its digest cannot. To pin what you have looked at:
#   docker build --build-arg BASE=python:3.13-slim-bookworm@sha256:... -t switchboard .
# `docker buildx imagetools inspect python:3.13-slim-bookworm` says the digest.
# Entra ID in place of keys and secrets (TEAMS_AUTH, Foundry): docker build --build-arg EXTRA=azure-identity -t switchboard .
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
COPY requirements.txt /
# Only what running needs, each file checked against its hash.
RUN python -m venv /venv \
 && sed '/^# --- developing ---/,$d' /requirements.txt > /run.txt \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r /run.txt
ARG EXTRA=""
RUN sed -n 's/^\([a-z0-9-]*==[^ ]*\).*/\1/p' /requirements.txt > /pins.txt \
 && if [ -n "$EXTRA" ]; then /venv/bin/pip install --no-cache-dir -c /pins.txt $EXTRA; fi

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home switchboard \
 && install -d -o switchboard -m 700 /data
COPY --from=build /venv /venv
COPY bot /app/bot
COPY adapters /app/adapters
COPY providers /app/providers
COPY manifests /app/manifests
RUN /venv/bin/python -m compileall -q /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 PORT=3978 SWITCHBOARD_DATA_DIR=/data/redis SWITCHBOARD_LOG_FORMAT=json
WORKDIR /data
VOLUME /data
USER switchboard
EXPOSE 3978
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "bot"]
