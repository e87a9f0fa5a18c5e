"""The transform graph: kinds and statistics become a SavedModel. Imports TensorFlow.

derived_column.py    what a graph is built from
vocabulary_files.py  the vocabulary files that go into it
outputs.py           its outputs: declared, or a function's
save.py              saves a transform as a SavedModel
derive.py            a user's derived columns as a SavedModel
build.py             builds the transform graph
process.py           does all that in a process of its own
"""
