# The server without a window; docs/install.md says how to reach it. Sessions, sounds, films and added models are on
# the volume /data: mount models at /data/hallu/models, and see them with `docker run ... hallu models`.
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/hallu && /opt/hallu/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.12-slim
RUN useradd --uid 1000 --create-home hallu && install --directory --owner hallu --group hallu /data
COPY --from=build /opt/hallu /opt/hallu
ENV PATH=/opt/hallu/bin:$PATH XDG_DATA_HOME=/data XDG_CACHE_HOME=/data/cache
USER 1000:1000
WORKDIR /data
VOLUME /data
EXPOSE 7770/udp 7771/tcp 7772/tcp 7773/tcp
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["hallu", "send", "/status"]
ENTRYPOINT ["hallu"]
CMD ["serve", "--host", "0.0.0.0", "--page-host", "0.0.0.0"]
