# The image of a job and of its workers: Beam's Python SDK with shardmill installed.
#
#   docker build -t shardmill .
#   docker run --rm --entrypoint shardmill -v "$PWD:/work" -w /work --user "$(id -u):$(id -g)" shardmill run pipeline.toml
#
# As a worker image: --sdk_container_image=REGISTRY/shardmill:0.1.0. Runners start workers through the image's entry point, which
# therefore stays Beam's own, /opt/apache/beam/boot.

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
    && shardmill doctor
# Beam's boot program runs as any user that may write where it sets up workers; a service that needs root says so when it starts them.
RUN useradd --create-home --uid 10001 shardmill \
    && mkdir -p /opt/apache/beam-venv \
    && chown -R shardmill /opt/apache/beam-venv
USER shardmill
WORKDIR /home/shardmill
ENV TF_CPP_MIN_LOG_LEVEL=2
ENTRYPOINT ["/opt/apache/beam/boot"]
