"""The commands, as `shardmill --help` lists them, and what they share.

  cli/            the command line
  init/           `shardmill init`
  run.py          `shardmill run`
  inspect/        `shardmill inspect`
  verify/         `shardmill verify`
  apply.py        `shardmill apply`
  demo/           `shardmill demo`
  doctor/         `shardmill doctor`
  flex_template/  `shardmill run` as a Dataflow Flex Template

Shared, from the ground up:

  config/         the configuration file
  console/        progress, summary, tables
  engines/        what runs a pipeline
  run_folder/     what a run leaves, and how it is published
  job/            the main job: planned, and built as a pipeline
"""
