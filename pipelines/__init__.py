"""Commands, ordered as in `shardmill --help`, and shared packages.

  cli/            the command line
  init/           `shardmill init`
  run.py          `shardmill run`
  inspect/        `shardmill inspect`
  describe/       `shardmill inspect --json`
  report/         `shardmill report`
  verify/         `shardmill verify`
  validate/       `shardmill validate`
  diff/           `shardmill diff`
  apply.py        `shardmill apply`
  demo/           `shardmill demo`
  doctor/         `shardmill doctor`
  flex_template/  `shardmill run` as a Dataflow Flex Template

Shared, from the ground up:

  config/         the configuration file
  console/        progress, summary, tables
  engines/        the engines that run a pipeline
  page/           the look of all pages
  run_folder/     a run's folder, and how it is published
  survey/         a look at data, for `init`
  job/            the main job: planned, and built as a pipeline
"""
