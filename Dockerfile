# The image of a job and of its workers: Beam's Python SDK with shardmill installed.
#
#   docker build -t shardmill .
#   docker run --rm -v "$PWD:/work" -w /work --user "$(id -u):$(id -g)" shardmill run pipeline.toml
#
# As a worker image: --sdk_container_image=REGISTRY/shardmill:0.1.0. Beam starts workers with its own program, /opt/apache/beam/boot,
# which this image keeps; only the entry point differs, and Dataflow and Flink name theirs.

# The same version as in pyproject.toml: a worker must have the job's.
ARG BEAM=apache/beam_python3.11_sdk:2.77.0

FROM ${BEAM} AS build
WORKDIR /src
COPY pyproject.toml README.md ./
COPY pipelines pipelines
COPY transforms transforms
COPY schemas schemas
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BEAM}
LABEL org.opencontainers.image.title="shardmill" \
      org.opencontainers.image.description="Raw CSV shards in; training-ready TFRecord shards and a serving graph out" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir "$(ls /wheels/shardmill-*.whl)[gcp]" \
    && rm -rf /wheels \
    && python -m pip check \
    && useradd --create-home --uid 10001 shardmill
# Beam's boot program runs as any user as long as it may write to its folders; services that insist on root (Dataflow) set it themselves.
RUN mkdir -p /tmp/staged /opt/apache/beam-venv && chown -R shardmill /tmp/staged /opt/apache/beam-venv
USER shardmill
WORKDIR /home/shardmill
ENV TF_CPP_MIN_LOG_LEVEL=2
ENTRYPOINT ["/usr/local/bin/shardmill"]
CMD ["--help"]
