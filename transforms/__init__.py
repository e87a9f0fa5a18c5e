"""Verbs and nouns, from CSV bytes to TFRecord bytes.

Verbs are files, in which Beam is wired; nouns are folders.

The verbs, in the order of the pipeline:

  read.py              PlanUnits, TakeUnits: files -> units; units -> blocks of rows
  reading.py           the settings by which all passes read rows
  guess_units.py       GuessUnits: files -> units, of which a pass must be the proof
  profile.py           InferColumns: units -> counts or profiles of columns
  analyze.py           AnalyzeUnits: units -> counts, findings, token counts
  analyze_function.py  AnalyzeFunction: TF Transform's own analysis
  count_tokens.py      the tokens of TF Transform's vocabularies, by column
  select_tokens.py     SelectTokens: token counts -> the tokens of vocabularies
  trace.py             TraceGraph, TraceFunction: findings -> SavedModel
  recount.py           rows counted anew once a graph may reject some
  transform.py         TransformUnits: units -> part files
  transform_groups.py  TransformGroups: units -> groups of rows -> part files
  write.py             WriteShards: part files -> shards

Each transform is a `@dataclass(eq=False)`, whose fields are its settings and side inputs: Beam
tells transforms apart by identity, so equal settings mustn't make two of them equal.

The nouns, from the ground up; each imports from those before it only:

  kernel/              the compiled kernel, and how Python calls it
  stores/              object stores: clients, uploads, reads in ranges
  files/               files by path or URL
  tfrecord/            columns -> Examples -> frames -> part files
  decoding/            files' bytes -> UTF-8 text
  records/             where CSV records begin and end
  numbers/             text of cells -> numbers
  csv/                 text -> cells -> typed blocks
  scoring/             files' beginnings, and how well a dialect fits them
  sniff/               files' beginnings -> their dialect
  runtime/             the SavedModel run on Arrow buffers
  rows/                counts, splits, shards: where each row goes
  filtering/           rows left out on purpose
  workers/             what every worker does beside its step
  distributions/       facts of a column's whole distribution
  statistics/          requests, and accumulators that merge exactly
  summaries/           statistics files
  keeping/             what passes find of units, kept for later runs
  grouping/            rows brought together by key
  repeats/             rows whose key an earlier row has
  kinds/               feature kinds, one class each
  features/            the [features] table -> kinds
  functions/           users' TensorFlow functions, traced
  graph/               kinds and statistics -> SavedModel
"""
