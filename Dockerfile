# Two images: of the job and its workers on any engine (the default), and the same for Dataflow, which also launches a Flex Template.
#
#   docker build --tag REGISTRY/shardmill:0.1.0 .
#   docker build --tag REGISTRY/shardmill-dataflow:0.1.0 --target dataflow .
#
# docs/clusters.md and docs/dataflow.md say how they are used. Runners start workers through the entry point, Beam's own boot program.

# What a worker runs must have the versions of what submits the job: these, and those in constraints.txt.
ARG BEAM_VERSION=2.77.0
ARG PYTHON_VERSION=3.11

FROM apache/beam_python${PYTHON_VERSION}_sdk:${BEAM_VERSION} AS beam

FROM gcr.io/dataflow-templates-base/python311-template-launcher-base:20230622_RC00 AS launcher

# Beam's image has what builds a wheel. What the image will hold is written down beside it, since it changes less often than shardmill.
FROM beam AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
RUN python -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
    extras = map(project["optional-dependencies"].get, ("gcp", "s3", "hdfs", "tft")); \
    print(*project["dependencies"], *sum(extras, []), sep="\n")' > /requirements.txt
COPY native native
COPY src src
COPY pipelines pipelines
COPY transforms transforms
COPY schemas schemas
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

# Not Beam's image itself: it has compilers, Google Cloud's SDK and packages for testing, which no worker needs.
FROM python:3.11.14-slim-bookworm AS runtime
ARG BEAM_VERSION
COPY --from=beam /opt/apache/beam /opt/apache/beam
COPY --from=build /requirements.txt /opt/shardmill/
COPY constraints.txt /opt/shardmill/
# TensorFlow's headers are a quarter of it, and only for building operations in C++. Bytecode is compiled here: no worker could keep it.
RUN python -m pip install --no-cache-dir "apache-beam==${BEAM_VERSION}" \
        --requirement /opt/shardmill/requirements.txt --constraint /opt/shardmill/constraints.txt \
    && rm -r /usr/local/lib/python3.11/site-packages/tensorflow/include
COPY --from=build /wheel /opt/shardmill/
RUN python -m pip install --no-cache-dir --no-deps /opt/shardmill/shardmill-*.whl \
    && python -m pip check \
    && shardmill doctor
# Packages are where the image has them, so a worker needs no virtual environment of its own. TensorFlow is silent but for errors.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 \
    TF_CPP_MIN_LOG_LEVEL=2
LABEL org.opencontainers.image.title="shardmill" \
      org.opencontainers.image.description="Raw CSV shards in; training-ready TFRecord shards and the very graph that serving runs, out" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="python:3.11.14-slim-bookworm"
ENTRYPOINT ["/opt/apache/beam/boot"]

# Dataflow mounts what workers write to as root, so here they are root. It starts the launcher by its path, workers by the entry point.
FROM runtime AS dataflow
COPY --from=launcher /opt/google/dataflow/python_template_launcher /opt/google/dataflow/python_template_launcher
ENV FLEX_TEMPLATE_PYTHON_PY_FILE=/usr/local/lib/python3.11/site-packages/shardmill/pipelines/flex_template/main.py

FROM runtime AS worker
RUN useradd --create-home --uid 10001 shardmill
USER 10001
WORKDIR /home/shardmill
