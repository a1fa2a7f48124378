# Two stages: what builds stays behind. The image holds Python, the locked packages without test tools, and Pouch.
#   docker build -t pouch .
#   docker run --rm pouch --help

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/pouch
COPY requirements.runtime.lock ./
RUN /opt/pouch/bin/pip install --require-hashes -r requirements.runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY adapters adapters
COPY pki pki
COPY monitoring monitoring
COPY sandbox sandbox
COPY schemas schemas
COPY wsdl wsdl
COPY docs/examples docs/examples
# setuptools builds Pouch and is not needed afterwards
RUN /opt/pouch/bin/pip install --no-deps --no-build-isolation . && /opt/pouch/bin/pip uninstall --yes setuptools

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 pouch \
 && useradd --uid 10001 --gid pouch --no-create-home --home-dir /var/lib/pouch --shell /usr/sbin/nologin pouch \
 && install --directory --owner=pouch --group=pouch --mode=0700 /etc/pouch /var/lib/pouch
COPY --from=build /opt/pouch /opt/pouch
ENV PATH=/opt/pouch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER pouch
WORKDIR /var/lib/pouch
VOLUME ["/etc/pouch", "/var/lib/pouch"]
# front doors; health and metrics
EXPOSE 8443 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["pouch"]
CMD ["serve", "-c", "/etc/pouch/pouch.toml", "--workers", "2"]
