"""The data's contract: types, statistics, messages. Neither Beam nor TensorFlow.

schema.py         the raw columns: names, types, presence
schema_pbtxt.py   the same as tensorflow-metadata's schema.pbtxt
inference/        types inferred from raw cells
validation/       statistics held against a schema, and against others
run_folder.py     the names in a run's folder
features.py       output features: name, dtype, shape, range
feature_stats.py  statistics in TFDV's format
arrow.py          between Arrow arrays and NumPy arrays, without a copy
splitmix.py       SplitMix64's mixing, which spreads integers
json_shapes.py    JSON held against a declared shape
errors.py         the errors that a user sees
messages.py       words, values and lists as messages show them
mistakes.py       mistakes collected, to be told all at once
installing.py     the command that installs what is missing
flights.pbtxt     the schema of the demo's data
"""
