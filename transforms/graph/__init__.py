"""The transform graph: kinds and statistics become a SavedModel.

Imports TensorFlow.

derived_column.py         the sources that a graph is built from
vocabulary_files.py       the graph's vocabulary files
tfrecord_vocabularies.py  vocabularies in gzip files of TFRecords
packing.py                equal features, to be computed together
stacks.py                 raw columns that share tensors
tables.py                 the graph's lookup tables
outputs.py                the graph's outputs: declared features, or a function's
save.py                   saves a transform as a SavedModel
derive.py                 a user's derived columns as a SavedModel
made_values.py            tokens and numbers for the analysis as a SavedModel
build.py                  builds the transform graph
process.py                runs all of these in a process of its own
"""
