"""From columns to tf.train.Examples to TFRecord files, byte for byte.

encode.py          columns of features -> serialized Examples, bare or in TFRecord frames
encode_groups.py   groups of rows -> SequenceExamples
compress.py        gzip members
parts.py           the part file of a unit or several small ones
frames.py          TFRecord frames, read
decode.py          Examples and SequenceExamples decoded without TensorFlow
decode_columns.py  the same feature by feature, all records at once
"""
